import { describe, expect, test } from 'vitest';
import { i32 } from '../../src/engine/value.js';
import type { TraceRecord } from '../../src/trace/records.js';
import { decode } from '../../src/wasm/binary/decode.js';
import type { Module } from '../../src/wasm/module.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { I32 } from '../../src/wasm/types.js';
import { validate } from '../../src/wasm/validate/validate.js';
import { records, testModule, traced, type TracedOptions } from '../support/traced.js';

function wat(source: string): Module {
  const module = decode(assemble(source).bytes);
  validate(module);
  return module;
}

/** Nothing of Go: an import, a growing memory, and a function that calls another. */
const plain = wat(`(module
  (import "env" "double" (func $double (param i32) (result i32)))
  (memory 1)
  (func $helper (param i32) (result i32)
    (call $double (local.get 0)))
  (func (export "work") (param $n i32) (result i32)
    (drop (memory.grow (i32.const 2)))
    (i32.add (call $helper (local.get $n)) (i32.const 1)))
  (func (export "fail")
    (unreachable)))`);

const imports: TracedOptions['imports'] = (module, name) =>
  module === 'env' && name === 'double'
    ? { kind: 'leaf', name: 'env.double', type: { kind: 'func', params: [I32], results: [I32] }, call: (args, results) => results.setI32(0, args.i32(0) * 2) }
    : undefined;

async function trace(options: TracedOptions): Promise<TraceRecord[]> {
  return records((await traced(plain, [], { format: 'jsonl', imports, invoke: { name: 'work', args: [i32(5)] }, ...options })).text);
}

describe('a module that is not Go', () => {
  test('has host calls, exports and memory', async () => {
    expect(await trace({})).toEqual([
      { clock: 0, event: 'export', goroutine: null, function: '', action: 'call', export: 'work', args: ['i32:5'] },
      { clock: 2, event: 'memory', goroutine: null, function: '', memory: 0, from_pages: 1, to_pages: 3 },
      { clock: 7, event: 'host', goroutine: null, function: 'helper', action: 'call', import: 'env.double', args: ['i32:5'], results: ['i32:10'] },
      { clock: 9, event: 'export', goroutine: null, function: '', action: 'return', export: 'work', results: ['i32:11'] },
    ]);
  });

  test('has the depth of each call, however deep', async () => {
    const deep = wat('(module (func $down (export "down") (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))))');
    const { text } = await traced(deep, [], { format: 'jsonl', events: ['call'], invoke: { name: 'down', args: [i32(30_000)] } });
    const all = records(text);
    // Frames that were built at each call would take minutes.
    expect(all).toHaveLength(30_001);
    expect(all.every((record, i) => record.event === 'call' && record.depth === i + 1)).toBe(true);
  }, 20_000);

  test('has calls and instructions if asked for', async () => {
    expect(await trace({ events: ['call'] })).toMatchObject([
      { clock: 0, function: '', index: 2, depth: 1 },
      { clock: 5, function: 'helper', index: 1, depth: 2 },
    ]);
    const instructions = await trace({ events: ['instruction'] });
    expect(instructions.map((record) => record.event === 'instruction' && record.instruction)).toEqual([
      'i32.const 2',
      'memory.grow',
      'drop',
      'local.get $n',
      'call $helper',
      'local.get 0',
      'call $double',
      'i32.const 1',
      'i32.add',
    ]);
    expect(instructions.map(({ clock }) => clock)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const record of instructions) expect(record.event === 'instruction' && plain.bytes[record.offset]).toBeGreaterThan(0);
  });

  test('is filtered by function and by clock', async () => {
    expect((await trace({ func: 'help*' })).map(({ event }) => event)).toEqual(['host']);
    expect((await trace({ events: ['instruction'], func: 'helper' })).map(({ clock }) => clock)).toEqual([5, 6]);
    expect((await trace({ from: 2, to: 7 })).map(({ event }) => event)).toEqual(['memory', 'host']);
  });

  test('says how a call failed', async () => {
    const failed = await trace({ invoke: { name: 'fail', args: [] } });
    expect(failed.at(-1)).toMatchObject({ event: 'export', action: 'return', export: 'fail', error: 'trap: unreachable' });
  });

  test('is valid in the Chrome format too', async () => {
    const { text } = await traced(plain, [], { format: 'chrome', imports, invoke: { name: 'work', args: [i32(5)] } });
    const { traceEvents } = JSON.parse(text) as { traceEvents: { name: string; ph: string; dur?: number }[] };
    expect(traceEvents.find(({ name }) => name === 'work')).toMatchObject({ ph: 'X', dur: 0.009 });
    expect(traceEvents.find(({ name }) => name === 'memory 0')).toMatchObject({ ph: 'C' });
  });
});

