import type { Dice } from './harness.js';

/**
 * Random programs on structs, arrays and references, as text. Each builds and changes a graph of objects in a loop,
 * with references on the operand stack across calls, and returns a sum over what it can still reach. Some trap.
 */
export function objectProgram(dice: Dice): string {
  return new Generator(dice).program();
}

const PRELUDE = `
  (rec
    (type $node (sub (struct (field $value (mut i32)) (field $next (mut (ref null $node))) (field $all (mut (ref null $nodes)))
      (field $byte (mut i8)) (field $half (mut i16)) (field $long (mut i64)) (field $any (mut anyref)))))
    (type $nodes (array (mut (ref null $node))))
    (type $leaf (sub final $node (struct (field (mut i32)) (field (mut (ref null $node))) (field (mut (ref null $nodes)))
      (field (mut i8)) (field (mut i16)) (field (mut i64)) (field (mut anyref)) (field $weight (mut f64)) (field $vector (mut v128))))))
  (type $bytes (array (mut i8)))
  (type $longs (array (mut i64)))
  (type $maker (func (param i32 (ref null $node)) (result (ref null $node))))
  (table $t 4 (ref null $node))
  (global $g (mut (ref null $node)) (struct.new_default $leaf))
  (global $fuel (mut i32) (i32.const 0))
  (data $data "some bytes, enough for a handful of longs of eight")
  (elem $elem (ref null $node) (struct.new_default $node) (ref.null $node) (struct.new_default $leaf))
  (elem declare func $make $chain)

  (func $make (type $maker)
    (struct.new $leaf (local.get 0) (local.get 1) (array.new $nodes (local.get 1) (i32.and (local.get 0) (i32.const 3)))
      (local.get 0) (i32.shr_u (local.get 0) (i32.const 4)) (i64.extend_i32_s (local.get 0)) (ref.i31 (local.get 0))
      (f64.convert_i32_s (local.get 0)) (i32x4.splat (local.get 0))))
  (func $chain (type $maker) (local $i i32)
    (loop $more
      (local.set 1 (struct.new $node (local.get $i) (local.get 1) (ref.null $nodes) (local.get $i) (i32.const -1) (i64.const 7) (local.get 1)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.and (local.get 0) (i32.const 7)))))
    (local.get 1))
  (func $next (param (ref null $node)) (result (ref null $node))
    (block $null (result (ref null $node)) (struct.get $node $next (br_on_null $null (ref.null $node) (local.get 0))) (return)))
  (func $value (param (ref null $node)) (result i32)
    (block $node (result (ref $node)) (br_on_non_null $node (local.get 0)) (return (i32.const 3)))
    (struct.get $node $value))
  (func $at (param (ref null $nodes) i32) (result (ref null $node))
    (if (ref.is_null (local.get 0)) (then (return (ref.null $node))))
    (if (i32.eqz (array.len (local.get 0))) (then (return (ref.null $node))))
    (array.get $nodes (local.get 0) (i32.rem_u (local.get 1) (array.len (local.get 0)))))
  (func $put (param (ref null $nodes) i32 (ref null $node))
    (if (ref.is_null (local.get 0)) (then (return)))
    (if (i32.eqz (array.len (local.get 0))) (then (return)))
    (array.set $nodes (local.get 0) (i32.rem_u (local.get 1) (array.len (local.get 0))) (local.get 2)))
  (func $length (param (ref null $nodes)) (result i32)
    (if (result i32) (ref.is_null (local.get 0)) (then (i32.const 0)) (else (array.len (local.get 0)))))
  (func $copy (param $to (ref null $nodes)) (param $from (ref null $nodes)) (local $n i32)
    (local.set $n (call $length (local.get $to)))
    (if (i32.gt_u (local.get $n) (call $length (local.get $from))) (then (local.set $n (call $length (local.get $from)))))
    (if (i32.eqz (local.get $n)) (then (return)))
    (array.copy $nodes $nodes (local.get $to) (i32.const 0) (local.get $from) (i32.const 0) (local.get $n)))

  (func $sumAny (param anyref) (result i64)
    (block $node (result (ref $node))
      (block $nodes (result (ref $nodes))
        (block $i31 (result (ref i31))
          (br_on_cast $i31 anyref (ref i31) (br_on_cast $nodes anyref (ref $nodes) (br_on_cast $node anyref (ref $node) (local.get 0))))
          (drop) (return (i64.const 11)))
        (return (i64.extend_i32_s (i31.get_s))))
      (return (i64.extend_i32_u (array.len))))
    (return (i64.extend_i32_u (struct.get_u $node $byte))))
  (func $sum (param $n (ref null $node)) (result i64) (local $s i64) (local $i i32)
    (if (i32.or (ref.is_null (local.get $n)) (i32.le_s (global.get $fuel) (i32.const 0))) (then (return (i64.const 1))))
    (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
    (local.set $s (i64.add (i64.extend_i32_s (struct.get $node $value (local.get $n))) (struct.get $node $long (local.get $n))))
    (local.set $s (i64.add (i64.mul (local.get $s) (i64.const 31)) (i64.extend_i32_s (struct.get_s $node $byte (local.get $n)))))
    (local.set $s (i64.add (i64.mul (local.get $s) (i64.const 31)) (i64.extend_i32_s (struct.get_s $node $half (local.get $n)))))
    (local.set $s (i64.xor (local.get $s) (call $sumAny (struct.get $node $any (local.get $n)))))
    (if (ref.test (ref $leaf) (local.get $n)) (then
      (local.set $s (i64.add (local.get $s) (i64.reinterpret_f64 (struct.get $leaf $weight (ref.cast (ref $leaf) (local.get $n))))))
      (local.set $s (i64.add (local.get $s) (i64x2.extract_lane 1 (struct.get $leaf $vector (ref.cast (ref $leaf) (local.get $n))))))))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $i) (call $length (struct.get $node $all (local.get $n)))))
      (local.set $s (i64.rotl (i64.add (local.get $s) (call $sum (call $at (struct.get $node $all (local.get $n)) (local.get $i)))) (i64.const 5)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $each)))
    (i64.add (i64.mul (local.get $s) (i64.const 131)) (call $sum (struct.get $node $next (local.get $n)))))`;

