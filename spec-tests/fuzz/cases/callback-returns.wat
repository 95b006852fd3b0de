;; A callback that returns in compiled code while the host call that made it is pending: the call was begun once more.
(module
  (import "fuzzing-support" "call-export-catch" (func $call (param i32) (result i32)))
  (global $times (mut i32) (i32.const 0))
  (func (export "called") (global.set $times (i32.add (global.get $times) (i32.const 1))))
  (func (export "calls") (result i32) (call $call (i32.const 0)))
  (func (export "calls, then traps") (drop (call $call (i32.const 0))) (unreachable)))
