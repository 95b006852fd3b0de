import { describe, expect, it } from 'vitest';
import { Trap } from '../../src/engine/errors.js';
import type { LeafFunction } from '../../src/engine/host-function.js';
import { i32, i64 } from '../../src/engine/value.js';
import { compile, running, show } from './harness.js';

const COMPILED = { tier: 'compiled' } as const;

describe('compiled code', () => {
  it('recurses deeper than the JavaScript stack, and is exhausted at the same clock', () => {
    const { module } = compile(`(module
      (func $down (export "down") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
      (func $ever (export "ever") (param i64) (result i64) (i64.add (call $ever (i64.add (local.get 0) (i64.const 1))) (i64.const 1))))`);
    const compiled = running(module, {}, COMPILED);
    expect(compiled.call('down', i32(100_000))).toEqual([i32(100_000)]);
    for (const limits of [{ maxCallDepth: 10_000 }, { maxStackCells: 20_000 }]) {
      const [a, b] = [running(module, {}, { ...COMPILED, ...limits }), running(module, {}, limits)];
      for (const { machine, func } of [a, b]) {
        machine.start(func('ever'), [i64(0n)]);
        expect(machine.run()).toMatchObject({ kind: 'trap', error: { message: 'call stack exhausted' } });
      }
      expect(a.machine.clock).toBe(b.machine.clock);
      expect(a.machine.hash()).toBe(b.machine.hash());
    }
  });

  it('multiplies by constants as everywhere', () => {
    const factors = [0n, 1n, 2n, 435n, 0xffffn, 0x10000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, -1n, 0x1000001b3n];
    const funcs = factors.map((factor, i) => `(func (export "by${i}") (param i64) (result i64) (i64.mul (local.get 0) (i64.const ${factor})))`);
    const { call } = running(compile(`(module ${funcs.join('')})`).module, {}, COMPILED);
    const values = [0n, 1n, 0xffffn, 0x10000n, 0xffffffffn, 0x100000000n, 0x123456789abcdefn, -1n, -0x8000000000000000n];
    factors.forEach((factor, i) => {
      for (const value of values) expect(call(`by${i}`, i64(value))).toEqual([i64(BigInt.asIntN(64, value * factor))]);
    });
  });

  it('checks an address once for accesses before and behind it, and leaves where one of them fails', () => {
    // The accesses go from 8 below the address to 12 above it, through additions, a branch and bytes.
    const text = `(module (memory (export "m") 1) (global $sp (mut i32) (i32.const 0))
      (func (export "run") (param i32 i32) (result i64) (local $p i32)
        (global.set $sp (local.get 0))
        (local.set $p (global.get $sp))
        (i64.store (local.get $p) (i64.const 0x1122334455667788))
        (local.set $p (i32.sub (local.get $p) (i32.const 8)))
        (i32.store (local.get $p) (i32.const 7))
        (if (local.get 1) (then (i64.store offset=12 (i32.add (local.get $p) (i32.const 8)) (i64.const -1))))
        (i64.add (i64.load offset=8 (local.get $p)) (i64.add (i64.load32_u (local.get $p)) (i64.load8_u offset=9 (local.get $p))))))`;
    const { module } = compile(text);
    const runs = [COMPILED, {}].map((options) => running(module, {}, options));
    for (const address of [0, 4, 7, 8, 9, 10, 64, 65516, 65520, 65524, 65528, 65529, 65532, 65536, -8, -4]) {
      for (const more of [0, 1]) {
        const seen = runs.map(({ machine, func }) => {
          machine.start(func('run'), [i32(address), i32(more)]);
          const stop = machine.run();
          const text = stop.kind === 'returned' ? show(stop.results[0]!, false) : stop.kind === 'trap' ? stop.error.message : stop.kind;
          const at = { text, clock: machine.clock, hash: machine.hash() };
          if (stop.kind === 'trap') machine.abandon();
          return at;
        });
        expect(seen[0], `at ${address}, ${more}`).toEqual(seen[1]);
      }
    }
  });

  it('stays where the first access through a stack pointer is a byte within a word', () => {
    const { module } = compile(`(module (memory 1) (global $sp (mut i32) (i32.const 1024))
      (func (export "run") (result i32) (local $p i32)
        (local.set $p (global.get $sp))
        (i32.store8 offset=1 (i32.add (local.get $p) (i32.const 42)) (i32.const 7))
        (i32.add (i32.load8_u offset=43 (local.get $p)) (i32.load offset=40 (local.get $p)))))`);
    const { call, machine } = running(module, {}, COMPILED);
    expect(call('run')).toEqual([i32(7 + (7 << 24))]);
    expect(machine.compilation!.departures).toBe(0);
  });

  it('learns that what looks like a stack pointer is not aligned', () => {
    const { module } = compile(`(module (memory 1) (global $p (mut i32) (i32.const 1025))
      (func (export "run") (result i32) (local $p i32)
        (local.set $p (global.get $p))
        (i32.store (local.get $p) (i32.const 7))
        (i32.load (local.get $p))))`);
    const { call, machine } = running(module, {}, COMPILED);
    for (let i = 0; i < 5; i++) expect(call('run')).toEqual([i32(7)]);
    const before = machine.compilation!.departures;
    for (let i = 0; i < 5; i++) expect(call('run')).toEqual([i32(7)]);
    expect(machine.compilation!.departures).toBe(before);
  });

  it('leaves where it comes to what has never run, and has that in the end', () => {
    const text = `(module (memory 1)
      (func $work (param i32) (result i32)
        (if (result i32) (i32.eqz (i32.rem_u (local.get 0) (i32.const 5)))
          (then (if (result i32) (i32.gt_u (local.get 0) (i32.const 3000)) (then (i32.const 100)) (else (i32.const 1))))
          (else (block (br_if 0 (i32.lt_u (local.get 0) (i32.const 5000))) (i32.store (i32.const 0) (local.get 0))) (i32.const 2))))
      (func (export "run") (param i32) (result i32) (local i32 i32)
        (loop (local.set 1 (i32.add (local.get 1) (call $work (local.get 2))))
          (br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (local.get 0))))
        (local.get 1)))`;
    const { module } = compile(text);
    const runs = [{ tier: 'auto', patience: 0.05 } as const, {}].map((options) => running(module, {}, options));
    const seen = runs.map((run) => ({ sum: run.call('run', i32(20_000)), clock: run.machine.clock, hash: run.machine.hash() }));
    expect(seen[0]).toEqual(seen[1]);
    const { compiled, departures } = runs[0]!.machine.compilation!;
    expect(compiled).toBeGreaterThan(2);
    expect(departures).toBeGreaterThan(0);
  });

  it('calls leaf functions with an exact clock, and fails with them where they fail', () => {
    const text = `(module (import "host" "tick" (func $tick (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (local i32)
        (loop (local.set 1 (i32.add (local.get 1) (call $tick (local.get 0))))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))`;
    const seen = [COMPILED, {}].map((options) => {
      const { module } = compile(text);
      const clocks: number[] = [];
      const tick: LeafFunction = {
        kind: 'leaf',
        type: { kind: 'func', params: [0x7f], results: [0x7f] },
        name: 'tick',
        call: (args, results) => {
          const x = args.i32(0);
          clocks.push(run.machine.clock);
          if (x === 13) throw new Trap('thirteen');
          if (x === 40) run.machine.pause();
          results.setI32(0, x * 2);
        },
      };
      const run = running(module, { tick }, options);
      run.machine.start(run.func('run'), [i32(50)]);
      const paused = run.machine.run();
      const at = run.machine.clock;
      const frames = JSON.stringify(run.machine.frames().map(({ kind, func }) => [kind, func]));
      const stop = run.machine.run();
      return { paused: paused.kind, at, frames, stop: stop.kind, clocks, clock: run.machine.clock, hash: run.machine.hash() };
    });
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toMatchObject({ paused: 'paused', stop: 'trap' });
  });

  it('is left for probes that come while it runs, and is not entered where one stands', () => {
    const { module } = compile(`(module (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
      (func (export "run") (param i32) (result i32) (local i32)
        (loop (local.set 1 (i32.add (local.get 1) (call $leaf (local.get 0)))) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))`);
    const run = running(module, {}, COMPILED);
    const result = run.call('run', i32(1000));
    let hits = 0;
    const probe = run.machine.probes.atEntry(0, () => void hits++);
    expect(run.call('run', i32(1000))).toEqual(result);
    expect(hits).toBe(1000);
    probe.remove();
    expect(run.call('run', i32(1000))).toEqual(result);
    expect(hits).toBe(1000);
  });

  it('sees a memory that somebody else has grown', () => {
    const { module } = compile(`(module (memory 1 3)
      (func $grow (drop (memory.grow (i32.const 1))))
      (func (export "run") (param i32) (result i32)
        (call $grow) (i32.store offset=65536 (i32.const 8) (local.get 0)) (i32.load offset=65536 (i32.const 8)))
      (func (export "after") (result i32) (i32.load offset=65536 (i32.const 8))))`);
    const run = running(module, {}, COMPILED);
    expect(run.call('run', i32(7))).toEqual([i32(7)]);
    expect(run.call('run', i32(9))).toEqual([i32(9)]);
    expect(run.call('after')).toEqual([i32(9)]);
  });

  it('makes way for watches of memory, and comes back after them', () => {
    const { module } = compile(`(module (memory 1)
      (func (export "run") (param i32)
        (loop (i32.store (i32.mul (local.get 0) (i32.const 4)) (local.get 0)) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`);
    const run = running(module, {}, COMPILED);
    run.call('run', i32(100));
    let writes = 0;
    const watch = run.machine.probes.onWrite(0, 40, 8, () => void writes++);
    run.call('run', i32(100));
    expect(writes).toBe(2);
    watch.remove();
    const { entries, compiled } = run.machine.compilation!;
    // The first call still finds out that other code is to be run.
    for (let i = 0; i < 2; i++) run.call('run', i32(100));
    expect(writes).toBe(2);
    expect(run.machine.compilation!.entries).toBeGreaterThan(entries);
    // It was only out of use meanwhile.
    expect(run.machine.compilation!.compiled).toBe(compiled);
  });

  it('does not show wrong frames to a leaf', () => {
    const { module } = compile(`(module (import "host" "look" (func $look)) (func (export "run") (call $look)))`);
    const look: LeafFunction = { kind: 'leaf', type: { kind: 'func', params: [], results: [] }, name: 'look', call: () => void run.machine.frames() };
    const run = running(module, { look }, COMPILED);
    expect(() => run.call('run')).toThrow('a leaf function must not look at frames');
  });

  it('keeps the blocks that call what is expected to be called', () => {
    // As Go stores a pointer: by way of the barrier once a flag is set.
    const text = `(module (memory 1) (global $flag (mut i32) (i32.const 0))
      (func $barrier (export "barrier") (result i64) (i64.const 8))
      (func (export "store") (param i32) (result i64) (local i64)
        (loop
          (if (global.get $flag) (then (local.set 1 (i64.add (local.get 1) (call $barrier)))))
          (i64.store (i32.const 16) (local.get 1))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "set") (param i32)
        (loop (drop (call $barrier)) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (global.set $flag (i32.const 1))))`;
    const departures = [true, false].map((expecting) => {
      const { machine, func, call } = running(compile(text).module, {}, { ...COMPILED, patience: 0.5 });
      if (expecting) machine.expect([func('barrier')]);
      call('store', i32(1));
      call('store', i32(200_000));
      call('set', i32(200_000));
      const before = machine.compilation!.departures;
      for (let i = 0; i < 4; i++) expect(call('store', i32(3))).toEqual([i64(24n)]);
      return machine.compilation!.departures - before;
    });
    expect(departures).toEqual([0, 4]);
  });
});
