import { describe, expect, it } from 'vitest';
import { recognise } from '../../src/engine/compile/turns.js';
import { f64, i32, i64, type Value } from '../../src/engine/value.js';
import { InstructionReader } from '../../src/wasm/binary/code-reader.js';
import { functionNames } from '../../src/wasm/binary/names.js';
import { decode } from '../../src/wasm/binary/decode.js';
import type { Module } from '../../src/wasm/module.js';
import { OP } from '../../src/wasm/opcodes.js';
import { loadProgram, programs } from '../support/programs.js';
import { compile, Dice, type Running, running, show } from './harness.js';

/** Loops whose turns compiled code does many at a time must be the same loops for all that can be seen. */

/** What is understood of the loops in a module, by the name of the function. */
function understood(module: Module): string[] {
  const names = functionNames(module);
  return module.funcs.flatMap(({ body }, i) => {
    const reader = new InstructionReader(module.bytes, body.offset, body.end);
    const found: string[] = [];
    while (reader.pos < body.end) {
      if (reader.next() !== OP.loop) continue;
      const turns = recognise(new InstructionReader(module.bytes, reader.pos, body.end));
      if (turns !== undefined) found.push(`${names.showFunc(module.imported.funcs + i)}: ${turns.kind} ${turns.size}`);
    }
    return found;
  });
}

/**
 * What Go's assembly has for each version. From 1.21 on memory is copied and cleared by instructions; what remains is
 * comparing: `memeqbody` of memequal, and the `memcmp` of `cmpbody`.
 */
const COMPARING = ['memcmp: compare 1', 'memeqbody: compare 1'];
const MOVING = [
  'runtime.memclrNoHeapPointers: fill 1',
  'runtime.memmove: copy 8', 'runtime.memmove: copy 1', 'runtime.memmove: copy 8', 'runtime.memmove: copy 1',
  'runtime.wasmMove: copy 8', 'runtime.wasmZero: fill 8',
];

describe('what is understood', () => {
  it.each(programs.filter(({ name, language }) => language === 'go' && !name.endsWith('stripped')))('$name: the loops of memmove, memclr, memequal and cmpbody, and no others', ({ name, toolchain }) => {
    expect(understood(decode(loadProgram(name)))).toEqual(toolchain.includes('1.19') ? [...COMPARING, ...MOVING] : COMPARING);
  });

  const loop = (turn: string): string => `(module (memory 1) (memory 1) (global (mut i32) (i32.const 0)) (func $f (param i32 i32 i32 i32) (loop ${turn})))`;
  const count = '(br_if 0 (local.tee 2 (i32.sub (local.get 2) (i32.const 1))))';
  const go = (local: number, by: number): string => `(local.set ${local} (i32.add (local.get ${local}) (i32.const ${by})))`;
  it.each([
    ['a fill', `(i32.store (local.get 0) (i32.const 0x05050505)) ${go(0, 4)} ${count}`, ['f: fill 4']],
    ['a fill with bytes that differ', `(i32.store (local.get 0) (i32.const 0x05050506)) ${go(0, 4)} ${count}`, []],
    ['a fill with gaps', `(i32.store (local.get 0) (i32.const 0)) ${go(0, 8)} ${count}`, []],
    ['a copy downwards', `${go(0, -2)} ${go(1, -2)} (i32.store16 (local.get 0) (i32.load16_s (local.get 1))) ${count}`, ['f: copy 2']],
    ['a copy of words as bytes', `(i32.store8 (local.get 0) (i32.load (local.get 1))) ${go(0, 1)} ${go(1, 1)} ${count}`, []],
    ['a copy in two directions', `(i32.store8 (local.get 0) (i32.load8_u (local.get 1))) ${go(0, 1)} ${go(1, -1)} ${count}`, []],
    ['a sum of what was copied', `(local.set 3 (i32.add (local.get 3) (i32.load8_u (local.get 1)))) ${go(1, 1)} ${count}`, []],
    ['the byte before, copied in the next turn', `(i32.store8 (local.get 0) (local.get 3)) (local.set 3 (i32.const 1)) ${go(0, 1)} ${count}`, []],
    ['another way back', `(if (local.get 3) (then (br 1))) (i32.store8 (local.get 0) (i32.const 0)) ${go(0, 1)} ${count}`, []],
    ['another way back at the end', `(i32.store8 (local.get 0) (i32.const 0)) ${go(0, 1)} ${count} (br_if 0 (local.get 3))`, []],
    ['a count that goes up', `(i32.store8 (local.get 0) (i32.const 0)) ${go(0, 1)} (br_if 0 (local.tee 2 (i32.add (local.get 2) (i32.const 1))))`, []],
    ['a count that jumps over 0', `(i32.store8 (local.get 0) (i32.const 0)) ${go(0, 1)} (br_if 0 (local.tee 2 (i32.sub (local.get 2) (i32.const 3))))`, []],
    ['an address that is the count', `(i32.store8 (local.get 2) (i32.const 0)) ${count}`, []],
    ['two counts', `(i32.store8 (local.get 0) (i32.const 0)) ${go(0, 1)} (br_if 1 (i32.eqz (local.get 3))) ${go(3, -1)} ${count}`, []],
    ['a global', `(global.set 0 (local.get 0)) (i32.store8 (local.get 0) (i32.const 0)) ${go(0, 1)} ${count}`, []],
    ['another memory', `(i32.store8 1 (local.get 0) (i32.const 0)) ${go(0, 1)} ${count}`, []],
  ])('%s', (_, turn, expected) => {
    expect(understood(compile(loop(turn)).module)).toEqual(expected);
  });
});

