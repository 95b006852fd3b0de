import { describe, expect, it } from 'vitest';
import { decode } from '../binary/decode.js';
import { assemble } from './assemble.js';
import { printModule } from './printer.js';

const ALL = `(module $m
  (type $t (;0;) (func (param i32 i64) (result i32)))
  (rec
    (type $a (;1;) (sub (struct (field $x (mut i8)) (field (ref null $b)))))
    (type $b (;2;) (sub final $a (struct (field (mut i8)) (field (ref null $b)) (field f32))))
  )
  (type (;3;) (func))
  (import "env" "f" (func $f (;0;) (type $t) (param $p i32) (param i64) (result i32)))
  (import "env" "\\00 \\"q\\" é" (memory (;0;) 1 2))
  (func $"two words" (;1;) (type $t) (param i32 i64) (result i32)
    (local $l f32) (local f64 f64)
    block $done (result i32)
      loop $again
        local.get 0
        (@metadata.code.branch_hint "\\01") if
          br $again
        else
          i32.const -5
          br $done
        end
        i64.load $mem2 offset=8 align=2
        drop
      end
      f32.const nan:0x200000
      drop
      f64.const -0.1
      drop
      v128.const i32x4 0x00000001 0x00000002 0xffffffff 0x00000000
      i8x16.extract_lane_s 3
    end
    select (result i32)
    br_table 0 1 0
    struct.get_s $a $x
    ref.test (ref null $b)
    call_indirect $tab (type $t) (param i32 i64) (result i32)
    try_table (result i32) (catch $e 0) (catch_all 1)
      memory.copy 0 $mem2
    end
  )
  (func (@name "two words") (;2;) (type 3)
  )
  (table (;0;) 0 funcref)
  (table $tab (;1;) i64 1 10 (ref null 3) (ref.null 3))
  (memory $mem2 (;1;) i64 0)
  (tag $e (;0;) (type 3))
  (global $g (;0;) (mut i32) i32.const 1 i32.const 2 i32.add)
  (export "two" (func $"two words"))
  (start 2)
  (elem (;0;) (offset (i32.const 0)) func $f $"two words")
  (elem $el (;1;) (table $tab) (offset (i64.const 0)) (ref 3) (item (ref.func 2)))
  (elem (;2;) declare func $f)
  (data $d (;0;) "a\\00\\ff\\"")
  (@custom "note" (after export) "bytes")
  (@custom "end" "")
)
`;

describe('printModule', () => {
  it('prints what it reads', () => {
    expect(printModule(decode(assemble(ALL).bytes))).toBe(ALL);
  });

  it('cuts the indentation of deep nesting', () => {
    const depth = 2000;
    const text = printModule(decode(assemble(`(func ${'block '.repeat(depth)}${'end '.repeat(depth)})`).bytes));
    expect(text.length).toBeLessThan(depth * 200);
  });

  it('keeps code metadata that belongs to no instruction as a custom section', () => {
    // Offset 7 lies in no function body.
    const { bytes } = assemble('(module (func) (@custom "metadata.code.branch_hint" (before code) "\\01\\00\\01\\07\\01\\00"))');
    const text = printModule(decode(bytes));
    expect(text).toContain('(@custom "metadata.code.branch_hint" (after func) "\\01\\00\\01\\07\\01\\00")');
    expect(assemble(text).bytes).toEqual(bytes);
  });

  it('ignores names of what is not there', () => {
    // A name for function 5.
    const text = printModule(decode(assemble('(module (func) (@custom "name" "\\01\\04\\01\\05\\01x"))').bytes));
    expect(text).toBe('(module\n  (type (;0;) (func))\n  (func (;0;) (type 0)\n  )\n)\n');
  });
});
