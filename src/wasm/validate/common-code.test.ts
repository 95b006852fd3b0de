import { expect, it } from 'vitest';
import { loadProgram } from '../../../spec-tests/support/programs.js';
import { decode } from '../binary/decode.js';
import { assemble } from '../text/assemble.js';
import { ModuleContext } from './context.js';
import { FunctionTyper } from './function-typer.js';

/** What becomes of a body. */
function outcome(typer: FunctionTyper, func: number, type: () => void): string {
  try {
    typer.enter(func);
    type();
    return 'valid';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** How often the rules alone and the short way differ on these bodies, each also with bytes changed. */
function differences(bytes: Uint8Array, bodies: number, changes: number): { readonly differences: string[]; readonly valid: number; readonly wrong: number } {
  const copy = bytes.slice();
  const module = decode(copy);
  const typer = new FunctionTyper(new ModuleContext(module));
  let seed = 7;
  const random = (below: number): number => (seed = (Math.imul(seed, 48271) >>> 0) % 0x7fffffff) % below;
  const found: string[] = [];
  let valid = 0;
  let wrong = 0;
  for (let i = 0; i < bodies; i++) {
    const index = random(module.funcs.length);
    const func = module.imported.funcs + index;
    const { offset, end } = module.funcs[index]!.body;
    for (let change = 0; change <= changes; change++) {
      const at = offset + random(end - offset);
      const old = copy[at]!;
      if (change > 0) copy[at] = random(4) === 0 ? old ^ 0x80 : random(256);
      const byRules = outcome(typer, func, () => {
        while (typer.next()) typer.apply();
      });
      const inShort = outcome(typer, func, () => typer.run());
      if (byRules !== inShort) found.push(`function ${func}, byte ${at} is ${copy[at]}: ${byRules} but ${inShort}`);
      if (byRules === 'valid') valid++;
      else wrong++;
      copy[at] = old;
    }
  }
  return { differences: found, valid, wrong };
}

it.each(['hello-go1.27-js', 'c-aggregates-O0', 'zig-arithmetic'])('common code is typed as by the rules: %s', (name) => {
  const { differences: found, valid, wrong } = differences(loadProgram(name), 300, 20);
  expect(found).toEqual([]);
  expect(valid).toBeGreaterThan(300);
  expect(wrong).toBeGreaterThan(1000);
});

it('common code at the edges is typed as by the rules', () => {
  const { bytes } = assemble(`(module
    (memory 1) (global $constant i32 (i32.const 1)) (global $g (mut i64) (i64.const 1)) (global $r (mut funcref) (ref.null func))
    (func (param i32 i64 v128) (result i64) (local funcref (ref null extern))
      (local.set 2 (local.tee 2 (local.get 2)))
      (global.set $r (local.get 3))
      (i32.const -1) (drop) (i64.const -1) (drop) (i64.const 0x8000000000000000) (drop) (i32.const 0x7fffffff) (drop)
      (loop (param) (br_if 0 (i32.load8_u offset=4294967295 (local.get 0))))
      (block (result i32) (br_if 0 (i32.const 1) (local.get 0)) (drop) (i32.const 2))
      (i64.store align=1 (local.get 1))
      (global.set $g (i64.extend_i32_u (i32.eqz (global.get $constant))))
      (br_if 0 (global.get $g) (f32.lt (f32.convert_i64_s (local.get 1)) (f32.const 1)))
      (unreachable)
      (i32.add) (drop) (i64.add (i64.const 1)) (local.set 1) (i32.add (i32.const 1)) (i32.store offset=1)
      (local.get 1))
    (func (param i32) (local (ref func))
      (block (loop (if (local.get 0) (then (br 1)) (else (nop) (br 2))) (br 0)) (nop))
      (block (local.set 1 (ref.func 1)) (drop (local.get 1)) (block (br 1)))
      (if (local.get 0) (then (block (local.set 1 (ref.func 1)) (br 0)) (unreachable)))
      (i32.const 1) (if (param i32) (then (drop)) (else (br 1))) (i32.const 2) (if (result i32) (local.get 0) (then (i32.const 1)) (else (br 1))) (drop)
      (block (drop (i32.const 1)) (loop (br 2) (if (then (br 0))) (drop) (nop))))
    (func (param i32 i64) (result f32) (f32.const 1))
    (func (local funcref)
      (drop (call 2 (i32.const 1) (i64.const 1))) (call 1 (i32.const 1)) (call 3) (call 4)
      (drop (call 5 (call 5 (local.get 0)))) (call 6 (ref.func 1)) (call 7) (drop) (drop) (drop)
      (block (unreachable) (call 2) (drop)))
    (func) (func (param funcref) (result funcref) (local.get 0)) (func (param funcref)) (func (result i32 i32 i32) (i32.const 1) (i32.const 1) (i32.const 1))
    (elem declare func 1))`);
  const { differences: found, valid, wrong } = differences(bytes, 40, 100);
  expect(found).toEqual([]);
  expect(valid).toBeGreaterThan(40);
  expect(wrong).toBeGreaterThan(500);
});
