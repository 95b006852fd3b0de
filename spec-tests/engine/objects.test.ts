import { describe, expect, it } from 'vitest';
import type { HostFunction } from '../../src/engine/host-function.js';
import type { Machine } from '../../src/engine/machine.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/engine/snapshot.js';
import { i32, type Value } from '../../src/engine/value.js';
import { I32, ref } from '../../src/wasm/types.js';
import { objectProgram } from './generate-objects.js';
import { compile, Dice, finish, hostExports, running, type Running } from './harness.js';

/** Structs, arrays and references in the whole machine: random programs, collections, snapshots, exhaustion. */

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);
const ROUNDS = i32(5);

function program(seed: number): ReturnType<typeof compile> {
  return compile(objectProgram(new Dice(seed)));
}

/** What becomes of a run, and after how many instructions. */
function outcome({ machine, call }: Running): string {
  let text: string;
  try {
    text = `${(call('run', ROUNDS)[0] as { i64: bigint }).i64}`;
  } catch (error) {
    text = (error as Error).message;
  }
  return `${text} at ${machine.clock}`;
}

function exactly(run: Running): Running {
  run.machine.probes.everyInstruction(() => undefined);
  return run;
}

describe('random programs on objects', () => {
  it.each(SEEDS)('seed %i: neither collections nor the lowering make a difference', (seed) => {
    const { module } = program(seed);
    const expected = outcome(running(module));
    const stressed = running(module, {}, { collectEvery: 0 });
    expect(outcome(stressed)).toBe(expected);
    expect(stressed.store.heap.collections).toBeGreaterThan(0);
    const exact = exactly(running(module, {}, { collectEvery: 0 }));
    expect(outcome(exact)).toBe(expected);
    expect(exact.machine.hash()).toBe(stressed.machine.hash());
  });

  it.each(SEEDS.slice(0, 12))('seed %i: wherever it stops, the state is the same in both, and a restored copy comes to the same end', (seed) => {
    const { module } = program(seed);
    const options = { collectEvery: 200 };
    const started = (): Machine => {
      const { machine, func } = running(module, {}, options);
      machine.start(func('run'), [ROUNDS]);
      return machine;
    };
    const straight = started();
    const end = straight.run();
    const dice = new Dice(seed);
    for (let at = 1 + dice.below(100); at < straight.clock; at += 1 + dice.below(straight.clock / 4)) {
      const fused = started();
      const exact = started();
      exact.probes.everyInstruction(() => undefined);
      for (const machine of [fused, exact]) expect(machine.run(at)).toEqual({ kind: 'limit' });
      expect(exact.hash()).toBe(fused.hash());
      const copy = running(module, {}, options).machine;
      copy.restore(decodeSnapshot(encodeSnapshot(fused.snapshot())));
      expect(copy.hash()).toBe(fused.hash());
      expect(copy.run()).toEqual(end);
      expect(copy.hash()).toBe(straight.hash());
    }
  });

  // Node 20's engine has no garbage collection proposal; 22 and later do.
  const hostKnows = knows(compile('(module (type (struct)))').bytes);
  it.skipIf(!hostKnows)(`the host's own engine agrees${hostKnows ? '' : ': SKIPPED, this Node has no WebAssembly GC'}`, () => {
    for (const seed of SEEDS) {
      const { bytes, module } = program(seed);
      let expected: bigint | 'trap';
      try {
        expected = hostExports(bytes)['run']!(5) as bigint;
      } catch {
        expected = 'trap';
      }
      const run = running(module);
      run.machine.start(run.func('run'), [ROUNDS]);
      const stop = run.machine.run();
      expect(stop.kind === 'returned' ? (stop.results[0] as { i64: bigint }).i64 : stop.kind).toBe(expected);
    }
  });
});

function knows(bytes: Uint8Array): boolean {
  try {
    hostExports(bytes);
    return true;
  } catch {
    return false;
  }
}

