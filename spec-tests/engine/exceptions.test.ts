import { describe, expect, it } from 'vitest';
import { Driver } from '../../src/engine/drive.js';
import { Exhaustion, Trap, UncaughtException } from '../../src/engine/errors.js';
import type { HostFunction } from '../../src/engine/host-function.js';
import { instantiate } from '../../src/engine/instance.js';
import { Machine } from '../../src/engine/machine.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/engine/snapshot.js';
import { type Extern, type Instance, Store } from '../../src/engine/store.js';
import { i32, i64, type Value } from '../../src/engine/value.js';
import { WASM_3, withFeatures } from '../../src/wasm/features.js';
import type { FuncType } from '../../src/wasm/types.js';
import { compile, running, type Running } from './harness.js';

/** Exceptions beyond single instances, and what a stop in the middle of them shows. The official suite has the rest. */

const NO_TYPE: FuncType = { kind: 'func', params: [], results: [] };

function watched(run: Running): Running {
  run.machine.probes.everyInstruction(() => undefined);
  return run;
}

const BOTH = [
  ['fused', (run: Running) => run],
  ['exact', watched],
] as const;

describe.each(BOTH)('in %s code', (_, prepare) => {
  it('counts what throws, and nothing for the handler', () => {
    const run = prepare(
      running(
        compile(`(module (tag $e (param i32))
          (func (export "f") (result i32)
            (block (result i32) (try_table (catch $e 0) (throw $e (i32.const 7))) (i32.const 1))))`).module,
      ),
    );
    expect(run.call('f')).toEqual([i32(7)]);
    // try_table, i32.const, throw
    expect(run.machine.clock).toBe(3);
  });

  it('unwinds any number of frames', () => {
    const run = prepare(
      running(
        compile(`(module (tag $e (param i64))
          (func $down (param i32) (if (i32.eqz (local.get 0)) (then (throw $e (i64.const 5)))) (call $down (i32.sub (local.get 0) (i32.const 1))))
          (func (export "f") (param i32) (result i64)
            (block $h (result i64) (try_table (catch $e $h) (call $down (local.get 0))) (i64.const 1))))`).module,
      ),
    );
    expect(run.call('f', i32(5000))).toEqual([i64(5n)]);
    expect(run.machine.frames()).toEqual([]);
  });

  it('shows what nothing catches where it was thrown, also in a restored copy', () => {
    const { module } = compile(`(module (tag $e (param i32 i64)) (tag $other)
      (func $g (param i32) (i32.const 9) (throw $e (local.get 0) (i64.const 8)) drop)
      (func (export "f") (try_table (catch $other 0) (call $g (i32.const 7)))))`);
    const { machine, func } = prepare(running(module));
    machine.start(func('f'), []);
    const stop = machine.run();
    const expected = { name: 'UncaughtException', message: 'tag 0 with i32 7, i64 8', exception: { tag: 0, values: [i32(7), i64(8n)] } };
    expect(stop).toMatchObject({ kind: 'trap', error: expected });
    const frames = machine.frames();
    expect(frames).toMatchObject([{ funcIndex: 0, operands: [i32(9), i32(7), i64(8n)] }, { funcIndex: 1 }]);
    const copy = running(module).machine;
    copy.restore(decodeSnapshot(encodeSnapshot(machine.snapshot())));
    expect(copy.hash()).toBe(machine.hash());
    expect(copy.run()).toMatchObject({ kind: 'trap', error: expected });
    expect(copy.clock).toBe(machine.clock);
    expect(JSON.stringify(copy.frames(), text)).toBe(JSON.stringify(frames, text));
    copy.abandon();
    expect(copy.depth).toBe(0);
  });

  it('rethrows what an outer legacy handler has caught', () => {
    const run = prepare(
      running(
        compile(
          `(module (tag $a (param i32)) (tag $b)
            (func (export "f") (result i32)
              (try (result i32)
                (do (try (result i32) (do (throw $a (i32.const 3)))
                  (catch $a (drop) (try (result i32) (do (throw $b)) (catch $b (rethrow 1))))))
                (catch $a (i32.add (i32.const 10))))))`,
          withFeatures(WASM_3, 'legacy-exceptions'),
        ).module,
      ),
    );
    expect(run.call('f')).toEqual([i32(13)]);
  });

  it('stops where there is no room for an exception, and goes on when there is', () => {
    const { machine, func, store } = prepare(
      running(
        compile(`(module (tag $e (param i32))
          (func (export "f") (result i32) (block (result i32) (try_table (catch $e 0) (throw $e (i32.const 7))) (i32.const 1))))`).module,
        {},
        { maxHeapBytes: 16 },
      ),
    );
    machine.start(func('f'), []);
    const stop = machine.run();
    expect(stop).toMatchObject({ kind: 'trap', error: { message: 'out of memory' } });
    expect((stop as { error: unknown }).error).toBeInstanceOf(Exhaustion);
    expect(machine.clock).toBe(2);
    store.heap.maxBytes = 4096;
    expect(machine.run()).toEqual({ kind: 'returned', results: [i32(7)] });
    expect(machine.clock).toBe(3);
  });

  it('goes on in exactly that handler whatever stops before', () => {
    const { module } = compile(`(module (tag $e (param i32))
      (func $t (param i32) (throw $e (local.get 0)))
      (func (export "f") (result i32) (local $i i32) (local $sum i32)
        (loop $l (result i32)
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (local.set $sum (i32.add (local.get $sum)
            (block (result i32) (try_table (catch $e 0) (call $t (local.get $i))) (i32.const -1))))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 20)))
          (local.get $sum))))`);
    const straight = prepare(running(module));
    expect(straight.call('f')).toEqual([i32(210)]);
    const stepped = running(module);
    stepped.machine.start(stepped.func('f'), []);
    while (stepped.machine.step().kind === 'limit');
    expect(stepped.machine.clock).toBe(straight.machine.clock);
    expect(stepped.machine.hash()).toBe(straight.machine.hash());
  });
});

