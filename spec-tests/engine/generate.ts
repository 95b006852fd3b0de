import { Dice } from './harness.js';

/** What a program works on besides numbers. */
export interface Flavour {
  readonly vectors?: boolean;
  /** Tags `e0` to `e2` are exported, so that the host can tell what was thrown. */
  readonly exceptions?: 'standard' | 'legacy';
  /** Memories and tables with 64-bit addresses, and a second memory with 32-bit ones. */
  readonly wide?: boolean;
}

type Type = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
const TYPES: readonly Type[] = ['i32', 'i64', 'f32', 'f64'];
/** Weighted, so that most locals are vectors. */
const WITH_VECTORS: readonly Type[] = [...TYPES, 'v128', 'v128', 'v128', 'v128'];

const INT_BINARY = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr', 'div_s', 'div_u', 'rem_s', 'rem_u'];
const INT_COMPARE = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];
const FLOAT_BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max'];
const FLOAT_COMPARE = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'];
const INTEGERS = ['0', '1', '-1', '2', '3', '5', '8', '31', '63', '255', '-128', '0x7fffffff', '0x80000000', '1000003'];
const FLOATS = ['0', '-0', '1', '-1.5', '0.1', '1e10', '-3.75', 'inf', '0x1p-40', '12345.678'];
/** Vector instructions whose results have no NaN that was not there before. */
const VECTOR_UNARY = [
  'v128.not', 'i8x16.neg', 'i8x16.popcnt', 'i16x8.abs', 'i32x4.neg', 'i64x2.abs', 'f32x4.abs', 'f64x2.neg', 'f32x4.convert_i32x4_u',
  'i32x4.trunc_sat_f32x4_s', 'i32x4.trunc_sat_f64x2_u_zero', 'i16x8.extend_low_i8x16_s', 'i64x2.extend_high_i32x4_u', 'i32x4.extadd_pairwise_i16x8_s',
];
const VECTOR_BINARY = [
  'v128.and', 'v128.andnot', 'v128.xor', 'i8x16.swizzle', 'i8x16.add', 'i8x16.sub_sat_u', 'i8x16.narrow_i16x8_u', 'i16x8.mul', 'i16x8.avgr_u',
  'i16x8.lt_u', 'i32x4.add', 'i32x4.mul', 'i32x4.max_u', 'i32x4.dot_i16x8_s', 'i64x2.add', 'i64x2.mul', 'i64x2.lt_s', 'i64x2.extmul_low_i32x4_u',
  'f32x4.pmin', 'f64x2.pmax', 'f32x4.le', 'f64x2.ne', 'i8x16.shuffle 0 31 2 29 4 27 6 25 8 23 10 21 12 19 14 17',
];
const VECTOR_SHIFT = ['i8x16.shl', 'i16x8.shr_s', 'i32x4.shr_u', 'i64x2.shl', 'i64x2.shr_s'];
const VECTOR_LOAD = ['v128.load8x8_s', 'v128.load16x4_u', 'v128.load8_splat', 'v128.load64_splat', 'v128.load32_zero', 'v128.load64_zero'];
const VECTOR_TO_I32 = ['v128.any_true', 'i8x16.all_true', 'i16x8.bitmask', 'i8x16.extract_lane_s 9', 'i16x8.extract_lane_u 3', 'i32x4.extract_lane 2'];
const PARAMS: readonly Type[] = ['i32', 'i64', 'f64', 'f32'];

/**
 * Random valid modules as text: structured control, every kind of operand, calls, memory, globals, traps now and then.
 * Every loop and every recursion spends fuel from a global, so each run ends. A NaN is made canonical where it arises,
 * because its bits could be read later.
 */
export function randomModule(seed: number, flavour: Flavour = {}): string {
  return new Generator(new Dice(seed), flavour).module();
}

