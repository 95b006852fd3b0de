;; Atomic accesses of one thread: what they answer, what they leave, and what they refuse.

(module
  (memory 1 1 shared)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08\f0\f1\f2\f3\f4\f5\f6\f7")
  (func (export "load") (param i32) (result i64) (i64.atomic.load (local.get 0)))
  (func (export "load8") (param i32) (result i32) (i32.atomic.load8_u (local.get 0)))
  (func (export "load32") (param i32) (result i64) (i64.atomic.load32_u offset=8 (local.get 0)))
  (func (export "add") (param i32 i64) (result i64) (i64.atomic.rmw.add (local.get 0) (local.get 1)))
  (func (export "sub16") (param i32 i32) (result i32) (i32.atomic.rmw16.sub_u (local.get 0) (local.get 1)))
  (func (export "xchg8") (param i32 i64) (result i64) (i64.atomic.rmw8.xchg_u (local.get 0) (local.get 1)))
  (func (export "cmpxchg") (param i32 i32 i32) (result i32) (i32.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
  (func (export "cmpxchg8") (param i32 i32 i32) (result i32) (i32.atomic.rmw8.cmpxchg_u (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait") (param i32 i32 i64) (result i32) (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32) (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32) (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "fence") (atomic.fence)))

(assert_return (invoke "load" (i32.const 0)) (i64.const 0x0807060504030201))
(assert_return (invoke "load8" (i32.const 15)) (i32.const 0xf7))
(assert_return (invoke "load32" (i32.const 4)) (i64.const 0xf7f6f5f4))
(assert_return (invoke "fence"))

(assert_return (invoke "add" (i32.const 16) (i64.const -1)) (i64.const 0))
(assert_return (invoke "add" (i32.const 16) (i64.const 3)) (i64.const -1))
(assert_return (invoke "load" (i32.const 16)) (i64.const 2))
;; Narrow ones wrap, answer without sign and touch nothing beside them.
(assert_return (invoke "sub16" (i32.const 16) (i32.const 3)) (i32.const 2))
(assert_return (invoke "load" (i32.const 16)) (i64.const 0xffff))
(assert_return (invoke "sub16" (i32.const 16) (i32.const 0x10000)) (i32.const 0xffff))
(assert_return (invoke "xchg8" (i32.const 17) (i64.const 0x1234)) (i64.const 0xff))
(assert_return (invoke "load" (i32.const 16)) (i64.const 0x34ff))
;; The expected value is compared whole, the stored one is cut.
(assert_return (invoke "cmpxchg8" (i32.const 16) (i32.const 0x1ff) (i32.const 7)) (i32.const 0xff))
(assert_return (invoke "load8" (i32.const 16)) (i32.const 0xff))
(assert_return (invoke "cmpxchg8" (i32.const 16) (i32.const 0xff) (i32.const 0x107)) (i32.const 0xff))
(assert_return (invoke "load8" (i32.const 16)) (i32.const 7))
(assert_return (invoke "cmpxchg" (i32.const 20) (i32.const 0) (i32.const -1)) (i32.const 0))
(assert_return (invoke "cmpxchg" (i32.const 20) (i32.const 0) (i32.const 1)) (i32.const -1))

;; Nobody else is there: a value that differs is told at once, a finite wait times out, and nobody is woken.
(assert_return (invoke "wait" (i32.const 24) (i32.const 1) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait" (i32.const 24) (i32.const 0) (i64.const 1000)) (i32.const 2))
(assert_return (invoke "wait64" (i32.const 24) (i64.const 0) (i64.const 0)) (i32.const 2))
(assert_return (invoke "notify" (i32.const 24) (i32.const 5)) (i32.const 0))

(assert_trap (invoke "load" (i32.const 4)) "unaligned atomic")
(assert_trap (invoke "sub16" (i32.const 1) (i32.const 1)) "unaligned atomic")
(assert_trap (invoke "notify" (i32.const 2) (i32.const 1)) "unaligned atomic")
(assert_trap (invoke "wait64" (i32.const 4) (i64.const 0) (i64.const 0)) "unaligned atomic")
(assert_trap (invoke "load" (i32.const 65536)) "out of bounds memory access")
(assert_trap (invoke "notify" (i32.const 65536) (i32.const 1)) "out of bounds memory access")

;; Waiting needs a shared memory; notifying does not.
(module
  (memory 1 1)
  (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))
  (func (export "notify") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 1))))
(assert_trap (invoke "wait") "expected shared memory")
(assert_return (invoke "notify") (i32.const 0))

(assert_invalid (module (memory 1 shared)) "shared memory must have maximum")
(assert_invalid
  (module (memory 1 1 shared) (func (result i64) (i64.atomic.load align=4 (i32.const 0))))
  "alignment of an atomic access must be natural")
(assert_invalid (module (func (drop (i32.atomic.load (i32.const 0))))) "unknown memory")
