import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/wasm/text/assemble.js';
import { WASM_3 } from '../../src/wasm/features.js';
import { Ours } from './ours.js';
import type { Side } from './side.js';
import { subject } from './subject.js';
import { Theirs } from './theirs.js';

/** What the comparison of random modules rests on: that both sides tell the same thing alike, and all of it. */

function both(text: string): { ours: Ours; theirs: Theirs } {
  const tested = subject(assemble(text).bytes, WASM_3);
  const sides = { ours: new Ours(tested, 'interp'), theirs: new Theirs(tested) };
  expect(sides.ours.start()).toBe(sides.theirs.start());
  return sides;
}

/** What both sides tell; they must agree. */
function told({ ours, theirs }: { ours: Ours; theirs: Theirs }, tell: (side: Side) => unknown): unknown {
  const answer = tell(ours);
  expect(tell(theirs)).toEqual(answer);
  return answer;
}

describe('both sides', () => {
  it.each([
    ['unreachable', '(unreachable)'],
    ['divide by zero', '(drop (i32.rem_u (i32.const 1) (i32.const 0)))'],
    ['unrepresentable', '(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))'],
    ['unrepresentable', '(drop (i32.trunc_f32_s (f32.const nan)))'],
    ['memory', '(drop (i64.load (i32.const 65529)))'],
    ['memory', '(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 9))'],
    ['table', '(call_indirect (i32.const 9))'],
    ['table', '(drop (table.get 0 (i32.const 9)))'],
    ['indirect call', '(call_indirect (i32.const 1))'],
    ['indirect call', '(drop (call_indirect (result i32) (i32.const 0)))'],
  ])('say %s of %s', (expected, body) => {
    const sides = both(`(module (memory 1) (data "abc") (table 2 funcref) (elem (i32.const 0) func 0) (func (export "f") ${body}))`);
    expect(told(sides, (side) => side.call('f', []))).toBe(`trap: ${expected}`);
  });

  it('show results, what is logged, globals, memories and tables, also those that are not exported', () => {
    const sides = both(`(module
      (import "fuzzing-support" "log-f64" (func $log (param f64)))
      (import "fuzzing-support" "log-externref" (func $log-ref (param externref)))
      (global $g (mut i64) (i64.const 5)) (memory 1) (table 3 funcref)
      (func (export "f") (param externref) (result i32 f32 f64 externref)
        (global.set $g (i64.const -6)) (i32.store8 (i32.const 7) (i32.const 255)) (table.set (i32.const 1) (ref.func 0)) 
        (call $log (f64.const -0)) (call $log-ref (local.get 0))
        (i32.const -1) (f32.const 0.1) (f64.const nan) (local.get 0))
      (elem declare func 0))`);
    const results = told(sides, (side) => side.call('f', [{ kind: 'host', index: 2 }]));
    expect(results).toBe(`i32:-1 f32:${Math.fround(0.1)} f64:nan host 2`);
    expect(told(sides, (side) => side.log)).toEqual(['log-f64 f64:-0', 'log-externref host 2']);
    expect(told(sides, (side) => side.global('observed global 0'))).toBe('i64:-6');
    expect(told(sides, (side) => side.memory('observed memory 0')[7])).toBe(255);
    expect(told(sides, (side) => side.table('observed table 0'))).toBe('3: null function null');
  });

  it('pass 64-bit values in halves', () => {
    const sides = both(`(module
      (import "fuzzing-support" "log-i64" (func $log (param i32 i32)))
      (import "env" "setTempRet0" (func $set (param i32)))
      (import "env" "getTempRet0" (func $get (result i32)))
      (func (export "f") (result i32) (call $log (i32.const 1) (i32.const 2)) (call $set (i32.const -3)) (call $get)))`);
    expect(told(sides, (side) => side.call('f', []))).toBe('i32:-3');
    expect(told(sides, (side) => side.log)).toEqual(['log-i64 i32:1 i32:2', 'setTempRet0 -3']);
  });

  it('call back in, with failures caught or not', () => {
    const sides = both(`(module
      (import "fuzzing-support" "call-export-catch" (func $try (param i32) (result i32)))
      (import "fuzzing-support" "call-export" (func $call (param i32)))
      (func (export "a") (result i32) (i32.add (call $try (i32.const 1)) (i32.mul (i32.const 10) (call $try (i32.const 2)))))
      (func (export "b") (unreachable))
      (func (export "c") (param i32 f64))
      (func (export "d") (param i64))
      (func (export "e") (call $call (i32.const 3))))`);
    expect(told(sides, (side) => side.call('a', []))).toBe('i32:1');
    expect(told(sides, (side) => side.call('e', []))).toBe('exception of the host');
  });
});
