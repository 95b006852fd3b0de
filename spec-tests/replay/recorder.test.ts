import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LeafFunction } from '../../src/engine/host-function.js';
import { BufferedInput } from '../../src/host/io.js';
import { type Outcome, Program, type ProgramOptions } from '../../src/program/program.js';
import { Recorder } from '../../src/replay/recorder.js';
import { Recording } from '../../src/replay/recording.js';
import type { Module } from '../../src/wasm/module.js';
import { F32, I32 } from '../../src/wasm/types.js';
import { compile } from '../engine/harness.js';
import { recordBusy } from '../support/busy.js';
import { record } from '../support/recorded.js';
import { testModule } from '../support/traced.js';

/** The stream of events, without the pieces in which it was written out. */
function streamOf(file: Uint8Array): Uint8Array {
  const recording = Recording.read(file);
  expect(recording.damage).toBeUndefined();
  expect(recording.complete).toBe(recording.length);
  return recording.bytes.slice(0, recording.length);
}

async function busy(tier: ProgramOptions['tier']): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await recordBusy({ tier, sink: (bytes) => void pieces.push(bytes.slice()) });
  return new Uint8Array(Buffer.concat(pieces));
}

describe('the same run', () => {
  it('is the same stream of events in either tier and at any speed', async () => {
    expect(streamOf(await busy('compiled'))).toEqual(streamOf(await busy('interp')));
    for (const [name, args] of [['go1.27-wasip1', ['channels']], ['go1.27-js', ['js-callbacks']]] as const) {
      const [a, b] = [await record(testModule(name), args, { tier: 'interp' }), await record(testModule(name), args, { tier: 'compiled' })];
      expect(Buffer.compare(streamOf(a.file), streamOf(b.file))).toBe(0);
    }
  });

  it('has its checkpoints at the same clock values, however slowly it is recorded', async () => {
    const streams: Uint8Array[] = [];
    for (const perMs of [20_000, 500_000]) {
      const { chunks } = await recordAt(() => perMs, spinning, 60_000_000);
      streams.push(streamOf(new Uint8Array(Buffer.concat(chunks.map(({ bytes }) => bytes)))));
    }
    expect(streams[0]).toEqual(streams[1]);
  });
});

it('writes of results only what they mean, whatever the cells held before', () => {
  const recorded = (left: string): Uint8Array => {
    const { module } = compile(`(module
      (import "host" "pair" (func $pair (result i32 f32)))
      (func $wide (param i64) (result i64 i64) (local.get 0) (local.get 0))
      (func (export "run") (call $wide (i64.const ${left})) drop drop (call $pair) drop drop))`);
    const pieces: Uint8Array[] = [];
    const pair: LeafFunction = {
      kind: 'leaf',
      type: { kind: 'func', params: [], results: [I32, F32] },
      name: 'host.pair',
      call: (_, results) => {
        results.setI32(0, 7);
        results.setF32(1, 0.5);
      },
    };
    const streams = { stdin: new BufferedInput(new Uint8Array()), isTerminal: () => false, write: () => {} };
    const base: ProgramOptions = { world: { args: ['program'], clock: 'virtual', random: 0, streams }, imports: () => pair };
    const recorder = new Recorder(base, { module: '', path: '', settings: '{}' }, (bytes) => void pieces.push(bytes.slice()));
    const program = new Program(module, recorder.options);
    recorder.attach(program);
    program.invoke('run', []);
    recorder.end(recorder.advance() as Outcome);
    return streamOf(new Uint8Array(Buffer.concat(pieces)));
  };
  expect(recorded('-1')).toEqual(recorded('1'));
});

/** Computes, and asks now and then for random data. */
const spinning = spinner(1 << 20);
function spinner(between: number): Module {
  return compile(`(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 40)
    (func (export "_start") (local $i i32)
      (loop $again
        (if (i32.eqz (i32.rem_u (local.get $i) (i32.const ${between}))) (then (drop (call $random (i32.const 8) (i32.const 65536)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again))))`).module;
}

interface Chunk {
  readonly bytes: Uint8Array;
  /** When it was written, in milliseconds. */
  readonly at: number;
}

/**
 * Records up to a clock value on a machine that we pretend to have: at a moment it runs `speed` instructions in a
 * millisecond, and nothing else takes time but each call of the host `callMs`.
 */
async function recordAt(speed: (clock: number) => number, module: Module, limit: number, callMs = 0): Promise<{ readonly chunks: Chunk[]; readonly ended: number }> {
  let now = 0;
  let last = 0;
  let program: Program | undefined = undefined;
  const advance = (): number => {
    const clock = (program as Program | undefined)?.machine.clock ?? 0;
    for (; last < clock; last = Math.min(clock, last + 100_000)) now += Math.min(clock - last, 100_000) / speed(last);
    return now;
  };
  vi.spyOn(performance, 'now').mockImplementation(advance);
  const chunks: Chunk[] = [];
  const base: ProgramOptions = {
    world: { args: ['program'], streams: { stdin: new BufferedInput(new Uint8Array()), write: () => {}, isTerminal: () => false }, clock: 'virtual', random: 1 },
    wrap: (host) => {
      if (host.kind !== 'leaf') return host;
      const call: typeof host.call = (args, results, memory) => {
        now += callMs;
        host.call(args, results, memory);
      };
      return { ...host, call };
    },
  };
  const recorder = new Recorder(base, { module: '', path: '', settings: '{}' }, (bytes) => void chunks.push({ bytes: bytes.slice(), at: advance() }));
  program = new Program(module, recorder.options);
  recorder.attach(program);
  program.start();
  recorder.end(await recorder.run(limit));
  return { chunks, ended: advance() };
}

describe('a recording is written out', () => {
  afterEach(() => void vi.restoreAllMocks());

  const longest = ({ chunks, ended }: { readonly chunks: readonly Chunk[]; readonly ended: number }): number =>
    Math.max(...[...chunks.map(({ at }) => at), ended].map((at, i, all) => at - (all[i - 1] ?? 0)));

  it('every 100 ms, at whatever speed the guest runs', async () => {
    expect(longest(await recordAt(() => 200_000, spinning, 4e7))).toBeLessThan(100);
    expect(longest(await recordAt(() => 2000, spinning, 4e6))).toBeLessThan(100);
    // A guest that becomes slower by half from one moment to the next.
    expect(longest(await recordAt((clock) => (clock < 2e7 ? 200_000 : 100_000), spinning, 4e7))).toBeLessThan(100);
  });

  it('every 100 ms, also where the time is spent in the host', async () => {
    expect(longest(await recordAt(() => 200_000, spinner(1000), 2e6, 0.5))).toBeLessThan(100);
    expect(longest(await recordAt(() => 200_000, spinner(1000), 2e6, 12))).toBeLessThan(100);
  });

  it('every megabyte', async () => {
    const { chunks } = await recordAt(() => 200_000, spinner(100), 2e6);
    expect(chunks.length).toBeGreaterThan(100);
    expect(Math.max(...chunks.map(({ bytes }) => bytes.length))).toBeLessThan(1 << 20);
  });

  it('before output is shown', async () => {
    const file: Uint8Array[] = [];
    let shown = 0;
    await recordBusy({
      sink: (bytes) => void file.push(bytes.slice()),
      write: (fd, bytes) => {
        const outputs = Array.from(Recording.read(new Uint8Array(Buffer.concat(file))).unfinishedOutput());
        expect(outputs.map((output) => ({ fd: output.fd, bytes: [...output.bytes] }))).toEqual([{ fd, bytes: [...bytes] }]);
        shown++;
      },
    });
    expect(shown).toBe(12);
  });
});
