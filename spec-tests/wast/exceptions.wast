;; Exceptions: what reaches a handler, and which handler it is.

(module $m
  (type $pair (func (param i32 i64)))
  (tag $e (export "e") (type $pair))
  (tag $f (param f64))
  (tag $none)
  (func $throw (export "throw") (param $which i32)
    (if (i32.eq (local.get $which) (i32.const 1)) (then (throw $e (i32.const 5) (i64.const -6))))
    (if (i32.eq (local.get $which) (i32.const 2)) (then (throw $f (f64.const 2.5))))
    (if (i32.eq (local.get $which) (i32.const 3)) (then (throw $none))))

  ;; A handler for all gets no values, whatever was thrown, only the reference.
  (func (export "all_ref") (param i32) (result i32)
    (i32.add (i32.const 100)
      (block $none_thrown (result i32)
        (drop (block $h (result exnref)
          (try_table (catch_all_ref $h) (call $throw (local.get 0)))
          (br $none_thrown (i32.const 0))))
        (i32.const 1))))

  ;; The operands below the handler's are as before.
  (func (export "below") (param i32) (result i32 i64 i32 i64)
    (i32.const 1) (i64.const 2)
    (block $h (result i32 i64)
      (try_table (catch $e $h) (call $throw (local.get 0)))
      (i32.const 3) (i64.const 4)))

  ;; Thrown again, it carries the same values.
  (func (export "again") (param i32) (result i32 i64)
    (block $outer (result i32 i64)
      (try_table (catch $e $outer)
        (block $inner (result exnref)
          (try_table (catch_all_ref $inner) (call $throw (local.get 0)))
          (return (i32.const 0) (i64.const 0)))
        (throw_ref))
      (unreachable)))

  ;; To the function's own label, and to a loop.
  (func (export "return") (param i32) (result i32 i64)
    (try_table (catch $e 0) (call $throw (local.get 0)))
    (i32.const 0) (i64.const 0))
  (func (export "retry") (param $which i32) (result i32) (local $turns i32)
    (loop $l
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (if (i32.lt_u (local.get $turns) (i32.const 4))
        (then (try_table (catch_all $l) (call $throw (local.get $which))))))
    (local.get $turns))

  ;; The first clause that fits is taken; inner blocks come first.
  (func (export "first") (param i32) (result i32)
    (block $c
      (block $b
        (block $a
          (try_table (catch_all $c)
            (try_table (catch $none $a) (catch $none $b) (call $throw (local.get 0))))
          (return (i32.const 0)))
        (return (i32.const 1)))
      (return (i32.const 2)))
    (i32.const 3))

  ;; What has left the block is out of its reach.
  (func (export "left") (param i32) (result i32)
    (block $h (try_table (catch_all $h)) (call $throw (local.get 0)))
    (i32.const 0))
  (func (export "tail") (param i32)
    (block $h (try_table (catch_all $h) (return_call $throw (local.get 0))))))

(assert_return (invoke "all_ref" (i32.const 0)) (i32.const 100))
(assert_return (invoke "all_ref" (i32.const 1)) (i32.const 101))
(assert_return (invoke "all_ref" (i32.const 3)) (i32.const 101))
(assert_return (invoke "below" (i32.const 0)) (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4))
(assert_return (invoke "below" (i32.const 1)) (i32.const 1) (i64.const 2) (i32.const 5) (i64.const -6))
(assert_exception (invoke "below" (i32.const 2)))
(assert_return (invoke "again" (i32.const 1)) (i32.const 5) (i64.const -6))
(assert_exception (invoke "again" (i32.const 2)))
(assert_return (invoke "return" (i32.const 1)) (i32.const 5) (i64.const -6))
(assert_return (invoke "return" (i32.const 0)) (i32.const 0) (i64.const 0))
(assert_exception (invoke "return" (i32.const 3)))
(assert_return (invoke "retry" (i32.const 2)) (i32.const 4))
(assert_return (invoke "retry" (i32.const 0)) (i32.const 1))
(assert_return (invoke "first" (i32.const 0)) (i32.const 0))
(assert_return (invoke "first" (i32.const 3)) (i32.const 1))
(assert_return (invoke "first" (i32.const 1)) (i32.const 3))
(assert_exception (invoke "left" (i32.const 1)))
(assert_exception (invoke "tail" (i32.const 1)))
(assert_return (invoke "tail" (i32.const 0)))

(register "m" $m)

;; The same tag by another name; and one of the same type that is another.
(module
  (import "m" "e" (tag $e (param i32 i64)))
  (import "m" "throw" (func $throw (param i32)))
  (tag $mine (param i32 i64))
  (memory 1) (data (i32.const 0) "x")
  (func (export "catch") (param i32) (result i32 i64 i32)
    (block $h (result i32 i64)
      (try_table (catch $mine 0) (catch $e $h) (call $throw (local.get 0)))
      (i32.const 0) (i64.const 0))
    (i32.load8_u (i32.const 0))))
(assert_return (invoke "catch" (i32.const 1)) (i32.const 5) (i64.const -6) (i32.const 120))
(assert_exception (invoke "catch" (i32.const 3)))

(assert_unlinkable (module (import "m" "e" (tag (param i32)))) "incompatible import type")

(module (func (export "null") (throw_ref (ref.null exn))))
(assert_trap (invoke "null") "null exception reference")
