import { describe, expect, it } from 'vitest';
import { BufferedInput } from '../../src/host/io.js';
import { encodeData } from '../../src/program/data.js';
import { Program } from '../../src/program/program.js';
import { testModule, traced } from '../support/traced.js';

/** Traces and snapshots are the same bytes in either tier; for recordings see replay/recorder.test.ts. */

const EVENTS = ['goroutine', 'unwind', 'loop', 'pause', 'host', 'export', 'memory', 'gc'] as const;

describe('a trace', () => {
  it.each([
    ['go1.27-wasip1', ['channels'], EVENTS, 3e6],
    ['go1.19-js', ['channels'], EVENTS, 3e6],
    ['hello-go1.27-wasip1-stripped', [], [...EVENTS, 'call'], 3e6],
    ['zig-wasi', ['work'], [...EVENTS, 'call', 'instruction'], 10_000],
    ['c-wasi', ['trap'], [...EVENTS, 'call', 'instruction'], 10_000],
  ] as const)('of %s %j', { timeout: 300_000 }, async (name, args, events, limit) => {
    const [interpreted, compiled] = await Promise.all(
      (['interp', 'compiled'] as const).map((tier) => traced(testModule(name), args, { tier, events, format: 'jsonl', limit })),
    );
    expect(interpreted!.text.length).toBeGreaterThan(100);
    expect(compiled!.text === interpreted!.text, 'the traces differ').toBe(true);
    expect([compiled!.clock, compiled!.stdout, compiled!.stderr]).toEqual([interpreted!.clock, interpreted!.stdout, interpreted!.stderr]);
  });
});

describe('a snapshot', () => {
  function started(name: string, args: readonly string[], tier: 'interp' | 'compiled'): Program {
    const streams = { stdin: new BufferedInput(new TextEncoder().encode('a line\n')), isTerminal: () => false, write: () => {} };
    const program = new Program(testModule(name), { tier, world: { args: [name, ...args], clock: 'virtual', random: 0, streams } });
    program.start();
    return program;
  }

  it.each([
    ['go1.27-wasip1', ['channels'], 150_003],
    ['zig-wasi', ['work'], 10_007],
    ['c-wasi', ['x', 'y'], 29],
  ] as const)('of %s %j at every %iths instruction', { timeout: 300_000 }, (name, args, distance) => {
    const interpreted = started(name, args, 'interp');
    const compiled = started(name, args, 'compiled');
    let snapshots = 0;
    for (let clock = distance; snapshots < 20; clock += distance) {
      const outcomes = [interpreted, compiled].map((program) => program.advance(clock));
      expect(outcomes[1]).toEqual(outcomes[0]);
      if (outcomes[0]!.kind !== 'stopped') break;
      expect(Buffer.compare(encodeData(compiled.save()), encodeData(interpreted.save())), `at clock ${clock}`).toBe(0);
      snapshots++;
    }
    expect(snapshots).toBeGreaterThan(2);
    // What is written in one tier can be gone on from in the other.
    const resumed = started(name, args, 'interp');
    const other = started(name, args, 'compiled');
    resumed.advance(distance * 2);
    other.load(resumed.save());
    resumed.advance();
    expect(other.advance()).toEqual(resumed.ended);
    expect([other.machine.clock, other.machine.calls, other.machine.hash()]).toEqual([resumed.machine.clock, resumed.machine.calls, resumed.machine.hash()]);
  });
});