class Generator {
  private readonly dice: Dice;
  private locals: Type[] = [];
  /** `handler`: of the legacy instructions, so that `rethrow` may name it. */
  private labels: { types: readonly Type[]; loop: boolean; handler?: boolean }[] = [];
  private functions = 0;
  private readonly vectors: boolean;
  private readonly exceptions: Flavour['exceptions'];
  private readonly wide: boolean;
  /** Address type. */
  private readonly at: 'i32' | 'i64';

  constructor(dice: Dice, { vectors = false, exceptions, wide = false }: Flavour) {
    this.dice = dice;
    this.vectors = vectors;
    this.exceptions = exceptions;
    this.wide = wide;
    this.at = wide ? 'i64' : 'i32';
  }

  module(): string {
    this.functions = 2 + this.dice.below(3);
    const bodies = Array.from({ length: this.functions }, (_, i) => this.func(i)).join('\n');
    return `(module
      (memory (export "memory") ${this.wide ? 'i64 ' : ''}1 2)
      ${this.wide ? '(memory $other 1)' : ''}
      (table ${this.wide ? 'i64 ' : ''}8 funcref)
      (elem (${this.at}.const 1) ${Array.from({ length: this.functions }, (_, i) => `$f${i}`).join(' ')})
      (type $t (func (param ${PARAMS.join(' ')}) (result i32)))
      (type $pair (func (param i32 i64) (result i64 i32)))
      (global $fuel (mut i32) (i32.const 300))
      (global $g0 (mut i32) (i32.const 5)) (global $g1 (mut i64) (i64.const -7)) (global $g2 (mut f64) (f64.const 2.5))
      (data "abcdefghijklmnopqrstuvwxyz")
      (func $spend (result i32) (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))) (i32.lt_s (global.get $fuel) (i32.const 0)))
      (func $swap (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
      ${this.vectors ? VECTOR_FIELDS : ''}
      ${this.exceptions === undefined ? '' : TAGS}
      ${CANON}
      ${bodies}
      (func (export "refuel") (global.set $fuel (i32.const 300)))
    )`;
  }

  private func(index: number): string {
    const others = this.vectors ? (['v128', 'v128'] as const) : [];
    this.locals = [...PARAMS, ...others, ...Array.from({ length: 2 + this.dice.below(4) }, () => this.dice.of(this.vectors ? WITH_VECTORS : TYPES))];
    this.labels = [];
    const declared = [...this.locals.slice(PARAMS.length), ...(this.exceptions === 'standard' ? ['exnref'] : [])].map((type) => `(local ${type})`).join(' ');
    const body = this.statements(3);
    return `(func $f${index} (export "f${index}") (param ${PARAMS.join(' ')}) (result i32) ${declared}
      (if (call $spend) (then (return (i32.const -1))))
      ${body} ${this.expr('i32', 3)})`;
  }

  private statements(depth: number): string {
    return Array.from({ length: 1 + this.dice.below(4) }, () => this.statement(depth)).join('\n');
  }

  private localOf(type: Type): number {
    const fitting = this.locals.flatMap((local, i) => (local === type ? [i] : []));
    return this.dice.of(fitting);
  }