class Generator {
  private readonly dice: Dice;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  program(): string {
    return `(module ${PRELUDE}
      (func $work (param $i i32) (param $r0 (ref null $node)) (param $a0 (ref null $nodes)) (result (ref null $node))
        (local $r1 (ref null $node)) (local $r2 (ref $node)) (local $a1 (ref null $nodes)) (local $b (ref null $bytes)) (local $l (ref null $longs))
        (local.set $r2 (struct.new_default $node))
        (if (i32.eqz (local.get $i)) (then (return (local.get $r0))))
        ${this.statements(6)}
        ${this.node(3)})
      (func (export "run") (param $rounds i32) (result i64)
        (local $i i32) (local $r0 (ref null $node)) (local $r1 (ref null $node)) (local $r2 (ref $node))
        (local $a0 (ref null $nodes)) (local $a1 (ref null $nodes)) (local $b (ref null $bytes)) (local $l (ref null $longs))
        (local.set $r2 (struct.new_default $node))
        (loop $again
          ${this.statements(14)}
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $rounds))))
        (global.set $fuel (i32.const 300))
        (call $sum (local.get $r0)) (call $sum (local.get $r1)) (i64.add) (call $sum (local.get $r2)) (i64.xor)
        (call $sum (global.get $g)) (i64.add) (call $sum (table.get $t (i32.const 1))) (i64.sub)
        (i64.extend_i32_u (call $length (local.get $a0))) (i64.add) (call $sum (call $at (local.get $a1) (i32.const 1))) (i64.xor)))`;
  }