/** The loops of Go 1.19 and others, as functions of two addresses and a count. */
const LOOPS: Readonly<Record<string, string>> = {
  fill: `(block (loop (br_if 1 (i64.eqz (local.get 2)))
    (i64.store8 offset=3 (i32.wrap_i64 (local.get 0)) (i64.const 0x7a))
    (local.set 0 (i64.add (local.get 0) (i64.const 1))) (local.set 2 (i64.sub (local.get 2) (i64.const 1))) (br 0)))`,
  fillDown: `(block (loop (br_if 1 (i64.lt_u (local.get 2) (i64.const 4)))
    (local.set 0 (i64.sub (local.get 0) (i64.const 4)))
    (i64.store32 offset=9 (i32.wrap_i64 (local.get 0)) (i64.const -1))
    (local.set 2 (i64.sub (local.get 2) (i64.const 4))) (br 0)))`,
  copy: `(block (loop (br_if 1 (i64.lt_u (local.get 2) (i64.const 8)))
    (i64.store (i32.wrap_i64 (local.get 0)) (i64.load (i32.wrap_i64 (local.get 1))))
    (local.set 0 (i64.add (local.get 0) (i64.const 8))) (local.set 1 (i64.add (local.get 1) (i64.const 8)))
    (local.set 2 (i64.sub (local.get 2) (i64.const 8))) (br 0)))`,
  copyDown: `(block (loop (br_if 1 (i64.eqz (local.get 2)))
    (local.set 0 (i64.sub (local.get 0) (i64.const 1))) (local.set 1 (i64.sub (local.get 1) (i64.const 1)))
    (local.set 3 (i64.load8_u (i32.wrap_i64 (local.get 1))))
    (i64.store8 (i32.wrap_i64 (local.get 0)) (local.get 3))
    (local.set 2 (i64.sub (local.get 2) (i64.const 1))) (br 0)))`,
  compare: `(block (loop (br_if 1 (i64.eqz (local.get 2)))
    (if (i64.ne (i64.load8_u (i32.wrap_i64 (local.get 0))) (i64.load8_u (i32.wrap_i64 (local.get 1)))) (then (return)))
    (local.set 0 (i64.add (local.get 0) (i64.const 1))) (local.set 1 (i64.add (local.get 1) (i64.const 1)))
    (local.set 2 (i64.sub (local.get 2) (i64.const 1))) (br 0)))`,
  compareWords: `(local.set 4 (i32.wrap_i64 (local.get 2))) (local.set 5 (i32.wrap_i64 (local.get 0))) (local.set 6 (i32.wrap_i64 (local.get 1)))
    (block (loop
      (local.set 7 (i32.load offset=2 (local.get 5))) (local.set 8 (i32.load (local.get 6)))
      (if (i32.eq (local.get 7) (local.get 8)) (then
        (local.set 5 (i32.add (local.get 5) (i32.const 4))) (local.set 6 (i32.add (local.get 6) (i32.const 4)))
        (br_if 2 (i32.eqz (local.tee 4 (i32.add (local.get 4) (i32.const -1))))) (br 1)))))
    (local.set 0 (i64.extend_i32_s (local.get 5))) (local.set 2 (i64.extend_i32_s (local.get 7)))`,
};
const MODULE = compile(`(module (memory 2 2)
  ${Object.entries(LOOPS).map(([name, text]) => `(func (export "${name}") (param i64 i64 i64) (result i64 i64 i64) (local i64 i32 i32 i32 i32 i32)
    (call $run_${name} (local.get 0) (local.get 1) (local.get 2)))
  (func $run_${name} (param i64 i64 i64) (result i64 i64 i64) (local i64 i32 i32 i32 i32 i32)
    ${text.replace('(return)', '(return (local.get 0) (local.get 1) (local.get 2))')} (local.get 0) (local.get 1) (local.get 2))`).join('\n')})`).module;
