import { describe, expect, it } from 'vitest';
import { decodeSnapshot, encodeSnapshot } from '../../src/engine/snapshot.js';
import type { StopReason } from '../../src/engine/stop-reason.js';
import { f32, f64, i32, i64, type Value } from '../../src/engine/value.js';
import { compile, Dice, type Running, running, show } from './harness.js';
import { randomModule } from './generate.js';

/** Random programs: compiled code must agree with the interpreter on results, traps, memory, clock and whole state. */
const SEEDS = Array.from({ length: 60 }, (_, i) => 3000 + i * 53);

const COMPILED = { tier: 'compiled' } as const;

function args(seed: number): Value[] {
  const dice = new Dice(seed);
  return [i32(dice.next() | 0), i64(BigInt.asIntN(64, BigInt(dice.next()) * 0x1_0000_0001n)), f64(dice.next() / 1000), f32(Math.fround(dice.below(1000) / 8))];
}

function outcome({ machine }: Running, stop: StopReason): string {
  if (stop.kind === 'returned') return stop.results.map((value) => show(value, false)).join(' ');
  if (stop.kind === 'trap') return `trap ${stop.error.message}`;
  return `${stop.kind} at ${machine.clock}`;
}

describe('random programs', () => {
  it.each(SEEDS.flatMap((seed) => [[seed, 0], [seed, 0.02], [seed, 0.5]]))('seed %i, patience %f: both tiers agree', (seed, patience) => {
    const { module } = compile(randomModule(seed!));
    const compiled = running(module, {}, { ...COMPILED, patience });
    const interpreted = running(module);
    for (const [i, name] of ['f0', 'f1', 'f0', 'f1'].entries()) {
      for (const run of [compiled, interpreted]) {
        run.call('refuel');
        run.machine.start(run.func(name), args(seed! + i));
      }
      const stop = compiled.machine.run();
      expect(outcome(compiled, stop)).toBe(outcome(interpreted, interpreted.machine.run()));
      expect(compiled.machine.clock).toBe(interpreted.machine.clock);
      expect(compiled.machine.frames().map(({ kind, func }) => [kind, func])).toEqual(interpreted.machine.frames().map(({ kind, func }) => [kind, func]));
      expect(compiled.machine.hash()).toBe(interpreted.machine.hash());
      if (stop.kind === 'trap') for (const run of [compiled, interpreted]) run.machine.abandon();
    }
    if (patience === 0) expect(compiled.machine.compilation!.entries).toBeGreaterThan(0);
  });

  it.each(SEEDS)('seed %i: stopped at random clocks, compiled code stands where the interpreter does', (seed) => {
    const { module } = compile(randomModule(seed));
    const compiled = running(module, {}, COMPILED);
    const interpreted = running(module);
    for (const run of [compiled, interpreted]) {
      // So that functions are compiled before the first stop.
      run.machine.start(run.func('f1'), args(seed));
      if (run.machine.run().kind === 'trap') run.machine.abandon();
      run.call('refuel');
      run.machine.start(run.func('f0'), args(seed));
    }
    const dice = new Dice(seed + 1);
    for (let at = compiled.machine.clock; ; ) {
      at += 1 + dice.below(9000);
      const stop = compiled.machine.run(at);
      expect(outcome(compiled, stop)).toBe(outcome(interpreted, interpreted.machine.run(at)));
      expect(compiled.machine.clock).toBe(interpreted.machine.clock);
      expect(compiled.machine.hash()).toBe(interpreted.machine.hash());
      if (stop.kind !== 'limit') break;
      if (dice.chance(30)) compiled.machine.restore(decodeSnapshot(encodeSnapshot(compiled.machine.snapshot())));
    }
  });
});