  private statements(count: number): string {
    return Array.from({ length: count }, () => this.statement(3)).join('\n          ');
  }

  private statement(depth: number): string {
    const { dice } = this;
    const d = depth - 1;
    switch (dice.below(depth <= 0 ? 8 : 17)) {
      case 0:
      case 1:
        return `(local.set $r${dice.below(2)} ${this.node(d)})`;
      case 2:
        return `(local.set $r2 ${this.made(d)})`;
      case 3:
        return `(local.set $a${dice.below(2)} ${this.nodes(d)})`;
      case 4:
        return `(global.set $g ${this.node(d)})`;
      case 5:
        return `(struct.set $node $next (local.get $r2) ${this.node(d)})`;
      case 6:
        return `(struct.set $node $all (local.get $r2) ${this.nodes(d)})`;
      case 7:
        return `(struct.set $node $any (local.get $r2) ${this.any(d)})`;
      case 8:
        return `(struct.set $node ${dice.of(['$value', '$byte', '$half'])} ${this.present(d)} ${this.int(d)})`;
      case 9:
        return `(call $put ${this.nodes(d)} ${this.int(d)} ${this.node(d)})`;
      case 10:
        return `(call $copy ${this.nodes(d)} ${this.nodes(d)})`;
      case 11:
        return `(table.set $t (i32.and ${this.int(d)} (i32.const 3)) ${this.node(d)})`;
      case 12:
        return `(local.set $b (array.new_data $bytes $data (i32.const ${dice.below(20)}) (i32.const ${dice.below(20)})))`;
      case 13:
        return `(local.set $l (array.new_data $longs $data (i32.const ${dice.below(9)}) (i32.const ${dice.below(6)})))`;
      case 14:
        return `(if ${this.int(d)} (then ${this.statement(d)} ${this.statement(d)}) (else ${this.statement(d)}))`;
      case 15:
        return `(array.fill $bytes (array.new_default $bytes (i32.const 9)) (i32.const ${dice.below(9)}) ${this.int(d)} (i32.const ${dice.below(3)}))`;
      default:
        return `(struct.set $node $long (local.get $r2) ${this.long(d)})`;
    }
  }

  private made(depth: number): string {
    const d = depth - 1;
    if (depth <= 0) return '(struct.new_default $leaf)';
    const fields = `${this.int(d)} ${this.node(d)} ${this.nodes(d)} ${this.int(d)} ${this.int(d)} ${this.long(d)} ${this.any(d)}`;
    if (this.dice.chance(50)) return `(struct.new $node ${fields})`;
    return `(struct.new $leaf ${fields} (f64.convert_i32_s ${this.int(d)}) (i64x2.splat ${this.long(d)}))`;
  }

  /** A reference that is never null, but for a few that trap. */
  private present(depth: number): string {
    if (this.dice.chance(3)) return `(ref.as_non_null ${this.node(depth)})`;
    return this.dice.chance(50) ? '(local.get $r2)' : this.made(depth);
  }

