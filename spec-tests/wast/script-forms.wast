;; The forms of commands themselves: definitions and instances, registration, actions, host references.

(module definition $Counter
  (global $count (export "count") (mut i32) (i32.const 0))
  (func (export "next") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count)))
(module instance $A $Counter)
(module instance $B $Counter)
(invoke $A "next")
(assert_return (invoke $A "next") (i32.const 2))
(assert_return (invoke $B "next") (i32.const 1))
(assert_return (get $A "count") (i32.const 2))
(register "counter" $A)

(module $User
  (import "counter" "next" (func $next (result i32)))
  (import "counter" "count" (global $count (mut i32)))
  (func (export "reset") (result i32) (global.set $count (i32.const 40)) (call $next)))
(assert_return (invoke "reset") (i32.const 41))
(assert_return (get $A "count") (i32.const 41))

(assert_unlinkable (module (import "counter" "nothing" (func))) "unknown import")
(assert_unlinkable (module (import "counter" "next" (func (param i64)))) "incompatible import type")
(assert_unlinkable (module (import "spectest" "memory" (memory 1 1))) "incompatible import type")

(module
  (import "spectest" "print_i32_f32" (func $print (param i32 f32)))
  (import "spectest" "global_i64" (global $g i64))
  (func (export "print") (call $print (i32.const 1) (f32.const 2)))
  (func (export "global") (result i64) (global.get $g))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func $f (export "self") (result funcref) (ref.func $f))
  (func (export "two") (result i32 f64) (i32.const 7) (f64.const -0)))
(invoke "print")
(assert_return (invoke "global") (i64.const 666))
(assert_return (invoke "same" (ref.extern 5)) (ref.extern 5))
(assert_return (invoke "same" (ref.extern 5)) (ref.extern))
(assert_return (invoke "same" (ref.null extern)) (ref.null extern))
(assert_return (invoke "same" (ref.null extern)) (ref.null))
(assert_return (invoke "self") (ref.func))
(assert_return (invoke "two") (either (i32.const 6) (i32.const 7)) (f64.const -0x0p0))

;; A trap while instantiating; what it wrote before stays.
(module (memory (export "memory") 1) (func (export "load") (result i32) (i32.load8_u (i32.const 0))))
(register "m")
(assert_trap
  (module (import "m" "memory" (memory 1)) (data (i32.const 0) "x") (data (i32.const 65536) "y"))
  "out of bounds memory access")
(assert_return (invoke "load") (i32.const 120))
(assert_trap (module (func $start (unreachable)) (start $start)) "unreachable")