  private statement(depth: number): string {
    const { dice } = this;
    const type = this.locals[dice.below(this.locals.length)]!;
    if (this.vectors && dice.chance(20)) return this.vectorStatement(depth);
    if (this.exceptions !== undefined && dice.chance(25)) return this.exceptionStatement(depth);
    if (this.wide && dice.chance(20)) return this.wideStatement();
    const choice = dice.below(depth > 0 ? 22 : 10);
    switch (choice) {
      case 0:
      case 1:
      case 2:
        return `(local.set ${this.localOf(type)} ${this.expr(type, depth)})`;
      case 3:
        return `(${type}.store offset=${dice.of([0, 1, 4, 8, 64])} ${this.address()} ${this.expr(type, depth)})`;
      case 4:
        return dice.of([
          `(i32.store8 ${this.address()} ${this.expr('i32', 1)})`,
          `(i64.store16 offset=2 ${this.address()} ${this.expr('i64', 1)})`,
          `(i64.store32 ${this.address()} ${this.expr('i64', 1)})`,
        ]);
      case 5:
        return dice.of([
          `(global.set $g0 ${this.expr('i32', depth)})`,
          `(global.set $g0 (local.tee ${this.localOf('i32')} (i32.add (local.get ${this.localOf('i32')}) (i32.const -16))))`,
          `(global.set $g1 ${this.expr('i64', depth)})`,
          `(global.set $g2 ${this.expr('f64', depth)})`,
        ]);
      case 6:
        return `(drop ${this.expr(type, depth)})`;
      case 7:
        return this.branchIf(depth);
      case 8:
        return dice.of([
          `(memory.fill ${this.address()} ${this.expr('i32', 1)} (${this.at}.const 9))`,
          `(memory.copy ${this.address()} ${this.address()} (${this.at}.const 13))`,
          `(memory.init 0 ${this.address()} (i32.const 3) (i32.const 7))`,
          'nop',
        ]);
      case 9:
        return `(call $swap ${this.expr('i32', 1)} ${this.expr('i64', 1)}) (local.set ${this.localOf('i32')}) (local.set ${this.localOf('i64')})`;
      case 10:
      case 11:
      case 12:
        return `(if ${this.expr('i32', 2)} (then ${this.inside([], false, depth)}) ${dice.chance(50) ? `(else ${this.inside([], false, depth)})` : ''})`;
      case 13:
      case 14:
      case 15:
        return `(block (loop (br_if 1 (call $spend)) ${this.inside([], true, depth)} ${dice.chance(60) ? '(br 0)' : ''}))`;
      case 16:
      case 17:
        return `(block ${this.inside([], false, depth)})`;
      case 18:
        return this.table(depth);
      case 19:
        return `(if ${this.expr('i32', 1)} (then ${this.inside([], false, depth)} (return ${this.expr('i32', 1)})))`;
      default:
        return `(local.set ${this.localOf(type)} (local.tee ${this.localOf(type)} ${this.expr(type, depth)}))`;
    }
  }

  /** Statements inside of a new label; `loop` counts the block around it too. */
  private inside(types: readonly Type[], loop: boolean, depth: number): string {
    if (loop) this.labels.unshift({ types: [], loop: false });
    this.labels.unshift({ types, loop });
    const body = this.statements(depth - 1);
    this.labels.shift();
    if (loop) this.labels.shift();
    return body;
  }

  private branchIf(depth: number): string {
    const targets = this.labels.flatMap((label, i) => (label.types.length === 0 ? [i] : []));
    if (targets.length === 0) return `(drop ${this.expr('i64', depth)})`;
    return `(br_if ${this.dice.of(targets)} ${this.expr('i32', 1)})`;
  }

  private table(depth: number): string {
    this.labels.unshift({ types: [], loop: false }, { types: [], loop: false }, { types: [], loop: false });
    const first = this.statements(depth - 1);
    const value = this.expr('i32', 1);
    this.labels.shift();
    const second = this.statements(depth - 1);
    this.labels.shift();
    const third = this.statements(depth - 1);
    this.labels.shift();
    return `(block (block (block ${first} (br_table 0 1 2 1 ${value})) ${second}) ${third})`;
  }

  private address(): string {
    const wild = this.dice.chance(2);
    return wild ? this.expr(this.at, 1) : `(${this.at}.and ${this.expr(this.at, 1)} (${this.at}.const ${this.dice.of(['1023', '1020', '4092', '252'])}))`;
  }

  private narrowAddress(): string {
    return `(i32.and ${this.expr('i32', 1)} (i32.const 2047))`;
  }
  /** Between the memories, and offsets beyond 32 bits. */
  private wideStatement(): string {
    const { dice } = this;
    return dice.of([
      `(memory.copy $other 0 ${this.narrowAddress()} ${this.address()} (i32.const 21))`,
      `(memory.copy 0 $other ${this.address()} ${this.narrowAddress()} (i32.const 8))`,
      `(i64.store $other offset=3 ${this.narrowAddress()} ${this.expr('i64', 1)})`,
      `(local.set ${this.localOf('i64')} (i64.load32_s $other offset=8 ${this.narrowAddress()}))`,
      `(local.set ${this.localOf('i64')} (i64.add (memory.size) (i64.extend_i32_u (memory.size $other))))`,
      `(local.set ${this.localOf('i64')} (table.size))`,
      `(table.set (i64.const 7) (table.get (i64.const ${dice.of(['1', '0', '7'])})))`,
      dice.chance(10) ? `(i32.store8 offset=${dice.of(['0xffffffffffffffff', '0x100000000', '0xfffffffffffff000'])} ${this.address()} (i32.const 1))` : 'nop',
    ]);
  }

