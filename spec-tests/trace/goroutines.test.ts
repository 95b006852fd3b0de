import { describe, expect, test } from 'vitest';
import type { TraceRecord } from '../../src/trace/records.js';
import { programs } from '../support/programs.js';
import { records, testModule, traced, type Traced } from '../support/traced.js';

interface Scenario {
  readonly args: string;
  readonly target?: 'js';
  /** Minor versions of Go. */
  readonly since?: number;
}

const scenarios: readonly Scenario[] = [
  { args: 'pingpong 5' },
  { args: 'mutex' },
  { args: 'recover' },
  { args: 'goexit' },
  { args: 'recursion 400' },
  // Coroutines switch past the scheduler.
  { args: 'iterators', since: 24 },
  // The collector shrinks stacks, and its workers come and go.
  { args: 'gc-goroutines', since: 27 },
  { args: 'deadlock-mutex', since: 27 },
  { args: 'js-callbacks', target: 'js' },
  { args: 'js-blocking', target: 'js', since: 24 },
  // Exports inside of an import, with trampolines of their own.
  { args: 'wasmexport', target: 'js', since: 24 },
];

/** What a goroutine may do after what it did last. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  nothing: ['created'],
  created: ['running', 'ready', 'end'],
  running: ['park', 'yield', 'exit', 'end'],
  // Coroutines change places without waiting for the scheduler.
  park: ['ready', 'running', 'end'],
  ready: ['running', 'end'],
  yield: ['running', 'end'],
  exit: [],
  end: [],
};

function checkLives(trace: readonly TraceRecord[]): Map<number, string> {
  const last = new Map<number, string>();
  const names = new Map<number, string>();
  let running = 0;
  for (const record of trace) {
    if (record.event !== 'goroutine') continue;
    const { goroutine: id, action } = record;
    if (record.function === '' || (names.get(id) ?? record.function) !== record.function) expect.fail(`g${id} is called ${record.function}`);
    names.set(id, record.function);
    if (!['created', 'running', 'park', 'ready', 'yield', 'exit', 'end'].includes(action)) {
      expect(last.get(id), `${action} of g${id} at ${record.clock}`).toBeDefined();
      continue;
    }
    expect(NEXT[last.get(id) ?? 'nothing'], `g${id}, ${last.get(id)} before, at ${record.clock}`).toContain(action);
    if (action === 'running') {
      expect(running, `g${id} at ${record.clock} while another runs`).toBe(0);
      running = id;
    } else if (id === running && action !== 'end') running = 0;
    last.set(id, action);
  }
  for (const [id, action] of last) expect(['exit', 'end'], `g${id} ${names.get(id)}`).toContain(action);
  return names;
}

function checkTurns(trace: readonly TraceRecord[], names: ReadonlyMap<number, string>): void {
  let clock = 0;
  let unwinding: TraceRecord | undefined;
  let turns = 0;
  for (const record of trace) {
    if (record.clock < clock) expect.fail(`clock ${record.clock} after ${clock}`);
    clock = record.clock;
    if (record.event === 'unwind') {
      expect(unwinding).toBeUndefined();
      expect(record.depth).toBeGreaterThan(record.resumable);
      expect(record.cause === 'exit' ? record.resumable : 0).toBe(0);
      unwinding = record.cause === 'pause' || record.cause === 'program exit' ? undefined : record;
    } else if (record.event === 'loop') {
      turns++;
      // Nothing of Go runs between an unwinding and the turn that picks up what comes next.
      if (unwinding?.event === 'unwind' && (unwinding.cause === 'stack' || unwinding.cause === 'preempt')) {
        expect(record.goroutine).toBe(unwinding.goroutine);
        expect(['restart', 'resume']).toContain(record.entry);
      }
      unwinding = undefined;
      if ((record.entry === 'resume') !== record.pc_b > 0) expect.fail(`${record.entry} at PC_B ${record.pc_b}`);
      if (record.entry === 'start') expect(record.function).toBe(names.get(record.goroutine));
    }
  }
  expect(turns).toBeGreaterThan(5);
}

function run(name: string, args: readonly string[], trampoline: 'module' | 'host'): Promise<Traced> {
  return traced(testModule(name), args, { format: 'jsonl', trampoline });
}

const goPrograms = programs.filter(({ name, mode }) => /^go1\.\d+-(js|wasip1)$/.test(name) && mode === 'command');

describe.each(goPrograms)('$name', ({ name, target, toolchain }) => {
  const minor = Number(toolchain.split('.')[1]);
  const own = scenarios.filter((scenario) => (scenario.target ?? target) === target && minor >= (scenario.since ?? 0));
  test.each(own)('$args', async ({ args }) => {
    const words = args.split(' ');
    const module = await run(name, words, 'module');
    expect(module.outcome.kind).toBe('exited');
    const trace = records(module.text);
    const names = checkLives(trace);
    checkTurns(trace, names);
    expect(names.get(1)).toBe('runtime.main');

    const host = await run(name, words, 'host');
    expect(host.text === module.text, 'the same trace under the host trampoline').toBe(true);
    expect(host.stdout).toBe(module.stdout);
    expect(host.clock).toBe(module.clock);
    expect(Buffer.compare(host.memory, module.memory)).toBe(0);
  });
});
