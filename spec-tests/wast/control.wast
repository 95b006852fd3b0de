;; Traps, exhaustion, tail calls, and every way to write a block.

(module
  (table 3 funcref)
  (elem (i32.const 0) $one $deep)
  (func $one (result i32) (i32.const 1))
  (func $deep (export "deep") (call $deep))
  (func (export "indirect") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
  (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $count (export "count") (param $n i64) (result i64)
    (if (result i64) (i64.eqz (local.get $n))
      (then (i64.const 0))
      (else (return_call $count (i64.sub (local.get $n) (i64.const 1))))))
  (func (export "switch") (param i32) (result i32)
    block $default block $b block $a
      local.get 0
      br_table $a $b $default
    end $a
      i32.const 10
      return
    end
      (return (i32.const 20))
    end $default
    i32.const 30))

(assert_return (invoke "indirect" (i32.const 0)) (i32.const 1))
(assert_trap (invoke "indirect" (i32.const 1)) "indirect call type mismatch")
(assert_trap (invoke "indirect" (i32.const 2)) "uninitialized element")
(assert_trap (invoke "indirect" (i32.const 3)) "undefined element")
(assert_trap (invoke "div" (i32.const 1) (i32.const 0)) "integer divide by zero")
(assert_trap (invoke "div" (i32.const 0x80000000) (i32.const -1)) "integer overflow")
(assert_exhaustion (invoke "deep") "call stack exhausted")
(assert_return (invoke "count" (i64.const 200000)) (i64.const 0))
(assert_return (invoke "switch" (i32.const 0)) (i32.const 10))
(assert_return (invoke "switch" (i32.const 1)) (i32.const 20))
(assert_return (invoke "switch" (i32.const 9)) (i32.const 30))

(assert_invalid (module (func (result i32) (i64.const 1))) "type mismatch")
(assert_invalid (module (func (br 1))) "unknown label")
(assert_malformed (module quote "(func block $a end $b)") "mismatching label")
(assert_malformed (module binary "\00asm\02\00\00\00") "unknown binary version")
(assert_malformed_custom (module quote "(func (@custom \"x\"))") "misplaced @custom annotation")
(assert_invalid_custom
  (module (func (@metadata.code.branch_hint "\01") (nop)))
  "@metadata.code.branch_hint annotation: invalid target")