  /** Text inside of labels, the innermost first. */
  private within(labels: readonly (readonly Type[])[], text: () => string): string {
    this.labels.unshift(...labels.map((types) => ({ types, loop: false })));
    const result = text();
    this.labels.splice(0, labels.length);
    return result;
  }

  private throwIf(): string {
    const { dice } = this;
    const body = (): string => {
      const handlers = this.labels.flatMap(({ handler }, i) => (handler === true ? [i] : []));
      if (handlers.length > 0 && dice.chance(40)) return `(rethrow ${dice.of(handlers)})`;
      return dice.of(['(throw $e0)', `(throw $e1 ${this.expr('i32', 1)})`, `(throw $e2 ${this.expr('i64', 1)} ${this.expr('f64', 1)} ${this.expr('i32', 1)})`]);
    };
    return `(if ${this.expr('i32', 2)} (then ${this.within([[]], body)}))`;
  }

  private exceptionStatement(depth: number): string {
    if (depth <= 0 || this.dice.chance(30)) return this.throwIf();
    return this.exceptions === 'legacy' ? this.legacyTry(depth) : this.tryTable(depth);
  }

  private setE2(): string {
    return `(local.set ${this.localOf('i32')}) (local.set ${this.localOf('f64')}) (local.set ${this.localOf('i64')})`;
  }

  private tryTable(depth: number): string {
    const { dice } = this;
    const exn = this.locals.length;
    const body = (): string => this.statements(depth - 1);
    // A block whose label takes something is no target of the statements inside.
    const taking: readonly Type[] = ['i32'];
    switch (dice.below(6)) {
      case 0: {
        const targets = this.labels.flatMap(({ types }, i) => (types.length === 0 ? [i + 1] : []));
        return `(block (try_table (catch $e0 0) ${targets.length > 0 ? `(catch_all ${dice.of(targets)})` : ''} ${this.within([[], []], body)}))`;
      }
      case 1: {
        const rest = (): string => `(try_table (catch $e1 0) ${this.within([[]], body)}) ${this.expr('i32', 1)}`;
        return `(local.set ${this.localOf('i32')} (block (result i32) ${this.within([taking], rest)}))`;
      }
      case 2:
        return `(block (block (result i64 f64 i32 exnref) (try_table (catch_ref $e2 0) ${this.within([[], taking, []], body)}) (br 1))
          (local.set ${exn}) ${this.setE2()} ${this.rethrowRef(exn)})`;
      case 3:
        return `(local.set ${exn} (block (result exnref) (try_table (catch_all_ref 0) ${this.within([[], taking], body)}) (ref.null exn)))
          ${this.rethrowRef(exn)}`;
      case 4:
        // To the function itself: the value thrown is its result.
        return `(try_table (catch $e1 ${this.labels.length}) ${this.within([[]], () => `${body()} ${this.tailCall()}`)})`;
      default:
        return `(block (loop (br_if 1 (call $spend)) (try_table (catch $e0 0) (catch_all 1) ${this.within([[], [], []], body)})))`;
    }
  }
  private rethrowRef(exn: number): string {
    return `(if (i32.and (global.get $g0) (i32.const 1)) (then (throw_ref (local.get ${exn}))))`;
  }