describe('collections', () => {
  const { module } = compile(`(module
    (type $box (struct (field (mut i32))))
    (type $pair (struct (field (ref $box)) (field (mut (ref null $pair)))))
    (import "host" "wait" (func $wait (param (ref null $box) i32) (result i32)))
    (global $global (mut (ref null $box)) (ref.null $box))
    (table $table 2 (ref null $box))
    (elem $elem (ref null $box) (struct.new $box (i32.const 5)))
    (func $box (export "box") (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
    (func $garbage (export "garbage") (param i32)
      (loop (drop (struct.new $box (i32.const -1))) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "keep") (result i32) (local $local (ref null $box)) (local $pair (ref null $pair))
      (global.set $global (call $box (i32.const 1)))
      (table.set (i32.const 1) (call $box (i32.const 2)))
      (local.set $local (call $box (i32.const 3)))
      (local.set $pair (struct.new $pair (call $box (i32.const 4)) (ref.null $pair)))
      (struct.set $pair 1 (local.get $pair) (local.get $pair))
      (call $box (i32.const 6))
      (call $garbage (i32.const 100))
      (struct.get $box 0)
      (table.init $elem (i32.const 0) (i32.const 0) (i32.const 1))
      (i32.add (i32.mul (i32.const 10) (struct.get $box 0 (table.get (i32.const 0)))))
      (i32.add (i32.mul (i32.const 100) (struct.get $box 0 (struct.get $pair 0 (struct.get $pair 1 (local.get $pair))))))
      (i32.add (i32.mul (i32.const 1000) (struct.get $box 0 (local.get $local))))
      (i32.add (i32.mul (i32.const 10000) (struct.get $box 0 (table.get (i32.const 1)))))
      (i32.add (i32.mul (i32.const 100000) (struct.get $box 0 (global.get $global)))))
    (func (export "pending") (param $n i32) (result i32) (call $wait (call $box (local.get $n)) (i32.const 1)))
    (func (export "read") (param (ref null $box)) (result i32) (struct.get $box 0 (local.get 0)))
    (func (export "bytes") (param i32) (result i32) (array.len (array.new_default $bytes (local.get 0))))
    (type $bytes (array i8)))`);
  /** The module's first type has the id 0 in a new store. */
  const BOX = ref(0, true);
  const wait: HostFunction = { kind: 'full', name: 'host.wait', type: { kind: 'func', params: [BOX, I32], results: [I32] }, call: () => undefined };
  const fresh = (collectEvery: number): Running => running(module, { wait }, { collectEvery });

  it.each([0, 64, 1 << 20])('keep what locals, operands, globals, tables and segments reach (every %i bytes)', (every) => {
    expect(fresh(every).call('keep')).toEqual([i32(123456)]);
  });

  it('keep the arguments of a pending host call while its callbacks run', () => {
    const { machine, func, call, store } = fresh(0);
    machine.start(func('pending'), [i32(77)]);
    const stop = machine.run();
    if (stop.kind !== 'host-call') throw new Error(stop.kind);
    call('garbage', i32(10));
    expect(store.heap.collections).toBeGreaterThan(9);
    const handle = stop.call.args.i32(0);
    const [value] = call('read', { type: BOX, handle });
    stop.call.results.setI32(0, (value as { i32: number }).i32);
    machine.finishHostCall();
    expect(finish(machine, machine.run())).toEqual([i32(77)]);
  });

  it('give free handles out again, the smallest first, and leave pinned objects alone', () => {
    const { call, store, machine } = fresh(0);
    // The segment's object is the first.
    const handleOf = ([value]: readonly Value[]): number => (value as { handle: number }).handle;
    const first = handleOf(call('box', i32(1)));
    expect(first).toBe(2 << 2);
    expect(handleOf(call('box', i32(2)))).toBe(first);
    store.heap.pin(first);
    store.heap.pin(first);
    store.heap.unpin(first);
    expect(handleOf(call('box', i32(3)))).toBe(3 << 2);
    const snapshot = machine.snapshot();
    store.heap.unpin(first);
    expect(handleOf(call('box', i32(4)))).toBe(first);
    machine.restore(snapshot);
    expect(handleOf(call('box', i32(5)))).toBe(3 << 2);
    expect(call('read', { type: BOX, handle: first })).toEqual([i32(2)]);
  });

  it('come at the same moment in both lowerings', () => {
    const counts = [false, true].map((exact) => {
      const run = fresh(1000);
      if (exact) exactly(run);
      run.call('garbage', i32(1000));
      return [run.store.heap.collections, run.machine.clock, run.machine.hash()];
    });
    expect(counts[0]).toEqual(counts[1]);
    expect(counts[0]![0]).toBeGreaterThan(10);
  });

  it.each([false, true])('leave memory for no more than the limit: then Exhaustion, whole, to be continued (exact: %s)', (exact) => {
    const run = running(module, { wait }, { maxHeapBytes: 10_000 });
    if (exact) exactly(run);
    const { machine, func, store } = run;
    machine.start(func('bytes'), [i32(20_000)]);
    const stop = machine.run();
    expect(stop).toMatchObject({ kind: 'trap', error: { name: 'Exhaustion', message: 'out of memory' } });
    expect(machine.clock).toBe(1);
    expect(machine.frames()).toMatchObject([{ locals: [{ i32: 20_000 }], operands: [{ i32: 20_000 }] }]);
    expect(machine.run()).toMatchObject({ kind: 'trap' });
    store.heap.maxBytes = 100_000;
    expect(finish(machine, machine.run())).toEqual([i32(20_000)]);
    expect(machine.clock).toBe(3);
    run.call('garbage', i32(10_000));
    expect(() => run.call('bytes', i32(-1))).toThrow('out of memory');
  });
});