  private node(depth: number): string {
    const { dice } = this;
    const d = depth - 1;
    switch (dice.below(depth <= 0 ? 5 : 17)) {
      case 0:
      case 1:
      case 2:
        return `(local.get $r${dice.below(3)})`;
      case 3:
        return '(global.get $g)';
      case 4:
        return '(ref.null $node)';
      case 5:
      case 6:
        return this.made(d);
      case 7:
        return `(call $${dice.of(['make', 'chain'])} ${this.int(d)} ${this.node(d)})`;
      case 8:
        return `(call_ref $maker ${this.int(d)} ${this.node(d)} (ref.func $${dice.of(['make', 'chain'])}))`;
      case 9:
        return `(call $next ${this.node(d)})`;
      case 10:
        return `(call $at ${this.nodes(d)} ${this.int(d)})`;
      case 11:
        return `(select (result (ref null $node)) ${this.node(d)} ${this.node(d)} ${this.int(d)})`;
      case 12:
        return `(table.get $t (i32.and ${this.int(d)} (i32.const 3)))`;
      case 13:
        return `(block $cast (result (ref null $node)) ${this.long(d)} (br_on_cast${dice.of(['', '_fail'])} $cast (ref null $node) (ref ${dice.of(['', 'null '])}$leaf) ${this.node(d)}) (call $next) (br $cast))`;
      case 14:
        return `(call $work (i32.and (i32.sub (local.get $i) (i32.const 1)) (i32.const 3)) ${this.node(d)} ${this.nodes(d)})`;
      case 15:
        return `(block $some (result (ref null $node)) (br_on_non_null $some ${this.node(d)}) ${this.node(d)})`;
      default:
        return `(ref.cast (ref null $node) (any.convert_extern (extern.convert_any ${this.node(d)})))`;
    }
  }

  private nodes(depth: number): string {
    const { dice } = this;
    const d = depth - 1;
    switch (dice.below(depth <= 0 ? 3 : 8)) {
      case 0:
      case 1:
        return `(local.get $a${dice.below(2) === 0 ? 0 : 1})`;
      case 2:
        return '(ref.null $nodes)';
      case 3:
        return `(array.new $nodes ${this.node(d)} (i32.and ${this.int(d)} (i32.const 7)))`;
      case 4: {
        const count = dice.below(4);
        return `(array.new_fixed $nodes ${count} ${Array.from({ length: count }, () => this.node(d)).join(' ')})`;
      }
      case 5:
        return `(array.new_default $nodes (i32.const ${dice.below(5)}))`;
      case 6:
        return `(array.new_elem $nodes $elem (i32.const ${dice.below(3)}) (i32.const ${dice.below(2)}))`;
      default:
        return `(struct.get $node $all ${this.present(d)})`;
    }
  }

  private any(depth: number): string {
    const d = depth - 1;
    switch (this.dice.below(4)) {
      case 0:
        return this.node(d);
      case 1:
        return this.nodes(d);
      case 2:
        return `(ref.i31 ${this.int(d)})`;
      default:
        return `(struct.get $node $any (local.get $r2))`;
    }
  }

  private long(depth: number): string {
    const d = depth - 1;
    switch (this.dice.below(depth <= 0 ? 1 : 4)) {
      case 0:
        return `(i64.const ${this.dice.next()})`;
      case 1:
        return `(i64.extend_i32_s ${this.int(d)})`;
      case 2:
        return `(struct.get $node $long ${this.present(d)})`;
      default:
        return `(call $sumAny ${this.any(d)})`;
    }
  }

  private int(depth: number): string {
    const { dice } = this;
    const d = depth - 1;
    switch (dice.below(depth <= 0 ? 2 : 11)) {
      case 0:
        return `(i32.const ${dice.below(200) - 20})`;
      case 1:
        return '(local.get $i)';
      case 2:
        return `(call $value ${this.node(d)})`;
      case 3:
        return `(ref.test (ref ${dice.of(['', 'null '])}$leaf) ${this.node(d)})`;
      case 4:
        return `(ref.eq ${this.node(d)} ${this.node(d)})`;
      case 5:
        return `(call $length ${this.nodes(d)})`;
      case 6:
        return `(i31.get_${dice.of(['s', 'u'])} (ref.i31 ${this.int(d)}))`;
      case 7:
        return `(struct.get_${dice.of(['s', 'u'])} $node ${dice.of(['$byte', '$half'])} ${this.present(d)})`;
      case 8:
        return `(ref.is_null ${this.any(d)})`;
      case 9:
        return `(i32.add ${this.int(d)} ${this.int(d)})`;
      default:
        return `(block $out (result i32) (drop (br_on_null $out ${this.int(d)} ${this.node(d)})) (i32.add (i32.const 1)))`;
    }
  }
}