  private legacyTry(depth: number): string {
    const { dice } = this;
    const body = (): string => this.statements(depth - 1);
    const handler = (text: () => string = body): string => {
      this.labels.unshift({ types: [], loop: false, handler: true });
      const result = text();
      this.labels.shift();
      return result;
    };
    switch (dice.below(5)) {
      case 0:
        return `(try (do ${this.within([[]], body)}) (catch $e0 ${handler()}) (catch_all ${handler()}))`;
      case 1:
        return `(try (do ${this.within([[]], body)}) (catch $e2 ${this.setE2()} ${handler()}) (catch $e1 (local.set ${this.localOf('i32')}) ${handler()}))`;
      case 2: {
        const valued = (): string => this.within([['i32']], () => this.expr('i32', 2));
        const rest = (): string => `${this.within([['i32']], body)} ${valued()}`;
        return `(local.set ${this.localOf('i32')} (try (result i32) (do ${rest()}) (catch $e1 ${dice.chance(50) ? '' : `(drop) ${valued()}`}) (catch_all ${valued()})))`;
      }
      case 3:
        return `(try (do ${this.within([[]], () => `${body()} ${this.tailCall()}`)}) (delegate ${dice.below(this.labels.length + 1)}))`;
      default:
        return `(try (do ${this.within([[]], body)}))`;
    }
  }

  private tailCall(): string {
    const callee = 1 + this.dice.below(this.functions);
    const call = (): string => {
      const args = PARAMS.map((type) => this.expr(type, 1)).join(' ');
      return this.dice.chance(50) ? `(return_call $f${callee - 1} ${args})` : `(return_call_indirect (type $t) ${args} (${this.at}.const ${callee}))`;
    };
    return `(if ${this.expr('i32', 1)} (then ${this.within([[]], call)}))`;
  }

  private vectorStatement(depth: number): string {
    const { dice } = this;
    const target = this.localOf('v128');
    switch (dice.below(4)) {
      case 0:
        return `(global.set $v ${this.expr('v128', depth)})`;
      case 1:
        return `(v128.store${dice.of(['8_lane 5', '16_lane 6', '32_lane 3', '64_lane 1'])} ${this.address()} ${this.expr('v128', depth)})`;
      case 2:
        return `(call $turn ${this.expr('v128', 1)} ${this.expr('i32', 1)} ${this.expr('v128', 1)})
          (local.set ${this.localOf('v128')}) (local.set ${this.localOf('i32')}) (local.set ${target})`;
      default:
        return `(local.set ${target} ${this.movedDown(depth)})`;
    }
  }

  /** A block whose result moves down past an operand that the branch drops. */
  private movedDown(depth: number): string {
    this.labels.unshift({ types: ['v128'], loop: false });
    const text = `(block (result v128) ${this.expr('i32', 1)} ${this.expr('v128', depth)} (br_if 0 ${this.expr('i32', 1)})
      (drop) (drop) ${this.expr('i64', 1)} ${this.expr('v128', depth)} (br 0))`;
    this.labels.shift();
    return text;
  }

  private vector(d: number): string {
    const { dice } = this;
    const one = (): string => this.expr('v128', d);
    switch (dice.below(9)) {
      case 0:
        return `(${dice.of(VECTOR_UNARY)} ${one()})`;
      case 1:
        return `(${dice.of(VECTOR_SHIFT)} ${one()} ${this.expr('i32', d)})`;
      case 2:
        return `(${dice.of(VECTOR_LOAD)} ${this.address()})`;
      case 3:
        return `(v128.load${dice.of(['8_lane 15', '16_lane 2', '32_lane 1', '64_lane 0'])} ${this.address()} ${one()})`;
      case 4:
        return dice.of(['(global.get $v)', `(i8x16.splat ${this.expr('i32', d)})`, `(i64x2.splat ${this.expr('i64', d)})`]);
      case 5:
        return dice.of([`(i8x16.replace_lane 7 ${one()} ${this.expr('i32', d)})`, `(i64x2.replace_lane 1 ${one()} ${this.expr('i64', d)})`]);
      case 6:
        return `(v128.bitselect ${one()} ${one()} ${one()})`;
      default:
        return `(${dice.of(VECTOR_BINARY)} ${one()} ${one()})`;
    }
  }

