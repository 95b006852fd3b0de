import { describe, expect, it } from 'vitest';
import { i32 } from '../../src/engine/value.js';
import { Program } from '../../src/program/program.js';
import { hashOf } from '../../src/replay/digest.js';
import { Cancelled } from '../../src/replay/position.js';
import { Recorder } from '../../src/replay/recorder.js';
import { Recording } from '../../src/replay/recording.js';
import { Replay } from '../../src/replay/replay.js';
import { Timeline, type TimelineOptions } from '../../src/replay/timeline.js';
import { BufferedInput } from '../../src/host/io.js';
import { compile } from '../engine/harness.js';
import { record } from '../support/recorded.js';

/** Touches one word of each of 32 pages in turn, with random data from the host every 1024 rounds. */
const { module } = compile(`(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 32)
  (func $write (param $at i32) (param $value i32)
    (i32.store (local.get $at) (local.get $value)))
  (func (export "run") (param $n i32) (result i32)
    (local $i i32)
    (loop $again
      (if (i32.eqz (i32.and (local.get $i) (i32.const 1023)))
        (then (drop (call $random (i32.const 8) (i32.const 4)))))
      (call $write
        (i32.add (i32.const 64) (i32.shl (i32.and (i32.shr_u (local.get $i) (i32.const 12)) (i32.const 31)) (i32.const 16)))
        (i32.add (local.get $i) (i32.load (i32.const 8))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.load (i32.const 8))))`);

const ROUNDS = 400_000;

async function recording(): Promise<Recording> {
  const { file } = await record(module, [], { real: true, prepare: (program) => program.invoke('run', [i32(ROUNDS)]) });
  return Recording.read(file);
}
const known = recording();

async function timeline(options: TimelineOptions = {}): Promise<Timeline> {
  return new Timeline(new Replay(module, await known), options);
}
const functionAt = (line: Timeline, index: number): number => line.replay.instance.funcs[index]!;