const IMPORTS = `(module (import "" "throw" (func $throw (param i32))) (tag $e (export "e") (param i32)) (tag $other)
  (func (export "catch") (param i32) (result i32)
    (block $o (return (block $h (result i32) (try_table (catch $other $o) (catch $e $h) (call $throw (local.get 0))) (i32.const -1))))
    (i32.const -3))
  (func (export "all") (param i32) (result i32)
    (block $h (try_table (catch_all $h) (call $throw (local.get 0))) (return (i32.const -1))) (i32.const -2))
  (func (export "tail") (param i32) (block $h (try_table (catch_all $h) (return_call $throw (local.get 0)))))
  (func (export "around") (param i32) (result i32)
    (block $h (result i32) (try_table (catch $e $h) (call 3 (local.get 0))) (i32.const -1)))
  (func (export "not") (param i32) (call $throw (local.get 0))))`;

describe.each(['leaf', 'full'] as const)('a %s host function', (kind) => {
  const type: FuncType = { ...NO_TYPE, params: [0x7f] };
  /** Throws its argument, `'js'` for −1, a trap for −2. */
  const failure = (argument: number): Error => {
    if (argument === -1) return new UncaughtException('of JavaScript');
    if (argument === -2) return new Trap('of the host');
    return new UncaughtException('of the guest', { tag: 0, values: [i32(argument)] });
  };
  const host: HostFunction =
    kind === 'leaf'
      ? { kind, type, name: 'throw', call: (args) => { throw failure(args.i32(0)); } }
      : { kind, type, name: 'throw', call: (call) => { throw failure(call.args.i32(0)); } };
  const started = (): { driver: Driver; func: Running['func'] } => {
    const { machine, func } = running(compile(IMPORTS).module, { throw: host });
    return { driver: new Driver(machine), func };
  };
  const call = (name: string, argument: number): readonly Value[] => {
    const { driver, func } = started();
    return driver.call(func(name), [i32(argument)]);
  };

  it('throws what handlers catch', () => {
    expect(call('catch', 12)).toEqual([i32(12)]);
    expect(call('all', 12)).toEqual([i32(-2)]);
  });
  it('throws what nothing catches', () => {
    expect(() => call('not', 12)).toThrow(/^of the guest$/);
    const { driver, func } = started();
    expect(() => driver.call(func('not'), [i32(1)])).toThrow(UncaughtException);
    expect(driver.failure!.frames.at(-1)).toMatchObject({ kind: 'wasm', funcIndex: 5 });
    // The machine is as good as before.
    expect(driver.call(func('catch'), [i32(3)])).toEqual([i32(3)]);
  });
  it('fails with what is no exception of the guest, and nothing catches that', () => {
    expect(() => call('all', -1)).toThrow(/^of JavaScript$/);
    expect(() => call('all', -2)).toThrow(/^of the host$/);
  });
  it('is out of reach of the handlers around a tail call of it', () => {
    expect(call('around', 5)).toEqual([i32(5)]);
    expect(() => call('tail', 5)).toThrow(UncaughtException);
  });
});

