import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/engine/machine.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/engine/snapshot.js';
import type { StopReason } from '../../src/engine/stop-reason.js';
import { f32, f64, i32, i64, type Value } from '../../src/engine/value.js';
import { WASM_3, withFeatures } from '../../src/wasm/features.js';
import { type Flavour, randomModule } from './generate.js';
import { compile, Dice, type Exports, hostExports, hostKnows, type Running, running as runningWith, show } from './harness.js';

/**
 * Random programs: the host's own engine, fused code, exact code, and every way of changing between the two must agree
 * on results, traps, memory, clock and whole state.
 */
const LEGACY = withFeatures(WASM_3, 'legacy-exceptions');
interface Family {
  readonly flavour: Flavour;
  readonly seeds: number;
  /** Does the host's own engine know what these programs are made of? */
  readonly comparable: boolean;
}
const FAMILIES: readonly Family[] = [
  { flavour: {}, seeds: 40, comparable: true },
  { flavour: { vectors: true }, seeds: 16, comparable: true },
  { flavour: { exceptions: 'standard' }, seeds: 24, comparable: hostKnows('(module (func (param exnref)))') },
  { flavour: { exceptions: 'legacy' }, seeds: 24, comparable: hostKnows('(module (func (try (do) (catch_all))))', LEGACY) },
  { flavour: { wide: true }, seeds: 16, comparable: hostKnows('(module (memory i64 1) (memory 1) (table i64 1 funcref))') },
];
const flavours = new Map<number, Flavour>();
const incomparable = new Set<number>();
FAMILIES.forEach(({ flavour, seeds, comparable }, family) => {
  for (let i = 0; i < seeds; i++) {
    const seed = 1000 + family * 20_000 + i * 77;
    flavours.set(seed, flavour);
    if (!comparable) incomparable.add(seed);
  }
});
const SEEDS = [...flavours.keys()];

function program(seed: number): ReturnType<typeof compile> {
  const flavour = flavours.get(seed)!;
  return compile(randomModule(seed, flavour), flavour.exceptions === 'legacy' ? LEGACY : WASM_3);
}

/** Exceptions are objects: a small heap collects some. */
function running(module: Parameters<typeof runningWith>[0]): Running {
  return runningWith(module, {}, { collectEvery: 128 });
}

function args(dice: Dice): { ours: Value[]; theirs: unknown[] } {
  const [a, b, c, d] = [dice.next() | 0, BigInt.asIntN(64, BigInt(dice.next()) * 0x1_0000_0001n), dice.next() / 1000, Math.fround(dice.below(1000) / 8)];
  return { ours: [i32(a), i64(b), f64(c), f32(d)], theirs: [a, b, c, d] };
}

function describeStop(machine: Machine, stop: StopReason): string {
  if (stop.kind === 'returned') return stop.results.map((value) => show(value, false)).join(' ');
  if (stop.kind === 'trap') return `trap ${stop.error.message}`;
  return `${stop.kind} at ${machine.clock}`;
}

interface HostException {
  is(tag: unknown): boolean;
  getArg(tag: unknown, index: number): unknown;
}

/** As `describeStop` tells it. A float that was thrown is left out: its bits cannot be had. */
function hostFailure(error: unknown, exports: Exports): string {
  if (error instanceof Error || 'e0' in exports === false) return hostTrap(error);
  const thrown = error as HostException;
  if (thrown.is(exports['e0'])) return 'trap tag 0';
  if (thrown.is(exports['e1'])) return `trap tag 1 with i32 ${String(thrown.getArg(exports['e1'], 0))}`;
  return `trap tag 2 with i64 ${String(thrown.getArg(exports['e2'], 0))}, f64, i32 ${String(thrown.getArg(exports['e2'], 2))}`;
}

function hostTrap(error: unknown): string {
  const text = String(error);
  const known: [RegExp, string][] = [
    [/divide by zero|remainder by zero/, 'integer divide by zero'],
    [/divide result unrepresentable/, 'integer overflow'],
    [/memory access out of bounds/, 'out of bounds memory access'],
    [/table index is out of bounds/, 'undefined element'],
    [/function signature mismatch|dereferencing a null pointer/, 'uninitialized element'],
    [/rethrowing null value/, 'null exception reference'],
  ];
  return `trap ${known.find(([pattern]) => pattern.test(text))?.[1] ?? text}`;
}

function startRandom(seed: number, run: Running): void {
  run.machine.start(run.func('f0'), args(new Dice(seed)).ours);
}

