import { expect, it } from 'vitest';
import type { HostFunction } from '../../src/engine/host-function.js';
import type { Machine } from '../../src/engine/machine.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/engine/snapshot.js';
import type { StopReason } from '../../src/engine/stop-reason.js';
import { i32, type Value } from '../../src/engine/value.js';
import { I32, V128 } from '../../src/wasm/types.js';
import { compile, Dice, finish, running } from './harness.js';

/** Vectors wherever a value can be: in every kind of move, in frames, snapshots and host calls, in both lowerings. */

/** Everything that moves a vector, in a loop long enough that most of it runs fused. */
const { module } = compile(`(module
  (type $mix (func (param v128 i32 v128) (result v128 i32 v128)))
  (import "host" "leaf" (func $leaf (param i32 v128) (result v128 i32)))
  (import "host" "full" (func $full (param v128) (result v128)))
  (memory 1)
  (table 2 funcref)
  (elem (i32.const 1) $mix)
  (global $v (mut v128) (v128.const i32x4 1 2 3 4))
  (global $after (mut i32) (i32.const 77))
  (func $mix (type $mix) (local.get 2) (i32.add (local.get 1) (i32.const 1))
    (i8x16.shuffle 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 (local.get 0) (local.get 2)))
  (func $tail (param v128 i32 v128) (result v128 i32 v128)
    (if (i32.and (local.get 1) (i32.const 1)) (then (return_call $mix (local.get 2) (local.get 1) (local.get 0))))
    (return_call_indirect (type $mix) (local.get 0) (local.get 1) (local.get 2) (i32.const 1)))
  (func $choose (param i32 v128) (result v128)
    (block (result v128)
      (block (result v128)
        (i64.const 5) (local.get 1) (f64x2.neg)
        (br_table 0 1 2 (i32.rem_u (local.get 0) (i32.const 3))))
      (i16x8.neg))
    (i32x4.neg))
  (func (export "run") (param $n i32) (result v128 i32 v128)
    (local $a v128) (local $i i32) (local $b v128) (local $c v128)
    (local.set $b (v128.const i64x2 -3 0x8000000000000001))
    (loop $again
      (local.set $a (i32x4.add (local.tee $b (i8x16.add (local.get $b) (i8x16.splat (local.get $i)))) (global.get $v)))
      (global.set $v (select (local.get $a) (local.get $b) (i32.and (local.get $i) (i32.const 2))))
      (call $tail (local.get $a) (local.get $i) (local.get $b))
      (local.set $b) (drop) (local.set $a)
      (local.get $a)
      (local.set $a (call $choose (local.get $i) (local.get $b)))
      (local.set $c (v128.xor (local.get $a)))
      (v128.store offset=3 (local.get $i) (local.get $c))
      (local.set $c (v128.load16_lane offset=5 3 (local.get $i) (local.get $c)))
      (v128.store32_lane offset=900 2 (local.get $i) (local.get $c))
      (local.set $b (i64x2.add (local.get $c) (v128.load32x2_u offset=900 (local.get $i))))
      (block (param) (result v128 v128) (local.get $a) (local.get $b) (br_if 0 (v128.any_true (local.get $c))) (drop) (local.get $c))
      (local.set $a) (local.set $b)
      (call $leaf (i32.const 9) (local.get $a)) (drop) (local.set $a)
      (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 16))) (then (local.set $c (call $full (local.get $c)))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (v128.xor (local.get $a) (local.get $c)) (global.get $after) (local.get $b))
  (func (export "trap") (param i32) (result v128)
    (v128.const i32x4 1 2 3 4) (f32x4.splat (f32.const 1.5)) (i32.const 7)
    (v128.load8_lane 3 (local.get 0) (v128.const i32x4 5 6 7 8)) (drop) (drop) (drop)))`);