/** Instances of several modules in one store; each may import what those before it export under its number. */
function linked(...texts: readonly string[]): { driver: Driver; store: Store; instances: readonly Instance[] } {
  const store = new Store();
  const instances: Instance[] = [];
  for (const text of texts) {
    const resolve = (module: string, name: string): Extern | undefined => instances[Number(module)]?.exports.get(name);
    instances.push(instantiate(store, compile(text).module, resolve).instance);
  }
  return { store, instances, driver: new Driver(new Machine(store)) };
}

describe('between instances', () => {
  it('the handler runs in its own instance', () => {
    const { driver, instances } = linked(
      '(module (memory 1) (data (i32.const 0) "B") (tag (export "e") (param i32)) (func (export "t") (throw 0 (i32.load8_u (i32.const 0)))))',
      `(module (import "0" "e" (tag $e (param i32))) (import "0" "t" (func $t)) (memory 1) (data (i32.const 0) "A")
        (func (export "f") (result i32 i32)
          (block (result i32) (try_table (catch $e 0) (call $t)) (i32.const 0)) (i32.load8_u (i32.const 0))))`,
    );
    expect(driver.call(instances[1]!.exports.get('f')!.address, [])).toEqual([i32(66), i32(65)]);
  });

  it('tags are what they are, not what they look like', () => {
    const { driver, instances } = linked(
      '(module (tag (export "e")) (func (export "t") (throw 0)))',
      `(module (import "0" "t" (func $t)) (tag $mine)
        (func (export "f") (block (try_table (catch $mine 0) (call $t)))))`,
    );
    expect(() => driver.call(instances[1]!.exports.get('f')!.address, [])).toThrow(UncaughtException);
  });

  it('a callback fails through the host function that made it', () => {
    const text = `(module (import "" "back" (func $back)) (tag $e (export "e") (param i32))
      (func (export "t") (throw $e (i32.const 4)))
      (func (export "f") (result i32) (block (result i32) (try_table (catch $e 0) (call $back)) (i32.const 0))))`;
    let driver: Driver | undefined;
    let address = 0;
    const back: HostFunction = { kind: 'full', type: NO_TYPE, name: 'back', call: () => void driver!.call(address, []) };
    const { machine, func } = running(compile(text).module, { back });
    driver = new Driver(machine);
    address = func('t');
    expect(driver.call(func('f'), [])).toEqual([i32(4)]);
    expect(machine.depth).toBe(0);
  });
});

describe('tail calls', () => {
  const LOOPS = `(module (type $t (func (param i32 i64) (result i32)))
    (table funcref (elem $indirect)) (elem declare func $reference)
    (func $direct (export "direct") (type $t) (local i32) (local.set 2 (i32.add (local.get 2) (i32.const 1)))
      (if (i32.eqz (local.get 0)) (then (return (local.get 2)))) (return_call $direct (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
    (func $indirect (export "indirect") (type $t)
      (if (i32.eqz (local.get 0)) (then (return (i32.wrap_i64 (local.get 1)))))
      (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)) (i32.const 0)))
    (func $reference (export "reference") (type $t)
      (if (i32.eqz (local.get 0)) (then (return (i32.wrap_i64 (local.get 1)))))
      (return_call_ref $t (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)) (ref.func $reference))))`;
  it.each([
    ['direct', 1],
    ['indirect', 100_000],
    ['reference', 100_000],
  ])('%s ones take no room and begin with fresh locals', (name, expected) => {
    const run = running(compile(LOOPS).module, {}, { maxCallDepth: 1 });
    expect(run.call(name, i32(100_000), i64(0n))).toEqual([i32(expected)]);
    const slow = watched(running(compile(LOOPS).module, {}, { maxCallDepth: 1 }));
    slow.machine.start(slow.func(name), [i32(50), i64(0n)]);
    expect(slow.machine.run().kind).toBe('returned');
  });

  it('take no more than one bridge between instances', () => {
    const ping = (other: string): string => `(module ${other}
      (table (export "table") 1 funcref) (type $t (func (param i32) (result i32)))
      (func (export "f") (type $t)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 77))))
        (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))`;
    const { driver, store, instances } = linked(ping(''), ping(''));
    const [a, b] = instances as [Instance, Instance];
    store.tables[a.tables[0]!]!.elements[0] = (b.exports.get('f')!.address + 1) << 2;
    store.tables[b.tables[0]!]!.elements[0] = (a.exports.get('f')!.address + 1) << 2;
    driver.machine.limits.maxCallDepth = 2;
    expect(driver.call(a.exports.get('f')!.address, [i32(10_001)])).toEqual([i32(77)]);
  });
});

function text(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  return value !== null && typeof value === 'object' && 'droppedDatas' in value ? 'instance' : value;
}