describe('random programs', () => {
  const compared = SEEDS.filter((seed) => !incomparable.has(seed));
  if (incomparable.size > 0) it.skip(`SKIPPED: ${incomparable.size} programs that this Node's own engine does not know`, () => {});

  it.each(compared)('seed %i: like the host engine', (seed) => {
    const { bytes, module } = program(seed);
    const host = hostExports(bytes);
    const ours = running(module);
    const dice = new Dice(seed);
    for (const name of ['f0', 'f1', 'f0']) {
      const { ours: values, theirs } = args(dice);
      host['refuel']!();
      ours.call('refuel');
      let expected: string;
      try {
        expected = `i32:${host[name]!(...theirs) as number}`;
      } catch (error) {
        expected = hostFailure(error, host);
      }
      ours.machine.start(ours.func(name), values);
      const stop = ours.machine.run();
      expect(describeStop(ours.machine, stop)
        .replace(/uninitialized element.*|indirect call type.*/, 'uninitialized element').replace(/f64 [^,]+/, 'f64')).toBe(expected);
      if (stop.kind === 'trap') ours.machine.abandon();
      const theirMemory = new Uint8Array(host.memory!.buffer);
      expect(Buffer.compare(ours.store.memories[0]!.u8, theirMemory)).toBe(0);
    }
  });

  it.each(SEEDS)('seed %i: fused and exact code agree', (seed) => {
    const { module } = program(seed);
    const fused = running(module);
    startRandom(seed, fused);
    const fusedStop = describeStop(fused.machine, fused.machine.run());

    const exact = running(module);
    let steps = 0;
    exact.machine.probes.everyInstruction(() => void steps++);
    startRandom(seed, exact);
    const exactStop = describeStop(exact.machine, exact.machine.run());

    expect(exactStop).toBe(fusedStop);
    expect(exact.machine.clock).toBe(fused.machine.clock);
    expect(steps).toBe(exact.machine.clock);
    expect(exact.machine.frames()).toEqual(fused.machine.frames());
    expect(exact.machine.hash()).toBe(fused.machine.hash());
  });

  it.each(SEEDS)('seed %i: stopping anywhere and going on, or in a restored copy, changes nothing', (seed) => {
    const { module } = program(seed);
    const straight = running(module);
    startRandom(seed, straight);
    const expected = describeStop(straight.machine, straight.machine.run());
    const { clock } = straight.machine;
    const hash = straight.machine.hash();

    const dice = new Dice(seed + 1);
    const sliced = running(module);
    startRandom(seed, sliced);
    // Long slices run fused for the most part, short ones are all exact.
    for (let at = 0; ; ) {
      at += dice.chance(30) ? 2000 + dice.below(3000) : 1 + dice.below(40);
      const stop = sliced.machine.run(at);
      if (stop.kind !== 'limit') {
        expect(describeStop(sliced.machine, stop)).toBe(expected);
        break;
      }
      expect(sliced.machine.clock).toBe(at);
      if (!dice.chance(20)) continue;
      const snapshot = sliced.machine.snapshot();
      const other = running(module);
      other.machine.restore(decodeSnapshot(encodeSnapshot(snapshot)));
      expect(other.machine.hash()).toBe(sliced.machine.hash());
      expect(describeStop(other.machine, other.machine.run())).toBe(expected);
      expect(other.machine.clock).toBe(clock);
      expect(other.machine.hash()).toBe(hash);
    }
    expect(sliced.machine.clock).toBe(clock);
    expect(sliced.machine.hash()).toBe(hash);
  });

  it.each(SEEDS)('seed %i: probes see the same state and change nothing', (seed) => {
    const { module } = program(seed);
    const straight = running(module);
    // What instructions look like in exact code, as far as that is quick.
    const seen = new Map<number, string>();
    straight.machine.probes.everyInstruction((machine) => {
      if (machine.clock > 1500) return 'stop';
      seen.set(machine.clock, view(machine));
      return undefined;
    });
    startRandom(seed, straight);
    straight.machine.run();
    const reference = running(module);
    startRandom(seed, reference);
    const expected = describeStop(reference.machine, reference.machine.run());
    const offsets = [...new Set([...seen.values()].map((text) => JSON.parse(text).offset as number))];

    const dice = new Dice(seed + 2);
    const probed = running(module);
    startRandom(seed, probed);
    let fired = 0;
    const funcs = probed.store.funcs.length;
    const check = (machine: Machine): void | 'stop' => {
      fired++;
      if (machine.clock <= 1500) expect(view(machine)).toBe(seen.get(machine.clock));
      // Probes also come while functions are on the stack.
      if (dice.chance(30)) add();
      if (dice.chance(30)) return 'stop';
    };
    let added = 0;
    const add = (): void => {
      if (added++ > 12) return;
      const offset = dice.of(offsets);
      for (let func = 0; func < funcs; func++) {
        const instance = probed.store.funcs[func]!;
        if (instance.kind !== 'wasm') continue;
        const { body } = module.funcs[instance.index]!;
        if (offset >= body.offset && offset < body.end) probed.machine.probes.at(func, offset, check);
      }
    };
    add();
    add();
    let stop = probed.machine.run();
    while (stop.kind === 'probe') stop = probed.machine.run();
    expect(describeStop(probed.machine, stop)).toBe(expected);
    expect(probed.machine.clock).toBe(reference.machine.clock);
    expect(probed.machine.hash()).toBe(reference.machine.hash());
    expect(fired).toBeGreaterThan(0);
  });
});

function view(machine: Machine): string {
  return JSON.stringify(machine.frames()[0], bigints);
}

function bigints(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  return value !== null && typeof value === 'object' && 'droppedDatas' in value ? 'instance' : value;
}
