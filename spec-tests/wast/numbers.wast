;; Literals and NaN patterns, and that values which only move keep every bit.

(module
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "bits32") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))
  (func (export "bits64") (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
  (func (export "add32") (param f32 f32) (result f32) (f32.add (local.get 0) (local.get 1)))
  (func (export "sub64") (param f64 f64) (result f64) (f64.sub (local.get 0) (local.get 1))))

(assert_return (invoke "bits32" (f32.const 0x1.000001p0)) (i32.const 0x3f800000))
(assert_return (invoke "bits32" (f32.const 0x1.0000010000000001p0)) (i32.const 0x3f800001))
(assert_return (invoke "bits32" (f32.const 1.000000059604644775390625)) (i32.const 0x3f800000))
(assert_return (invoke "bits32" (f32.const 1.0000000596046447753906251)) (i32.const 0x3f800001))
(assert_return (invoke "bits64" (f64.const 0x1_0000.8p-1_7)) (i64.const 0x3fe0_0008_0000_0000))
(assert_return (invoke "bits64" (f64.const 4.9406564584124654e-324)) (i64.const 1))
(assert_return (invoke "bits32" (f32.const -nan:0x20_0001)) (i32.const 0xffa0_0001))
(assert_return (invoke "f32" (f32.const nan:0x200001)) (f32.const nan:0x200001))
(assert_return (invoke "f64" (f64.const -nan:0x4_0000_0000_0001)) (f64.const -nan:0x4000000000001))
(assert_return (invoke "add32" (f32.const nan:0x200001) (f32.const 1)) (f32.const nan:canonical))
(assert_return (invoke "sub64" (f64.const inf) (f64.const inf)) (f64.const nan:arithmetic))

(assert_malformed (module quote "(func (drop (f32.const 0x1.ffffffp127)))") "constant out of range")
(assert_malformed (module quote "(func (drop (f64.const nan:0x10_0000_0000_0000)))") "constant out of range")
(assert_malformed (module quote "(func (drop (i32.const 1__0)))") "unknown operator 1__0")
(assert_malformed (module quote "(func (drop (i64.const 0x1_0000_0000_0000_0000)))") "constant out of range")
