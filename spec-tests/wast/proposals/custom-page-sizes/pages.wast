;; Memories that are counted in bytes, and what they can be linked with.

(module $bytes
  (memory (export "m") 3 5 (pagesize 1))
  (data (i32.const 1) "ab")
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "load16") (param i32) (result i32) (i32.load16_u (local.get 0)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 7) (local.get 1))))

(assert_return (invoke "size") (i32.const 3))
(assert_return (invoke "load" (i32.const 2)) (i32.const 98))
(assert_trap (invoke "load" (i32.const 3)) "out of bounds memory access")
(assert_trap (invoke "load16" (i32.const 2)) "out of bounds memory access")
(assert_return (invoke "grow" (i32.const 3)) (i32.const -1))
(assert_return (invoke "grow" (i32.const 2)) (i32.const 3))
(assert_return (invoke "size") (i32.const 5))
(assert_return (invoke "load" (i32.const 4)) (i32.const 0))
(assert_return (invoke "fill" (i32.const 3) (i32.const 2)))
(assert_return (invoke "load16" (i32.const 3)) (i32.const 0x0707))
(assert_trap (invoke "fill" (i32.const 3) (i32.const 3)) "out of bounds memory access")
(register "bytes" $bytes)

(module (import "bytes" "m" (memory 3 5 (pagesize 1))))
(assert_unlinkable (module (import "bytes" "m" (memory 0))) "incompatible import type")
(assert_unlinkable (module (import "bytes" "m" (memory 6 (pagesize 1)))) "incompatible import type")

(module (memory 1 (pagesize 65536)) (func (export "size") (result i32) (memory.size)))
(assert_return (invoke "size") (i32.const 1))

(assert_malformed (module quote "(memory 1 (pagesize 3))") "invalid custom page size")
(assert_invalid (module (memory 1 (pagesize 2))) "invalid custom page size")
