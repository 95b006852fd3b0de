;; Newer engines of V8 name a null element only where the type that is asked for is open.
(module
  (type $open (sub (func (result i32))))
  (type $closed (func (result i32)))
  (table 3 funcref)
  (table $typed 2 (ref null $open))
  (elem (i32.const 0) func $f)
  (func $f (type $closed) (i32.const 1))
  (func (export "null, open") (result i32) (call_indirect (type $open) (i32.const 1)))
  (func (export "null, closed") (result i32) (call_indirect (type $closed) (i32.const 1)))
  (func (export "null, open, typed") (result i32) (call_indirect $typed (type $open) (i32.const 1)))
  (func (export "other, open") (result i32) (call_indirect (type $open) (i32.const 0)))
  (func (export "same") (result i32) (call_indirect (type $closed) (i32.const 0)))
)
