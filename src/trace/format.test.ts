import { describe, expect, test } from 'vitest';
import { Chrome } from './chrome.js';
import { type Format, JsonLines } from './format.js';
import { globMatcher } from './glob.js';
import type { TraceRecord } from './records.js';
import { Text } from './text.js';

const main = 'main.main';
const worker = 'main.worker';
const records: TraceRecord[] = [
  { clock: 100, event: 'goroutine', goroutine: 1, function: main, action: 'running', from: 0 },
  { clock: 150, event: 'host', goroutine: 1, function: 'runtime.write1', action: 'call', import: 'wasi_snapshot_preview1.fd_write', args: { fd: 2 }, results: { errno: 'ESUCCESS' } },
  { clock: 200, event: 'goroutine', goroutine: 7, function: worker, action: 'created', by: 1, at: { function: main, file: '/src/prog/main.go', line: 12 } },
  { clock: 300, event: 'goroutine', goroutine: 1, function: main, action: 'park', reason: 'chan receive', at: { function: main, file: '/src/prog/main.go', line: 14 } },
  { clock: 320, event: 'unwind', goroutine: 1, function: 'runtime.gogo', cause: 'park', depth: 9, resumable: 4 },
  { clock: 320, event: 'goroutine', goroutine: 7, function: worker, action: 'running', from: 1 },
  { clock: 325, event: 'loop', goroutine: 7, function: worker, pc_f: 5000, pc_b: 0, entry: 'start', nested: false },
  { clock: 400, event: 'goroutine', goroutine: 1, function: main, action: 'ready', by: 7 },
  { clock: 450, event: 'goroutine', goroutine: 7, function: worker, action: 'exit' },
  { clock: 500, event: 'goroutine', goroutine: 1, function: main, action: 'running', from: 7 },
  { clock: 505, event: 'loop', goroutine: 1, function: main, pc_f: 4999, pc_b: 3, entry: 'resume', nested: true },
  { clock: 600, event: 'memory', goroutine: 0, function: 'runtime.growMemory', memory: 0, from_pages: 36, to_pages: 40 },
  { clock: 700, event: 'gc', goroutine: 1, function: 'runtime.gcSweep', action: 'sweep', cycle: 1 },
  { clock: 800, event: 'pause', goroutine: 1, function: 'runtime.exit', action: 'exit', code: 3 },
  { clock: 800, event: 'goroutine', goroutine: 1, function: main, action: 'end', state: 'running' },
];

function render(format: Format, list: readonly TraceRecord[] = records): string {
  return list.map((record) => format.record(record, record.clock)).join('') + format.end(900);
}

test('text is made for people', () => {
  expect(render(new Text())).toMatchInlineSnapshot(`
    "       clock  who    what
             100  g1     running     main.main
             150  g1     host        wasi_snapshot_preview1.fd_write(fd=2) = errno=ESUCCESS, in runtime.write1
             200  g7     created     main.worker, by g1 at main.main main.go:12
             300  g1     park        chan receive at main.main main.go:14
             320  g1     unwind      park: 9 wasm frames lost, 4 to be resumed
             320  g7     running     main.worker, after g1
             325  g7     turn        start main.worker (PC_F 5000, PC_B 0)
             400  g1     ready       main.main, woken by g7
             450  g7     exit        main.worker
             500  g1     running     main.main, after g7
             505  g1     turn        resume main.main (PC_F 4999, PC_B 3), inside an export
             600  g0     memory      36 to 40 pages, in runtime.growMemory
             700  g1     gc          sweep, cycle 1
             800  g1     exit        the program, code 3
             800  g1     end         main.main, running
    "
  `);
});

test('JSON lines have the common fields first', () => {
  const lines = render(new JsonLines()).trimEnd().split('\n');
  expect(lines).toHaveLength(records.length);
  expect(Object.keys(JSON.parse(lines[0]!) as object).slice(0, 4)).toEqual(['clock', 'event', 'goroutine', 'function']);
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual(records);
});

interface ChromeEvent {
  readonly ph: string;
  readonly tid: number;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly id: number;
  readonly args: Record<string, unknown>;
}

function chrome(list: readonly TraceRecord[]): ChromeEvent[] {
  return (JSON.parse(render(new Chrome(), list)) as { traceEvents: ChromeEvent[] }).traceEvents;
}

describe('the Chrome format', () => {
  const events = chrome(records);

  test('has a track a goroutine', () => {
    const names = events.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args.name]);
    expect(names).toEqual([
      [0, 'scheduler'],
      [1, 'g1 main.main'],
      [7, 'g7 main.worker'],
    ]);
  });

  test('has what each ran as slices that do not overlap', () => {
    const slices = events.filter(({ ph, name }) => ph === 'X' && (name === main || name === worker));
    expect(slices.map(({ tid, ts, dur }) => [tid, ts, dur])).toEqual([
      [1, 0.1, 0.2],
      [7, 0.32, 0.13],
      [1, 0.5, 0.4],
    ]);
  });

  test('draws an arrow from who wakes to who runs', () => {
    const from = events.filter(({ ph }) => ph === 's');
    const to = events.filter(({ ph }) => ph === 'f');
    expect(from.map(({ tid, ts }) => [tid, ts])).toEqual([
      [1, 0.2],
      [7, 0.4],
    ]);
    expect(to.map(({ tid, ts }) => [tid, ts])).toEqual([
      [7, 0.32],
      [1, 0.5],
    ]);
    expect(to.map(({ id }) => id)).toEqual(from.map(({ id }) => id));
  });

  test('nests a host call in the slice of its goroutine, and sets one apart that goroutines change in', () => {
    const call = (clock: number, action: 'call' | 'return'): TraceRecord => ({ clock, event: 'host', goroutine: 1, function: '', action, import: 'env.f' });
    const inside = chrome([records[0]!, call(110, 'call'), call(120, 'return')]);
    expect(inside.find(({ name }) => name === 'env.f')).toMatchObject({ ph: 'X', tid: 1, ts: 0.11, dur: 0.01 });
    const across = chrome([records[0]!, call(110, 'call'), records[3]!, records[9]!, call(700, 'return')]);
    expect(across.filter(({ name }) => name === 'env.f').map(({ ph, ts }) => [ph, ts])).toEqual([
      ['b', 0.11],
      ['e', 0.7],
    ]);
  });

  test('is complete without any event', () => {
    expect(chrome([])).toEqual([]);
  });
});

test('a pattern is a glob over the whole name', () => {
  expect(globMatcher('runtime.*')('runtime.gopark')).toBe(true);
  expect(globMatcher('runtime.*')('main.runtime.x')).toBe(false);
  expect(globMatcher('*.(*T).go?')('main.(*T).go1')).toBe(true);
  expect(globMatcher('main.F[*]')('main.F[go.shape.int]')).toBe(true);
  expect(globMatcher('')('')).toBe(true);
});
