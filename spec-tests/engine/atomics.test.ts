import { describe, expect, it } from 'vitest';
import { i32, i64 } from '../../src/engine/value.js';
import { WASM_3, withFeatures } from '../../src/wasm/features.js';
import { compile, running, type Running } from './harness.js';

/** Instructions on shared memory in a machine of one thread. The official suite has the accesses. */

const FEATURES = withFeatures(WASM_3, 'threads');
const { module } = compile(
  `(module (memory $shared 1 1 shared) (memory $own i64 1)
    (func (export "wait32") (param i32 i32 i64) (result i32) nop (memory.atomic.wait32 offset=4 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "wait64") (param i32 i64 i64) (result i32) (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)) nop)
    (func (export "waitOwn") (param i64) (result i32) (memory.atomic.wait32 $own (local.get 0) (i32.const 0) (i64.const 0)))
    (func (export "notify") (param i64) (result i32) (memory.atomic.notify $own offset=8 (local.get 0) (i32.const 5)))
    (func (export "add") (param i64 i32) (result i32) (i32.atomic.rmw.add $own offset=0x1_0000_0000 (local.get 0) (local.get 1)))
    (func (export "xor") (param i64 i64) (result i64 i64) atomic.fence
      (i64.atomic.rmw16.xor_u $own (local.get 0) (local.get 1)) (i64.atomic.load $own (i64.const 0))))`,
  FEATURES,
);

describe.each([
  ['fused', (run: Running) => run],
  ['exact', (run: Running) => (run.machine.probes.everyInstruction(() => undefined), run)],
] as const)('in %s code', (_, prepare) => {
  const started = (): Running => prepare(running(module));

  it('a wait with a timeout lets that time pass', () => {
    const run = started();
    const waits: [bigint, number][] = [];
    run.store.onWait = (timeout) => void waits.push([timeout, run.machine.clock]);
    expect(run.call('wait32', i32(0), i32(0), i64(1_000_000n))).toEqual([i32(2)]);
    // nop, three times local.get, and the wait itself, which is not over
    expect(waits[0]![0]).toBe(1_000_000n);
    expect([4, 5]).toContain(waits[0]![1]);
    expect(run.machine.clock).toBe(5);
    expect(run.call('wait64', i32(8), i64(0n), i64(0n))).toEqual([i32(2)]);
    expect(waits).toHaveLength(2);
  });

  it('a wait for what has changed does not wait', () => {
    const run = started();
    run.store.onWait = () => expect.unreachable();
    expect(run.call('wait32', i32(0), i32(1), i64(-1n))).toEqual([i32(1)]);
    expect(run.call('wait64', i32(0), i64(0x1_0000_0000n), i64(-1n))).toEqual([i32(1)]);
  });

  it('a wait without a timeout is a deadlock, before it', () => {
    const { machine, func, store } = started();
    machine.start(func('wait32'), [i32(4), i32(0), i64(-1n)]);
    expect(machine.run()).toEqual({ kind: 'deadlock' });
    expect(machine.clock).toBe(4);
    expect(machine.frames()[0]).toMatchObject({ operands: [i32(4), i32(0), i64(-1n)] });
    const hash = machine.hash();
    expect(machine.run()).toEqual({ kind: 'deadlock' });
    expect(machine.clock).toBe(4);
    expect(machine.hash()).toBe(hash);
    // The embedder is no thread, but can write.
    store.memories[0]!.view.setInt32(8, 1, true);
    expect(machine.run()).toEqual({ kind: 'returned', results: [i32(1)] });
    expect(machine.clock).toBe(5);
  });

  it.each([
    ['wait32', [i32(1), i32(0), i64(0n)], 'unaligned atomic', 5],
    ['wait32', [i32(0xfffc), i32(0), i64(0n)], 'out of bounds memory access', 5],
    ['wait64', [i32(4), i64(0n), i64(0n)], 'unaligned atomic', 4],
    ['waitOwn', [i64(0n)], 'expected shared memory', 4],
    ['waitOwn', [i64(2n)], 'unaligned atomic', 4],
    ['notify', [i64(0x8000_0000_0000_0001n)], 'unaligned atomic', 3],
    ['notify', [i64(0x10000n)], 'out of bounds memory access', 3],
    ['add', [i64(-0x1_0000_0000n), i32(1)], 'out of bounds memory access', 3],
  ] as const)('%s %o traps: %s', (name, args, message, clock) => {
    const { machine, func } = started();
    machine.start(func(name), args);
    expect(machine.run()).toMatchObject({ kind: 'trap', error: { name: 'Trap', message } });
    expect(machine.clock).toBe(clock);
  });

  it('memories that are not shared can be accessed too, and notified in vain', () => {
    const run = started();
    run.store.memories[1]!.view.setBigUint64(0, 0xffff_ffff_ffff_0f0fn, true);
    expect(run.call('xor', i64(0n), i64(0x5_00ffn))).toEqual([i64(0x0f0fn), i64(-0xf010n)]);
    expect(run.call('notify', i64(0n))).toEqual([i32(0)]);
  });
});