const hosts: Record<string, HostFunction> = {
  leaf: {
    kind: 'leaf',
    name: 'leaf',
    type: { kind: 'func', params: [I32, V128], results: [V128, I32] },
    call(args, results) {
      const [number, low, high] = [args.i32(0), args.i64(1), args.i64(2)];
      results.setI64(0, high);
      results.setI64(1, low + 1n);
      results.setI32(2, number);
    },
  },
  full: { kind: 'full', name: 'full', type: { kind: 'func', params: [V128], results: [V128] }, call: () => undefined },
};

/** Runs on to the limit, answering host calls by turning all bits around. */
function runTo(machine: Machine, limit?: number): StopReason {
  for (;;) {
    const stop = machine.run(limit);
    if (stop.kind !== 'host-call') return stop;
    const { args, results } = stop.call;
    results.setI64(0, ~args.i64(0));
    results.setI64(1, ~args.i64(1));
    machine.finishHostCall();
  }
}
function whole(machine: Machine): readonly Value[] {
  return finish(machine, runTo(machine));
}

function started(): ReturnType<typeof running> {
  const run = running(module, hosts);
  run.machine.start(run.func('run'), [i32(60)]);
  return run;
}
const view = (machine: Machine): unknown =>
  machine.frames().map((frame) => (frame.kind === 'wasm' ? { ...frame, instance: frame.instance.id } : frame));

it('fused and exact code agree', () => {
  const fused = started();
  const results = whole(fused.machine);
  const exact = started();
  exact.machine.probes.everyInstruction(() => undefined);
  expect(whole(exact.machine)).toEqual(results);
  expect(exact.machine.clock).toBe(fused.machine.clock);
  expect(exact.machine.hash()).toBe(fused.machine.hash());
  expect(results.map((value) => value.type)).toEqual([V128, I32, V128]);
  expect(results[1]).toEqual(i32(77));
});

it('wherever it stops, frames are the same in both, and a restored copy comes to the same end', () => {
  const straight = started();
  const results = whole(straight.machine);
  const { clock } = straight.machine;
  const dice = new Dice(5);
  for (let at = 1 + dice.below(30); at < clock; at += 1 + dice.below(clock / 20)) {
    const exact = started();
    exact.machine.probes.everyInstruction(() => undefined);
    const fused = started();
    for (const { machine } of [exact, fused]) expect(runTo(machine, at)).toEqual({ kind: 'limit' });
    expect(view(fused.machine)).toEqual(view(exact.machine));
    expect(fused.machine.hash()).toBe(exact.machine.hash());
    const copy = running(module, hosts);
    copy.machine.restore(decodeSnapshot(encodeSnapshot(fused.machine.snapshot())));
    expect(view(copy.machine)).toEqual(view(exact.machine));
    expect(whole(copy.machine)).toEqual(results);
    expect(copy.machine.clock).toBe(clock);
    expect(copy.machine.hash()).toBe(straight.machine.hash());
  }
});

it('shows vectors in frames: of a pending host call, and below a trap', () => {
  const { machine } = started();
  const stop = machine.run();
  expect(stop.kind).toBe('host-call');
  const [host, caller] = machine.frames();
  expect(host).toMatchObject({ kind: 'host', args: [{ type: V128 }] });
  expect(caller).toMatchObject({ kind: 'wasm', operands: [] });
  expect(caller!.kind === 'wasm' && caller!.locals.map(({ type }) => type)).toEqual([I32, V128, I32, V128, V128]);

  for (const every of [false, true]) {
    const trapping = running(module, hosts);
    if (every) trapping.machine.probes.everyInstruction(() => undefined);
    trapping.machine.start(trapping.func('trap'), [i32(65536)]);
    const trap = trapping.machine.run();
    expect(trap.kind === 'trap' && trap.error.message).toBe('out of bounds memory access');
    expect(trapping.machine.frames()[0]).toMatchObject({
      operands: [
        { type: V128, low: 0x0000000200000001n, high: 0x0000000400000003n },
        { type: V128, low: 0x3fc000003fc00000n, high: 0x3fc000003fc00000n },
        i32(7),
        i32(65536),
        { type: V128, low: 0x0000000600000005n, high: 0x0000000800000007n },
      ],
    });
  }
});