describe('the timeline', () => {
  it('goes anywhere, to the same states, within its budget', async () => {
    const [wide, narrow] = [await timeline(), await timeline({ memoryBudget: 3 << 20, spacing: 300_000 })];
    const end = wide.edge;
    await narrow.goto(end);
    for (let i = 0; i < 12; i++) {
      const clock = Math.floor(((i * 7919) % 1000) * (end / 1000));
      await wide.goto(clock);
      await narrow.goto(clock);
      expect(narrow.position).toEqual(wide.position);
      expect(narrow.position.clock).toBe(clock);
      expect(narrow.hash).toBe(wide.hash);
    }
    expect(narrow.snapshots.bytes).toBeLessThanOrEqual(3 << 20);
    expect(narrow.snapshots.clocks.length).toBeGreaterThan(1);
  });

  it('goes anywhere within a budget in which not even the end has room', async () => {
    const [wide, tight] = [await timeline(), await timeline({ memoryBudget: 200_000, spacing: 300_000 })];
    const end = wide.edge;
    for (const clock of [end, Math.floor(end / 3), end - 1, 5, Math.floor(end / 2)]) {
      await wide.goto(clock);
      await tight.goto(clock);
      expect(tight.position).toEqual(wide.position);
      expect(tight.hash).toBe(wide.hash);
      expect(tight.snapshots.bytes).toBeLessThanOrEqual(200_000);
    }
  });

  it('takes memory that nothing has been written to for nothing', async () => {
    const line = await timeline();
    expect(line.replay.store.memories[0]!.byteLength).toBe(32 << 16);
    expect(line.snapshots.bytes).toBeLessThan(1 << 16);
  });

  it('steps back by one instruction, also at the end', async () => {
    const line = await timeline();
    await line.goto(line.edge);
    const end = line.hash;
    const before = await line.stepBack();
    expect(before.clock).toBe(line.edge - 1);
    expect(line.hash).not.toBe(end);
    await line.goto(line.edge);
    expect(line.hash).toBe(end);
    await line.goto(0);
    expect((await line.stepBack()).clock).toBe(0);
  });

  it('runs to a probe and back to the one before', async () => {
    const line = await timeline();
    const hits: number[] = [];
    const probe = line.machine.probes.atEntry(functionAt(line, 1), ({ clock }) => {
      hits.push(clock);
      return hits.length % 1000 === 0 ? 'stop' : undefined;
    });
    expect((await line.run()).kind).toBe('probe');
    const first = line.position;
    expect((await line.run()).kind).toBe('probe');
    const second = line.position;
    expect(second.clock).toBe(hits[1999]);
    probe.remove();

    line.machine.probes.at(functionAt(line, 1), line.machine.frames(1)[0]!.kind === 'wasm' ? offsetOf(line) : 0, ({ clock }) => (clock === first.clock ? 'stop' : undefined));
    const back = await line.runBack();
    expect(back?.position).toEqual(first);
    expect(line.position).toEqual(first);
    expect(await line.runBack()).toBeUndefined();
    expect(line.position).toEqual(first);
  });

  it('knows who wrote last: the guest, and the host for it', async () => {
    const line = await timeline({ spacing: 300_000 });
    // Of 4096 rounds in a row each writes this word; the page comes up again every 32 × 4096.
    const round = 3 * 4096 + 4095 + 2 * 32 * 4096;
    const address = 64 + (3 << 16);
    await line.goto(line.edge);
    const last = await line.lastWriter(address, 4);
    expect(last).toMatchObject({ func: functionAt(line, 1), host: false });
    expect(line.position.clock).toBe(line.edge);
    await line.goto(last!.position.clock);
    const [frame] = line.machine.frames(1);
    expect(frame).toMatchObject({ func: last!.func, offset: last!.offset, locals: [i32(address), {}] });
    const base = line.replay.store.memories[0]!.view.getInt32(8, true);
    expect((frame as unknown as { locals: { i32: number }[] }).locals[1]!.i32).toBe((round + base) | 0);

    // In each 32 × 4096 rounds this page is written for 4096 of them.
    expect(line.changedShare(address, 4)).toBeGreaterThan(0);
    expect(line.changedShare(address, 4)).toBeLessThan(0.5);
    expect(line.changedShare(0, 4)).toBe(1);
    expect(line.changedShare(100 << 16, 4)).toBe(0);

    const host = await line.lastWriter(8, 4);
    expect(host).toMatchObject({ func: functionAt(line, 2), host: true });
    expect(await line.lastWriter(0, 4, { thorough: true })).toBeUndefined();
  });

  it('takes snapshots near enough to each other to be searched, however fast the code is', async () => {
    const loop = compile(`(module (memory (export "memory") 1)
      (func (export "run") (param $n i32) (result i32)
        (loop $again
          (i32.store (i32.and (local.get $n) (i32.const 0xfffc)) (local.get $n))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $n)))`).module;
    const { file } = await record(loop, [], { real: true, prepare: (program) => program.invoke('run', [i32(40_000_000)]) });
    const line = new Timeline(new Replay(loop, Recording.read(file)));
    await line.goto(line.edge);
    const clocks = [...line.snapshots.clocks, line.edge];
    // As many instructions as the first ones may have been paced by, and half as many again where the next is near.
    for (let i = 1; i < clocks.length; i++) expect(clocks[i]! - clocks[i - 1]!).toBeLessThanOrEqual(80_000_000);
  });

  it('finds the last writer in a long interval by way of more snapshots', async () => {
    // Each million rounds another page.
    const pages = compile(`(module (memory (export "memory") 16)
      (func (export "run") (param $n i32) (result i32)
        (loop $again
          (i32.store (i32.shl (i32.div_u (local.get $n) (i32.const 1000000)) (i32.const 14)) (local.get $n))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $n)))`).module;
    const { file } = await record(pages, [], { real: true, prepare: (program) => program.invoke('run', [i32(18_000_000)]) });
    const line = new Timeline(new Replay(pages, Recording.read(file)), { spacing: 1e12 });
    await line.goto(line.edge);
    const end = line.hash;
    expect(line.snapshots.clocks).toHaveLength(1);
    const last = await line.lastWriter((6 << 14) + 1, 1);
    expect(line.snapshots.clocks.length).toBeGreaterThan(3);
    expect(line.hash).toBe(end);
    expect(await line.lastWriter((6 << 14) + 1, 1, { thorough: true })).toEqual(last);
    expect(line.machine.clock - last!.position.clock).toBeGreaterThan(50_000_000);
    await line.goto(last!.position.clock + 1);
    expect(line.replay.store.memories[0]!.view.getInt32(6 << 14, true)).toBe(6_000_000);
    // Nobody has written to the last page but one.
    expect(await line.lastWriter(30 << 14, 4)).toBeUndefined();
  });

  it('finds the last writer of what is written all the time, for a while', async () => {
    const bursts = compile(`(module (memory (export "memory") 1)
      (func (export "run") (param $n i32)
        (loop $again
          (if (i32.lt_u (i32.and (i32.mul (i32.shr_u (local.get $n) (i32.const 12)) (i32.const 5)) (i32.const 7)) (i32.const 3))
            (then (i32.store (i32.const 64) (local.get $n))))
          (if (i32.eq (i32.and (local.get $n) (i32.const 16383)) (i32.const 77)) (then (i64.store (i32.const 128) (i64.extend_i32_u (local.get $n)))))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`).module;
    const { file } = await record(bursts, [], { real: true, prepare: (program) => program.invoke('run', [i32(150_000)]) });
    const line = new Timeline(new Replay(bursts, Recording.read(file)), { spacing: 700_000 });
    const written: Record<number, number[]> = { 64: [], 128: [] };
    const probes = [64, 128].map((address) => line.machine.probes.onWrite(0, address, 4, ({ clock }) => void written[address]!.push(clock)));
    await line.run();
    for (const probe of probes) probe.remove();
    expect(written[64]!.length).toBeGreaterThan(40_000);
    for (let i = 1; i <= 12; i++) {
      const now = Math.floor((line.edge * i) / 12.01);
      await line.goto(now);
      for (const address of [64, 128]) {
        const last = await line.lastWriter(address, 4, { thorough: i % 2 === 0 });
        expect(last?.position.clock, `before ${now}`).toBe(written[address]!.findLast((clock) => clock < now));
        expect(line.position.clock).toBe(now);
      }
    }
  });

  it('gives up a search when it is told to, and is where it was', async () => {
    const line = await timeline({ spacing: 300_000 });
    await line.goto(1000);
    await expect(line.goto(line.edge, { cancelled: () => true })).rejects.toThrow(Cancelled);
    expect(line.position.clock).toBe(1000);
    const shares: number[] = [];
    await line.goto(line.edge, { progress: (done) => void shares.push(done) });
    expect(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1)).toBe(true);
  });

  it('grows with a session that is still going on', async () => {
    const chunks: Uint8Array[] = [];
    let growing: Recording | undefined;
    const recorder = new Recorder(
      { world: { args: [], streams: { stdin: new BufferedInput(new Uint8Array()), write: () => {}, isTerminal: () => false }, clock: 'virtual', random: 1 } },
      { module: '', path: '', settings: '{}' },
      (bytes) => (growing === undefined ? void chunks.push(bytes.slice()) : void growing.append(bytes)),
    );
    const program = new Program(module, recorder.options);
    recorder.attach(program);
    growing = Recording.read(new Uint8Array(Buffer.concat(chunks)));
    program.invoke('run', [i32(20_000)]);
    let more = true;
    const line = new Timeline(new Replay(module, growing), {
      live: {
        extend: async () => {
          if (!more) return false;
          const progress = recorder.advance(program.machine.clock + 50_000);
          more = progress.kind === 'stopped';
          if (progress.kind === 'returned') recorder.end(progress);
          recorder.flush();
          return true;
        },
      },
    });
    await line.goto(120_000);
    expect(line.position.clock).toBe(120_000);
    const early = line.hash;
    expect(program.machine.clock).toBeLessThan(200_000);
    expect(await line.run()).toEqual({ kind: 'edge' });
    expect(line.position.clock).toBe(program.machine.clock);
    expect(line.replay.outcome?.kind).toBe('returned');
    expect(await line.hashAt(120_000)).toBe(early);
    expect(hashOf(line.digest)).toBe(line.hash);
  });
});

function offsetOf(line: Timeline): number {
  const [frame] = line.machine.frames(1);
  return frame?.kind === 'wasm' ? frame.offset : 0;
}
