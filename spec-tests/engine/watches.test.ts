import { describe, expect, it } from 'vitest';
import type { LeafFunction } from '../../src/engine/host-function.js';
import type { Machine } from '../../src/engine/machine.js';
import type { Access } from '../../src/engine/watches.js';
import { i32, i64 } from '../../src/engine/value.js';
import { I32 } from '../../src/wasm/types.js';
import { compile, finish, running, type Running } from './harness.js';

/** Every way to touch a memory, over and over at addresses that wander through it. */
const { module } = compile(`(module
  (import "host" "put" (func $put (param i32)))
  (memory (export "memory") 1)
  (data $bytes "0123456789abcdef")
  (func (export "run") (param $n i32) (result i32)
    (local $p i32) (local $sum i32)
    (loop $again
      (local.set $p (i32.and (i32.mul (local.get $n) (i32.const 2654435761)) (i32.const 1023)))
      (i32.store8 (local.get $p) (local.get $n))
      (i32.store16 offset=3 (local.get $p) (local.get $n))
      (i32.store offset=8 (local.get $p) (i32.const 77))
      (i64.store offset=1 (local.get $p) (i64.extend_i32_u (local.get $n)))
      (f64.store offset=16 (local.get $p) (f64.const 1.5))
      (v128.store offset=32 (local.get $p) (i32x4.splat (local.get $n)))
      (v128.store16_lane offset=5 2 (local.get $p) (i32x4.splat (local.get $n)))
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=8 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_s offset=900 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.wrap_i64 (i64.load32_u offset=2 (local.get $p)))))
      (memory.fill (local.get $p) (i32.const 7) (i32.and (local.get $n) (i32.const 31)))
      (memory.copy (i32.sub (i32.const 1200) (local.get $p)) (local.get $p) (i32.const 40))
      (memory.init $bytes (local.get $p) (i32.const 2) (i32.const 9))
      (call $put (local.get $p))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))`);

const put: LeafFunction = { kind: 'leaf', name: 'host.put', type: { kind: 'func', params: [I32], results: [] }, call: (args, _, memory) => memory.setU64(args.u32(0) + 50, 5n) };

const LENGTH = 1400;

function start(): Running {
  const run = running(module, { put });
  run.machine.start(run.func('run'), [i32(60)]);
  return run;
}

function contents({ store }: Running): Uint8Array {
  return store.memories[0]!.u8.slice(0, LENGTH);
}

interface Seen extends Access {
  readonly clock: number;
}

/** What a watch of each byte range hears in one run. */
function heard(ranges: readonly (readonly [number, number])[]): { seen: Seen[][]; results: unknown; clock: number } {
  const run = start();
  const seen: Seen[][] = ranges.map(() => []);
  ranges.forEach(([address, length], i) => {
    const fire = (machine: Machine, access: Access): void => void seen[i]!.push({ ...access, clock: machine.clock });
    run.machine.probes.onWrite(0, address, length, fire);
    run.machine.probes.onRead(0, address, length, fire);
  });
  const results = finish(run.machine, run.machine.run());
  return { seen, results, clock: run.machine.clock };
}

