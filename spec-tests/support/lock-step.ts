import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/engine/machine.js';
import { difference, digestOf } from '../../src/replay/digest.js';
import { Replay } from '../../src/replay/replay.js';
import { type Job, jobsOf } from './jobs.js';
import { type Program as TestProgram, programs } from './programs.js';
import { type Recorded, reread } from './recorded.js';
import { testModule } from './traced.js';

/** tools/lock-step.mjs asks for one program, and more of it. */
const ONLY = process.env['LOCK_STEP_PROGRAM'];
/** Stops in the runs of one program together. */
const STOPS = Number(process.env['LOCK_STEP_STOPS'] ?? 20);
/** Runs of one program at most, spread over all that there are. */
const RUNS = Number(process.env['LOCK_STEP_RUNS'] ?? 1);
/** Instructions between two stops, on average, that leave room for compiled code, and for much of it: up to 10,000 are interpreted after each. */
const LONG = 20_000;
const VERY_LONG = 100_000;
/** Of the compiled tier in turn, as `MachineOptions` has it: all at once, or what is hot, entered while it runs. */
const PATIENCE = [0, 0.1] as const;
const COMPILED = { tier: 'compiled' } as const;

function chosen(program: TestProgram): Job[] {
  const jobs = jobsOf(program);
  const count = Math.min(RUNS, jobs.length);
  return Array.from({ length: count }, (_, i) => jobs[Math.floor(((i + 0.5) * jobs.length) / count)]!);
}

/** Clock values up to `end`, ascending, half of them shortly after another: a short stretch ends in other places than a long one. */
function moments(end: number, count: number, seed: number): number[] {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  const clocks: number[] = [];
  while (clocks.length < count) {
    const clock = Math.floor(random() * (end + 1));
    clocks.push(clock, Math.min(end, clock + Math.floor(random() * 1000)));
  }
  return clocks.slice(0, count).sort((a, b) => a - b);
}

/** What of the states differs first, in words. Memories are compared whole instead of by their hashes. */
function differs(expected: Machine, actual: Machine): string | undefined {
  if (actual.clock !== expected.clock) return `the clock is ${actual.clock}`;
  if (actual.calls !== expected.calls) return `${actual.calls} calls instead of ${expected.calls}`;
  const same = expected.store.memories.every(({ u8 }, i) => Buffer.compare(u8, actual.store.memories[i]!.u8) === 0);
  const none = (): Int32Array => new Int32Array(0);
  return same ? difference(digestOf(expected, none), digestOf(actual, none)) : difference(digestOf(expected), digestOf(actual));
}

/** Of all that was recorded; a file holds it in pieces, which are cut by the time that passes. */
function sameRecording(actual: Recorded, expected: Recorded): void {
  expect([actual.clock, actual.output]).toEqual([expected.clock, expected.output]);
  const [a, b] = [actual, expected].map((recorded) => {
    const { bytes, length } = reread(recorded);
    return bytes.subarray(0, length);
  });
  expect(Buffer.compare(a!, b!), 'recordings').toBe(0);
}

/** Steps both through the same clock values and to the end; the machine that compiled. */
function inStep(recorded: Recorded, program: TestProgram, clocks: readonly number[], patience: number): Machine {
  const module = testModule(program.name);
  const straight = new Replay(module, reread(recorded), { tier: 'interp' });
  const stopped = new Replay(module, reread(recorded), { ...COMPILED, patience });
  for (const clock of [...clocks, Infinity]) {
    const outcomes = [straight, stopped].map((replay) => shown(replay, clock));
    expect(outcomes[1], `at ${clock}`).toEqual(outcomes[0]);
    expect(differs(straight.machine, stopped.machine), `at clock ${straight.machine.clock}`).toBeUndefined();
  }
  return stopped.machine;
}

function shown(replay: Replay, clock: number): object {
  const outcome = replay.advance(clock);
  return outcome.kind === 'failed' ? { kind: outcome.kind, message: outcome.error.message } : outcome;
}

/**
 * Both tiers in lock-step: a run is replayed in each, and both are stopped at the same random moments. The compiled
 * tier goes on from there, whatever it was doing. Where one program is asked for, it is recorded in each, too.
 */
export function describeLockStep(wanted: (program: TestProgram) => boolean): void {
  for (const [index, program] of programs.entries()) {
    if (!wanted(program) || (ONLY !== undefined && ONLY !== program.name)) continue;
    const jobs = chosen(program);
    const stops = Math.ceil(STOPS / jobs.length);
    describe(program.name, () => {
      it.each(jobs.map((job, i) => [job.name, PATIENCE[(index + i) % PATIENCE.length]!, job] as const))('%s, patience %f', { timeout: 600_000 }, async (_, patience, job) => {
        const recorded = await job.record({ tier: 'interp' });
        if (ONLY !== undefined) sameRecording(await job.record(COMPILED), recorded);
        const { compilation } = inStep(recorded, program, moments(recorded.clock, stops, index + 1), patience);
        // What is left of a stretch is interpreted, and short ones are nothing else.
        const share = compilation!.instructions / recorded.clock;
        if (recorded.clock > stops * LONG) expect(share).toBeGreaterThan(0);
        if (recorded.clock > stops * VERY_LONG) expect(share).toBeGreaterThan(patience === 0 ? 0.5 : 0.05);
      });
    });
  }
}
