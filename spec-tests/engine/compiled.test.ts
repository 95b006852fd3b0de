import { describe, expect, it } from 'vitest';
import { Trap } from '../../src/engine/errors.js';
import type { LeafFunction } from '../../src/engine/host-function.js';
import { i32, i64 } from '../../src/engine/value.js';
import { compile, running } from './harness.js';

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
});