describe('watches', () => {
  it('hear of every change of the memory, at its instruction', () => {
    const { seen } = heard([[0, LENGTH]]);
    const run = start();
    let before = contents(run);
    for (;;) {
      const { clock } = run.machine;
      const stop = run.machine.step();
      const after = contents(run);
      const writes = seen[0]!.filter((access) => access.kind === 'write' && (access.host ? access.clock === clock + 1 : access.clock === clock));
      for (let at = 0; at < LENGTH; at++) {
        if (before[at] === after[at]) continue;
        expect(writes.some(({ address, length }) => address <= at && at < address + length), `byte ${at} at clock ${clock}`).toBe(true);
      }
      before = after;
      if (stop.kind !== 'limit') break;
    }
  });

  it('hear of what meets their bytes and of nothing else, whatever else is watched', () => {
    const all = heard([[0, LENGTH]]).seen[0]!;
    expect(new Set(all.map(({ kind, host }) => `${kind} ${host}`))).toEqual(new Set(['read false', 'write false', 'write true']));
    for (const [address, length] of [[100, 1], [511, 4], [0, 3], [1000, 64], [1390, 10]] as const) {
      const expected = all.filter((access) => access.address < address + length && address < access.address + access.length);
      expect(heard([[address, length]]).seen[0]).toEqual(expected);
      expect(heard([[address, length], [700, 2]]).seen[0]).toEqual(expected);
    }
  });

  it('change nothing of the run', () => {
    const bare = start();
    const results = finish(bare.machine, bare.machine.run());
    const watched = heard([[64, 8]]);
    expect(watched.results).toEqual(results);
    expect(watched.clock).toBe(bare.machine.clock);
  });

  it('stop before the instruction, and after the host', () => {
    const run = start();
    const { machine } = run;
    const accesses: Access[] = [];
    machine.probes.onWrite(0, 300, 20, (_, access) => {
      accesses.push(access);
      return 'stop';
    });
    for (let stop = machine.run(); stop.kind !== 'returned'; stop = machine.run()) {
      expect(stop.kind).toBe('probe');
      const { host, address, length } = accesses.at(-1)!;
      const before = contents(run).slice(address, address + length);
      const [frame] = machine.frames(1);
      expect(frame?.kind).toBe('wasm');
      if (host) expect(before).toEqual(Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0));
    }
    expect(accesses).toEqual(heard([[300, 20]]).seen[0]!.filter(({ kind }) => kind === 'write').map((access) => ({ ...access, clock: undefined })));
  });

  it('are silent while muted, and gone when removed', () => {
    const run = start();
    let count = 0;
    const probe = run.machine.probes.onWrite(0, 0, LENGTH, () => void count++);
    run.machine.run(100);
    const first = count;
    expect(first).toBeGreaterThan(0);
    run.machine.probes.muted = true;
    run.machine.run(200);
    expect(count).toBe(first);
    run.machine.probes.muted = false;
    run.machine.run(300);
    expect(count).toBeGreaterThan(first);
    probe.remove();
    const last = count;
    finish(run.machine, run.machine.run());
    expect(count).toBe(last);
  });

  it.each(['interp', 'compiled', 'auto'] as const)('come and go in the middle of calls, of either kind (%s)', (tier) => {
    const program = compile(`(module (memory 1)
      (func $down (export "run") (param $n i32) (result i64)
        (i32.store (i32.shl (local.get $n) (i32.const 2)) (i32.mul (local.get $n) (i32.const 7)))
        (i64.add
          (i64.load32_u (i32.shl (local.get $n) (i32.const 2)))
          (i64.add
            (if (result i64) (local.get $n)
              (then (call $down (i32.sub (local.get $n) (i32.const 1))))
              (else (memory.copy (i32.const 300) (i32.const 200) (i32.const 40)) (i64.const 1)))
            (block (result i64) (i32.store16 offset=2 (i32.shl (local.get $n) (i32.const 2)) (i32.const 3)) (i64.load32_u (i32.shl (local.get $n) (i32.const 2))))))))`).module;
    const from = 100;
    const length = 150;
    /** Which of them is watched for, by the number of the stretch. */
    const watchesIn = (stretch: number): readonly Access['kind'][] => ([[], ['write'], [], ['read'], ['write', 'read'], ['read', 'write']] as const)[stretch % 6]!;
    interface Heard extends Pick<Access, 'kind' | 'address'> {
      readonly clock: number;
    }
    const play = (clocks: number, watches: (stretch: number) => readonly Access['kind'][]): { seen: Heard[]; state: string } => {
      const run = running(program, {}, { tier, patience: tier === 'auto' ? 1e-3 : undefined });
      const { machine } = run;
      run.call('run', i32(90));
      const seen: Heard[] = [];
      const fire = (_: Machine, { kind, address }: Access): void => void seen.push({ kind, address, clock: machine.clock });
      machine.start(run.func('run'), [i32(90)]);
      for (let stop; stop?.kind !== 'returned'; ) {
        const stretch = Math.floor(machine.clock / clocks);
        const { probes } = machine;
        const set = watches(stretch).map((kind) => (kind === 'read' ? probes.onRead(0, from, length, fire) : probes.onWrite(0, from, length, fire)));
        stop = machine.run((stretch + 1) * clocks);
        for (const probe of set) probe.remove();
      }
      return { seen, state: machine.hash() };
    };
    const all = play(1e9, () => ['write', 'read']);
    expect(all.seen.length).toBeGreaterThan(100);
    for (const clocks of [37, 150, 777]) {
      const some = play(clocks, watchesIn);
      // Where a run stops, the watches of the next instruction may have fired.
      const within = ({ clock }: Heard): boolean => clock % clocks > 0;
      expect(some.seen.filter(within)).toEqual(all.seen.filter((one) => within(one) && watchesIn(Math.floor(one.clock / clocks)).includes(one.kind)));
      expect(some.state).toBe(all.state);
    }
  });

  it('know memories by their addresses, and 64-bit ones', () => {
    const two = compile(`(module (memory i64 1) (memory $b 1)
      (func (export "run") (param i64)
        (i64.store (local.get 0) (i64.const 1))
        (i32.store $b (i32.const 40) (i32.const 2))
        (i64.store offset=4294967296 (local.get 0) (i64.const 1))))`).module;
    const run = running(two);
    const seen: string[] = [];
    for (const memory of [0, 1]) run.machine.probes.onWrite(memory, 40, 1, (machine, access) => void seen.push(`${memory} ${access.address} ${machine.clock}`));
    expect(() => run.call('run', i64(36n))).toThrow('out of bounds');
    expect(seen).toEqual(['0 36 2', '1 40 5']);
  });
});