  private constant(type: Type): string {
    if (type === 'v128') return `(v128.const i32x4 ${Array.from({ length: 4 }, () => this.dice.of(INTEGERS)).join(' ')})`;
    return `(${type}.const ${this.dice.of(type.startsWith('i') ? INTEGERS : FLOATS)})`;
  }

  private expr(type: Type, depth: number): string {
    const { dice } = this;
    if (depth <= 0 || dice.chance(15)) return dice.chance(60) && this.locals.includes(type) ? `(local.get ${this.localOf(type)})` : this.constant(type);
    const d = depth - 1;
    switch (dice.below(14)) {
      case 0:
        return `(select ${this.expr(type, d)} ${this.expr(type, d)} ${this.expr('i32', d)})`;
      case 1:
        return this.canon(type, `(${type}.load offset=${dice.of([0, 1, 2, 4, 8])} ${this.address()})`);
      case 2:
        return this.choice(type, d);
      case 3: {
        this.labels.unshift({ types: [type], loop: false });
        const text = `(block (result ${type}) ${this.statementsUnder(d)} (br_if 0 ${this.expr(type, d)} ${this.expr('i32', d)}))`;
        this.labels.shift();
        return text;
      }
      case 4:
        return this.locals.includes(type) ? `(local.tee ${this.localOf(type)} ${this.expr(type, d)})` : this.constant(type);
      default:
        return this.operation(type, d);
    }
  }

  private choice(type: Type, d: number): string {
    const condition = this.expr('i32', d);
    this.labels.unshift({ types: [type], loop: false });
    const text = `(if (result ${type}) ${condition} (then ${this.expr(type, d)}) (else ${this.expr(type, d)}))`;
    this.labels.shift();
    return text;
  }

  private statementsUnder(depth: number): string {
    return this.dice.chance(40) ? this.statements(depth) : '';
  }

  private canon(type: Type, text: string): string {
    return type.startsWith('f') ? `(call $canon_${type} ${text})` : text;
  }

  private operation(type: Type, d: number): string {
    const { dice } = this;
    switch (type) {
      case 'v128':
        return this.vector(d);
      case 'i32':
        if (this.vectors && dice.chance(20)) return `(${dice.of(VECTOR_TO_I32)} ${this.expr('v128', d)})`;
        switch (dice.below(11)) {
          case 0:
            return `(i32.${dice.of(['eqz', 'clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s'])} ${this.expr('i32', d)})`;
          case 1:
            return `(i32.wrap_i64 ${this.expr('i64', d)})`;
          case 2:
            return `(i64.${dice.of(INT_COMPARE)} ${this.expr('i64', d)} ${this.expr('i64', d)})`;
          case 3:
            return `(f64.${dice.of(FLOAT_COMPARE)} ${this.expr('f64', d)} ${this.expr('f64', d)})`;
          case 4:
            return `(i32.${dice.of(INT_COMPARE)} ${this.expr('i32', d)} ${this.expr('i32', d)})`;
          case 5:
            return `(i32.trunc_sat_f64_${dice.of(['s', 'u'])} ${this.expr('f64', d)})`;
          case 6:
            return dice.chance(50) ? `(i64.eqz ${this.expr('i64', d)})` : `(i32.reinterpret_f32 ${this.expr('f32', d)})`;
          case 7:
            return this.callOther(d);
          case 8:
            return dice.of(['(global.get $g0)', this.wide ? '(memory.size $other)' : '(memory.size)', `(i32.load8_u ${this.address()})`, `(i32.load16_s ${this.address()})`]);
          default:
            return this.integerBinary('i32', d);
        }
      case 'i64':
        switch (dice.below(8)) {
          case 0:
            return `(i64.extend_i32_${dice.of(['s', 'u'])} ${this.expr('i32', d)})`;
          case 1:
            if (dice.chance(50)) return this.goIdiom(d);
            return `(i64.${dice.of(['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s', 'extend32_s'])} ${this.expr('i64', d)})`;
          case 2:
            return dice.of([`(i64.trunc_sat_f64_s ${this.expr('f64', d)})`, `(i64.reinterpret_f64 ${this.expr('f64', d)})`]);
          case 3:
            return dice.of(['(global.get $g1)', `(i64.load32_u ${this.address()})`, `(i64.load8_s ${this.address()})`, `(i64.load16_u ${this.address()})`]);
          default:
            return this.integerBinary('i64', d);
        }
      default:
        return this.float(type, d);
    }
  }