describe('a Go program', () => {
  const hello = testModule('hello-go1.27-wasip1');

  test('is the same bytes twice, in every format', async () => {
    for (const format of ['text', 'jsonl', 'chrome'] as const) {
      const [first, second] = [await traced(hello, [], { format }), await traced(hello, [], { format })];
      expect(first.text.length).toBeGreaterThan(1000);
      expect(second.text === first.text).toBe(true);
    }
  });

  test('names what stripping has taken the names of', async () => {
    const stripped = await traced(testModule('hello-go1.27-wasip1-stripped'), [], { format: 'jsonl', events: ['goroutine', 'loop'] });
    const functions = records(stripped.text).map((record) => `${record.event} ${record.goroutine} ${record.function}`);
    const named = await traced(hello, [], { format: 'jsonl', events: ['goroutine', 'loop'] });
    expect(functions).toEqual(records(named.text).map((record) => `${record.event} ${record.goroutine} ${record.function}`));
  });

  test('shows host calls decoded, with the function that makes them', async () => {
    const { text, stdout } = await traced(hello, [], { format: 'jsonl', events: ['host'] });
    const write = records(text).find((record) => record.event === 'host' && record.import === 'wasi_snapshot_preview1.fd_write');
    expect(write).toMatchObject({ goroutine: 1, function: 'syscall.fd_write', args: { fd: 1, iovs: JSON.stringify(stdout) }, results: { errno: 'ESUCCESS' } });
  });

  test('tells calls from resumed frames', async () => {
    const { text } = await traced(hello, [], { format: 'jsonl', events: ['call', 'loop'], func: 'runtime.gopark' });
    const gopark = records(text);
    const calls = gopark.filter(({ event }) => event === 'call');
    const turns = gopark.filter(({ event }) => event === 'loop');
    expect(turns.length).toBeGreaterThan(0);
    expect(calls.filter((record) => record.event === 'call' && record.pc_b! > 0)).toHaveLength(turns.length);
  });

  test('draws goroutines as tracks, and arrows that arrive', async () => {
    const { text } = await traced(hello, [], { format: 'chrome' });
    interface Event {
      ph: string;
      name: string;
      tid: number;
      id: number;
      ts: number;
      dur: number;
      args: { name: string };
    }
    const { traceEvents } = JSON.parse(text) as { traceEvents: Event[] };
    const tracks = new Map(traceEvents.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args.name]));
    expect(tracks.get(1)).toBe('g1 runtime.main');
    expect(tracks.size).toBeGreaterThan(4);
    const slices = traceEvents.filter(({ ph, name }) => ph === 'X' && !name.includes('snapshot_preview1'));
    expect(new Set(slices.map(({ tid }) => tid)).size).toBeGreaterThan(4);
    for (const { tid, name } of slices) expect(tid === 0 ? 'scheduler' : `g${tid} ${name}`).toBe(tracks.get(tid));
    const started = new Map(traceEvents.filter(({ ph }) => ph === 's').map((event) => [event.id, event]));
    for (const end of traceEvents.filter(({ ph }) => ph === 'f')) expect(started.get(end.id)!.ts).toBeLessThanOrEqual(end.ts);
  });
});
