;; The older form of exception handling.

(module
  (tag $a (param i32)) (tag $b)
  (func $throw (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $b)))
    (throw $a (local.get 0)))

  ;; Results of a handler go where those of the block go, past the operands below.
  (func (export "value") (param i32) (result i32)
    (i32.const 1000)
    (try (result i32)
      (do (call $throw (local.get 0)) (i32.const 1))
      (catch $a (i32.add (i32.const 10)))
      (catch_all (i32.const 20)))
    (i32.add))

  ;; A branch out of a handler.
  (func (export "branch") (param i32) (result i32)
    (block $out (result i32)
      (try (do (call $throw (local.get 0))) (catch $a (br $out)) (catch_all (br $out (i32.const -1))))
      (i32.const -2)))

  ;; The inner block names the outer one, past the one between.
  (func (export "delegate") (param i32) (result i32)
    (try $outer (result i32)
      (do
        (try (result i32)
          (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 1)) (delegate $outer)))
          (catch_all (i32.const 2))))
      (catch_all (i32.const 3))))
  (func (export "delegate_out") (param i32) (result i32)
    (try (result i32)
      (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 1)) (delegate 1)))
      (catch_all (i32.const 2))))
  ;; A handler is not inside of its own block.
  (func (export "delegate_handler") (param i32) (result i32)
    (try $t (result i32)
      (do (call $throw (local.get 0)) (i32.const 1))
      (catch $a (drop) (try (do (throw $b)) (delegate $t)) (i32.const 2))
      (catch_all (i32.const 3))))

  (func (export "rethrow") (param i32) (result i32)
    (try (result i32)
      (do
        (try $t (result i32)
          (do (call $throw (local.get 0)) (i32.const 1))
          (catch $a (drop)
            (try (do (throw $b)) (catch $b (rethrow $t))) (i32.const 2))))
      (catch $a)
      (catch_all (i32.const 5)))))

(assert_return (invoke "value" (i32.const 7)) (i32.const 1017))
(assert_return (invoke "value" (i32.const 0)) (i32.const 1020))
(assert_return (invoke "branch" (i32.const 7)) (i32.const 7))
(assert_return (invoke "branch" (i32.const 0)) (i32.const -1))
(assert_return (invoke "delegate" (i32.const 7)) (i32.const 3))
(assert_exception (invoke "delegate_out" (i32.const 7)))
(assert_exception (invoke "delegate_handler" (i32.const 7)))
(assert_return (invoke "delegate_handler" (i32.const 0)) (i32.const 3))
(assert_return (invoke "rethrow" (i32.const 7)) (i32.const 7))
(assert_return (invoke "rethrow" (i32.const 0)) (i32.const 5))