const BYTES = 0x20000;

/** Addresses that are near each other, near the ends of memory, and beyond; counts from few to too many. */
function args(dice: Dice): Value[] {
  const place = (): bigint => {
    const near = dice.of([0, 64, 4096, 65536, BYTES - 600, BYTES]) + dice.below(600) - (dice.chance(30) ? 300 : 0);
    const high = dice.chance(10) ? dice.of([1n, -1n, 0x7fffffffn]) << 32n : 0n;
    return BigInt(near) + high;
  };
  const a = place();
  const b = dice.chance(60) ? a + BigInt(dice.below(40) - 20) : place();
  const length = dice.chance(90) ? BigInt(dice.of([10, 100, 700, 40_000]) + dice.below(50)) : dice.of([0n, 7n, -1n, (1n << 32n) + 90n, 1n << 31n]);
  return [i64(a), i64(b), i64(length)];
}

/** The same bytes for a while, so that comparing goes on for a while. */
function write({ store }: Running, dice: Dice): void {
  const { u8 } = store.memories[0]!;
  for (let at = 0; at < BYTES; ) {
    const end = at + 1 + dice.below(dice.of([3, 30, 300]));
    u8.fill(dice.below(4), at, end);
    at = end;
  }
}

describe('turns at a time', () => {
  it('leaves alone what a turn sets to itself', () => {
    const text = `(module (memory 1) (func (export "keep") (param f64 i32) (result f64) (local i32)
      (loop
        (local.set 0 (local.get 0))
        (i32.store8 (local.get 2) (i32.const 1))
        (local.set 2 (i32.add (local.get 2) (i32.const 1)))
        (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
      (f64.add (local.get 0) (f64.const 0.25))))`;
    const { module } = compile(text);
    expect(understood(module)).toHaveLength(1);
    expect(running(module, {}, { tier: 'compiled' }).call('keep', f64(1.5), i32(1000))).toEqual([f64(1.75)]);
  });

  const SEEDS = Array.from({ length: 8 }, (_, i) => 700 + i * 31);
  const names = Object.keys(LOOPS);
  it('all of the loops are understood', () => {
    expect(understood(MODULE)).toHaveLength(names.length);
  });

  it.each(SEEDS.flatMap((seed) => names.map((name) => [seed, name] as const)))('seed %i, %s: the same results, traps, memory, clock and state', (seed, name) => {
    const runs = [{ tier: 'compiled' } as const, {}].map((options) => running(MODULE, {}, options));
    for (let i = 0; i < 12; i++) {
      const given = args(new Dice(seed * 100 + i));
      // Some runs are stopped on the way, and go on.
      const strides = i % 3 === 0 ? 997 + 1000 * i : Infinity;
      const seen = runs.map((run) => {
        write(run, new Dice(seed + i));
        const { machine } = run;
        const places: string[] = [];
        machine.start(run.func(name), given);
        const last = machine.clock + 2_000_000;
        for (let stop = machine.run(Math.min(last, machine.clock + strides)); ; stop = machine.run(Math.min(last, machine.clock + strides))) {
          const text = stop.kind === 'returned' ? stop.results.map((value) => show(value)).join() : stop.kind === 'trap' ? stop.error.message : stop.kind;
          if (stop.kind !== 'limit' || places.length < 40) places.push(`${text} at ${machine.clock}: ${machine.hash()}`);
          if (stop.kind === 'trap' || machine.clock >= last) machine.abandon();
          if (stop.kind !== 'limit' || machine.clock >= last) return places;
        }
      });
      expect(seen[0]).toEqual(seen[1]);
    }
  });
});