  private float(type: 'f32' | 'f64', d: number): string {
    const { dice } = this;
    switch (dice.below(6)) {
      case 0:
        return `(${type}.${dice.of(['abs', 'neg'])} ${this.expr(type, d)})`;
      case 1:
        return this.canon(type, type === 'f64' ? `(f64.promote_f32 ${this.expr('f32', d)})` : `(f32.demote_f64 ${this.expr('f64', d)})`);
      case 2:
        return `(${type}.convert_i64_${dice.of(['s', 'u'])} ${this.expr('i64', d)})`;
      case 3:
        return this.canon(type, `(${type}.${dice.of(['ceil', 'floor', 'trunc', 'nearest', 'sqrt'])} ${this.expr(type, d)})`);
      default:
        return this.canon(type, `(${type}.${dice.of(FLOAT_BINARY)} ${this.expr(type, d)} ${this.expr(type, d)})`);
    }
  }

  /** What Go's compiler writes for addresses and rotations. */
  private goIdiom(d: number): string {
    const { dice } = this;
    return dice.of([
      `(i64.add ${this.expr('i64', d)} (i64.shl ${this.expr('i64', d)} (i64.const ${dice.of(['1', '3', '5', '31', '32', '0', '64', '67'])})))`,
      `(i64.add (i64.extend_i32_u ${this.expr('i32', d)}) (i64.const ${dice.of(INTEGERS)}))`,
      `(i64.extend_i32_u (i32.rotl ${this.expr('i32', d)} (i32.const ${dice.of(INTEGERS)})))`,
      `(i64.extend_i32_u (i32.wrap_i64 (i64.add ${this.expr('i64', d)} (i64.shl ${this.expr('i64', d)} (i64.const 4)))))`,
    ]);
  }

  /** Division mostly by what is not zero, so that most runs get far. */
  private integerBinary(type: 'i32' | 'i64', d: number): string {
    const op = this.dice.of(INT_BINARY);
    const divides = op.startsWith('div') || op.startsWith('rem');
    const right = divides && this.dice.chance(90) ? `(${type}.const ${this.dice.of(['3', '7', '-5', '1000'])})` : this.expr(type, d);
    return `(${type}.${op} ${this.expr(type, d)} ${right})`;
  }

  private callOther(d: number): string {
    const args = PARAMS.map((type) => this.expr(type, Math.min(d, 1))).join(' ');
    if (this.dice.chance(30)) return `(call_indirect (type $t) ${args} (${this.at}.const ${this.dice.chance(95) ? 1 + this.dice.below(this.functions) : this.dice.below(9)}))`;
    return `(call $f${this.dice.below(this.functions)} ${args})`;
  }
}

const VECTOR_FIELDS = `
  (global $v (mut v128) (v128.const i64x2 0x0123456789abcdef -2))
  (func $turn (param v128 i32 v128) (result v128 i32 v128) (local.get 2) (local.get 1) (local.get 0))`;

const TAGS = `
  (tag $e0 (export "e0")) (tag $e1 (export "e1") (param i32)) (tag $e2 (export "e2") (param i64 f64 i32))`;

/** Makes NaNs canonical. */
const CANON = `
  (func $canon_f32 (param f32) (result f32) (select (local.get 0) (f32.const nan) (f32.eq (local.get 0) (local.get 0))))
  (func $canon_f64 (param f64) (result f64) (select (local.get 0) (f64.const nan) (f64.eq (local.get 0) (local.get 0))))`;
