import { describe, expect, it } from 'vitest';
import type { HostFunction } from '../../src/engine/host-function.js';
import { instantiate } from '../../src/engine/instance.js';
import { Machine } from '../../src/engine/machine.js';
import type { Probe } from '../../src/engine/probes.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/engine/snapshot.js';
import { Store } from '../../src/engine/store.js';
import { i32, i64, type Value } from '../../src/engine/value.js';
import { InstructionReader } from '../../src/wasm/binary/code-reader.js';
import { OP } from '../../src/wasm/opcodes.js';
import { I32 } from '../../src/wasm/types.js';
import { compile, finish, running, show } from './harness.js';

const FIB = compile(`(module
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`).module;

const shown = (values: readonly Value[]): string => values.map((value) => show(value)).join(' ');

function message(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

describe('the clock', () => {
  it('counts every instruction but block, loop, else and end', () => {
    const { module } = compile(`(module (func (export "f") (param i32) (result i32)
      (block (loop (br_if 1 (i32.eqz (local.get 0))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 0)))
      (if (result i32) (local.get 0) (then (i32.const 1)) (else nop (i32.const 2)))))`);
    const run = running(module);
    expect(shown(run.call('f', i32(3)))).toBe('i32:2');
    // Each round: local.get eqz br_if local.get const sub set br; the last only the first three; then get if nop const.
    expect(run.machine.clock).toBe(3 * 8 + 3 + 4);
  });

  it('stops at every limit exactly, and goes on to the same end', () => {
    const straight = running(FIB);
    straight.call('fib', i32(9));
    const { clock } = straight.machine;
    for (let limit = 0; limit <= clock; limit += 7) {
      const run = running(FIB);
      run.machine.start(run.func('fib'), [i32(9)]);
      if (limit < clock) {
        expect(run.machine.run(limit)).toEqual({ kind: 'limit' });
        expect(run.machine.clock).toBe(limit);
      }
      expect(shown(finish(run.machine, run.machine.run()))).toBe('i32:34');
      expect(run.machine.clock).toBe(clock);
    }
  });

  it('counts calls of every kind once, in every lowering and tier', () => {
    const { module } = compile(`(module
      (type $f (func)) (import "" "leaf" (func $leaf)) (import "" "full" (func $full)) (table funcref (elem $callee)) (elem declare func $callee)
      (func $callee (type $f))
      (func $tail return_call $callee)
      (func (export "f") (local i32)
        (loop
          call $callee (call_indirect (type $f) (i32.const 0)) (call_ref $f (ref.func $callee)) call $tail call $leaf call $full
          (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10))))))`);
    const type = { kind: 'func', params: [], results: [] } as const;
    const hosts: Record<string, HostFunction> = {
      leaf: { kind: 'leaf', type, name: 'leaf', call: () => {} },
      full: { kind: 'full', type, name: 'full', call: () => {} },
    };
    for (const [tier, every] of [['interp', false], ['interp', true], ['compiled', false]] as const) {
      const { machine, func } = running(module, hosts, { tier });
      if (every) machine.probes.everyInstruction(() => undefined);
      machine.start(func('f'), []);
      let stop = machine.run();
      for (; stop.kind === 'host-call'; stop = machine.run()) machine.finishHostCall();
      expect(stop.kind).toBe('returned');
      expect(machine.calls).toBe(10 * 7);
    }
  });

  it('counts the instruction that traps, in both lowerings', () => {
    const { module } = compile('(module (func (export "f") (param i32) nop (drop (i32.div_s (i32.const 1) (local.get 0)))))');
    for (const every of [false, true]) {
      const run = running(module);
      if (every) run.machine.probes.everyInstruction(() => undefined);
      expect(message(() => run.call('f', i32(0)))).toBe('integer divide by zero');
      expect(run.machine.clock).toBe(4);
    }
  });

  it('steps one instruction at a time', () => {
    const run = running(FIB);
    run.machine.start(run.func('fib'), [i32(4)]);
    let steps = 0;
    let stop = run.machine.step();
    for (; stop.kind === 'limit'; stop = run.machine.step()) expect(run.machine.clock).toBe(++steps);
    expect(shown(finish(run.machine, stop))).toBe('i32:3');
  });
});

describe('traps', () => {
  const { module } = compile(`(module (memory 1) (table 3 funcref) (elem (i32.const 0) $a $b) (type $t (func (result i32)))
    (func $a (result i32) (i32.const 7)) (func $b)
    (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load offset=0xfffffffc (local.get 0)))
    (func (export "load8") (param i32) (result i32) (i32.load8_u offset=65535 (local.get 0)))
    (func (export "store") (param i32) (i64.store offset=4 (local.get 0) (i64.const 1)))
    (func (export "store16") (param i32) (i32.store16 (local.get 0) (i32.const 1)))
    (func (export "fill") (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 1)))
    (func (export "never") unreachable))`);

  it.each([
    ['call', 2, 'uninitialized element 2'],
    ['call', 3, 'undefined element'],
    ['call', -1, 'undefined element'],
    ['call', 1, 'indirect call type mismatch'],
    ['load', 0, 'out of bounds memory access'],
    ['load', -1, 'out of bounds memory access'],
    ['load', 4, 'out of bounds memory access'],
    ['load8', 1, 'out of bounds memory access'],
    ['store', 65529, 'out of bounds memory access'],
    ['store', 65525, 'out of bounds memory access'],
    ['store', -4, 'out of bounds memory access'],
    ['store16', 65535, 'out of bounds memory access'],
    ['fill', 65536, 'out of bounds memory access'],
  ])('%s %i: %s', (name, argument, text) => {
    expect(message(() => running(module).call(name, i32(argument)))).toBe(text);
  });

  it('leaves what does not trap alone, at the very edge', () => {
    const run = running(module);
    run.call('store', i32(65524));
    run.call('store16', i32(65534));
    expect(shown(run.call('load8', i32(0)))).toBe('i32:0');
    expect(shown(run.call('call', i32(0)))).toBe('i32:7');
    expect(message(() => run.call('never'))).toBe('unreachable');
  });

  it('keep their frames until they are abandoned', () => {
    const run = running(module);
    run.machine.start(run.func('call'), [i32(2)]);
    expect(run.machine.run().kind).toBe('trap');
    expect(run.machine.run().kind).toBe('trap');
    expect(run.machine.frames()).toMatchObject([{ kind: 'wasm', locals: [{ i32: 2 }], operands: [{ i32: 2 }] }]);
    run.machine.abandon();
    expect(run.machine.frames()).toEqual([]);
    expect(shown(run.call('call', i32(0)))).toBe('i32:7');
  });
});

describe('exhaustion', () => {
  const { module } = compile(`(module (func $down (export "down") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0)))))`);

  it('leaves the state whole: with a raised limit the run goes on', () => {
    const straight = running(module);
    expect(shown(straight.call('down', i32(5000)))).toBe('i32:5000');
    const clocks = [false, true].map((every) => {
      const run = running(module, {}, { maxCallDepth: 1000 });
      if (every) run.machine.probes.everyInstruction(() => undefined);
      run.machine.start(run.func('down'), [i32(5000)]);
      const stop = run.machine.run();
      expect(stop).toMatchObject({ kind: 'trap', error: { name: 'Exhaustion', message: 'call stack exhausted' } });
      expect(run.machine.frames()).toHaveLength(1000);
      const { clock } = run.machine;
      run.machine.limits.maxCallDepth = 10_000;
      expect(shown(finish(run.machine, run.machine.run()))).toBe('i32:5000');
      expect(run.machine.clock).toBe(straight.machine.clock);
      return clock;
    });
    expect(clocks[0]).toBe(clocks[1]);
  });

  it('comes by cells too, and recursion of several hundred thousand frames works', () => {
    expect(message(() => running(module, {}, { maxStackCells: 1000 }).call('down', i32(5000)))).toBe('call stack exhausted');
    expect(shown(running(module).call('down', i32(500_000)))).toBe('i32:500000');
  });
});

describe('host calls', () => {
  const { module } = compile(`(module (import "h" "twice" (func $twice (param i32) (result i32))) (memory (export "memory") 1)
    (func (export "f") (param i32) (result i32) (i32.add (i32.const 100) (call $twice (local.get 0))))
    (func (export "g") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 10))))`);
  const type = { kind: 'func', params: [I32], results: [I32] } as const;

  it('answers leaves inside the loop, with an exact clock', () => {
    let machine: Machine | undefined;
    const clocks: number[] = [];
    const run = running(module, {
      twice: {
        kind: 'leaf',
        type,
        name: 'h.twice',
        call: (args, results) => {
          clocks.push(machine!.clock);
          expect(machine!.frames()).toMatchObject([{ kind: 'wasm', operands: [{ i32: 100 }, { i32: 4 }] }]);
          results.setI32(0, args.i32(0) * 2);
        },
      },
    });
    machine = run.machine;
    expect(shown(run.call('f', i32(4)))).toBe('i32:108');
    expect(clocks).toEqual([3]);
  });

  it('stops for full ones, and runs callbacks above them', () => {
    const host: HostFunction = { kind: 'full', type, name: 'h.twice', call: () => undefined };
    const run = running(module, { twice: host });
    const { machine } = run;
    machine.start(run.func('f'), [i32(4)]);
    const stop = machine.run();
    expect(stop).toMatchObject({ kind: 'host-call', call: { host } });
    const pending = machine.pending!;
    machine.start(run.func('g'), [i32(pending.args.i32(0))]);
    expect(machine.depth).toBe(2);
    expect(machine.pending).toBeUndefined();
    machine.run(machine.clock + 1);
    expect(machine.frames().map((frame) => [frame.kind, frame.activation])).toEqual([['wasm', 1], ['host', 0], ['wasm', 0]]);
    // A copy of the machine in the middle of it all.
    const copy = running(module, { twice: host });
    copy.machine.restore(decodeSnapshot(encodeSnapshot(machine.snapshot())));
    for (const each of [machine, copy.machine]) {
      expect(shown(finish(each, each.run()))).toBe('i32:40');
      expect(each.pending!.args.i32(0)).toBe(4);
      each.pending!.results.setI32(0, 8);
      each.finishHostCall();
      expect(shown(finish(each, each.run()))).toBe('i32:108');
      expect(each.clock).toBe(7);
    }
  });

  it('replaces a function of the module', () => {
    const run = running(module, { twice: { kind: 'leaf', type, name: 'h.twice', call: (args, results) => results.setI32(0, args.i32(0) * 2) } });
    const address = run.func('g');
    run.machine.replace(address, { kind: 'leaf', type, name: 'other', call: (_, results) => results.setI32(0, 99) });
    expect(shown(run.call('g', i32(1)))).toBe('i32:99');
    run.machine.replace(address, undefined);
    expect(shown(run.call('g', i32(1)))).toBe('i32:10');
  });

  it('pauses after a leaf that asks for it', () => {
    let machine: Machine | undefined;
    const run = running(module, {
      twice: { kind: 'leaf', type, name: 'h.twice', call: (args, results) => { results.setI32(0, args.i32(0)); machine!.pause(); } },
    });
    machine = run.machine;
    machine.start(run.func('f'), [i32(1)]);
    expect(machine.run()).toEqual({ kind: 'paused' });
    expect(machine.clock).toBe(3);
    expect(shown(finish(machine, machine.run()))).toBe('i32:101');
  });
});

describe('several instances', () => {
  it('call each other, each with its own memory, also by tail calls', () => {
    const one = compile(`(module (memory (export "m") 1) (data (i32.const 0) "\\05")
      (func (export "read") (param i32) (result i32) (i32.add (local.get 0) (i32.load8_u (i32.const 0)))))`).module;
    const two = compile(`(module (import "one" "read" (func $read (param i32) (result i32))) (memory 1) (data (i32.const 0) "\\07") (table funcref (elem $read))
      (type $t (func (param i32) (result i32)))
      (func (export "direct") (param i32) (result i32) (i32.add (call $read (local.get 0)) (i32.load8_u (i32.const 0))))
      (func (export "indirect") (param i32) (result i32) (i32.add (call_indirect (type $t) (local.get 0) (i32.const 0)) (i32.load8_u (i32.const 0))))
      (func $tail (param i32) (result i32) (return_call $read (local.get 0)))
      (func $loop (export "loop") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (return_call $loop (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 42))))
      (func (export "tail") (param i32) (result i32) (i32.add (call $tail (local.get 0)) (i32.load8_u (i32.const 0)))))`).module;
    const store = new Store();
    const first = instantiate(store, one, () => undefined).instance;
    const second = instantiate(store, two, (_, name) => first.exports.get(name)).instance;
    const machine = new Machine(store);
    const call = (name: string, arg: number): string => {
      machine.start(second.exports.get(name)!.address, [i32(arg)]);
      return shown(finish(machine, machine.run()));
    };
    for (const every of [false, true]) {
      const probe = every ? machine.probes.everyInstruction(() => undefined) : undefined;
      expect(['direct', 'indirect', 'tail'].map((name) => call(name, 1))).toEqual(['i32:13', 'i32:13', 'i32:13']);
      expect(call('loop', 10_000)).toBe('i32:42');
      probe?.remove();
    }
  });
});

describe('probes', () => {
  it('fire at entries, and stop once', () => {
    const run = running(FIB);
    let entries = 0;
    const counter = run.machine.probes.atEntry(run.func('fib'), () => void entries++);
    run.call('fib', i32(5));
    expect(entries).toBe(15);
    counter.remove();
    run.machine.probes.atEntry(run.func('fib'), () => 'stop');
    run.machine.start(run.func('fib'), [i32(2)]);
    const seen: unknown[] = [];
    let stop = run.machine.run();
    for (; stop.kind === 'probe'; stop = run.machine.run()) seen.push(run.machine.frames().length);
    expect(seen).toEqual([1, 2, 2]);
    expect(shown(finish(run.machine, stop))).toBe('i32:1');
  });

  it('are set and removed together, also while their functions run', () => {
    const straight = running(FIB);
    straight.call('fib', i32(6));
    const run = running(FIB);
    const { probes } = run.machine;
    const fib = run.func('fib');
    const { body } = FIB.funcs[0]!;
    const reader = new InstructionReader(FIB.bytes, body.offset, body.end);
    let fired = 0;
    let entries = 0;
    run.machine.start(fib, [i32(6)]);
    run.machine.run(40);
    const all: Probe[] = [];
    probes.together(() => {
      while (reader.pos < body.end) {
        const op = reader.next();
        if (op !== OP.else && op !== OP.end) all.push(probes.at(fib, reader.start, () => void fired++));
      }
      probes.together(() => all.push(probes.atEntry(fib, () => void entries++)));
    });
    run.machine.run(60);
    // The one at which it stands now, too: a probe fires before the limit is looked at.
    expect(fired).toBe(21);
    expect(entries).toBeGreaterThan(0);
    const before = entries;
    probes.together(() => {
      for (const probe of all) probe.remove();
    });
    expect(shown(finish(run.machine, run.machine.run()))).toBe('i32:8');
    expect([fired, entries, run.machine.clock]).toEqual([21, before, straight.machine.clock]);
  });
});

describe('code that is out of use', () => {
  it('is given back, also while its functions run', () => {
    const nops = 'nop '.repeat(30_000);
    const { module } = compile(`(module (func $f (export "f") (param i32) (result i32) ${nops}
      (if (result i32) (local.get 0) (then (i32.add (local.get 0) (call $f (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0)))))`);
    const run = running(module);
    const address = run.func('f');
    run.machine.start(address, [i32(3)]);
    let stop = run.machine.run(45_000);
    // Each pair of changes lowers the function again, in exact code because of the nearby limit.
    for (let at = 45_001; at < 45_045; at++) {
      run.machine.probes.atEntry(address, () => undefined).remove();
      stop = run.machine.run(at);
      expect(stop.kind).toBe('limit');
    }
    expect(shown(finish(run.machine, run.machine.run()))).toBe('i32:6');
    expect(run.machine.clock).toBe(4 * 30_000 + 3 * 8 + 3);
  });
});

describe('values that are only moved', () => {
  it('keep every bit of a NaN', () => {
    const { module } = compile(`(module (memory 1) (global $g (mut f64) (f64.const 0))
      (func $id (param f64) (result f64) (local.get 0))
      (func (export "f") (param i64) (result i64) (local f64)
        (local.set 1 (f64.reinterpret_i64 (local.get 0)))
        (global.set $g (call $id (local.get 1)))
        (f64.store (i32.const 8) (select (global.get $g) (f64.const 1) (i32.const 1)))
        (i64.reinterpret_f64 (f64.neg (f64.load (i32.const 8))))))`);
    const signalling = 0x7ff4000000000123n;
    expect(shown(running(module).call('f', i64(signalling)))).toBe(`i64:${BigInt.asIntN(64, signalling | (1n << 63n))}`);
  });
});
