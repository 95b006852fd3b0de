import { Dice } from './harness.js';

type Type = 'i32' | 'i64' | 'f32' | 'f64';
const TYPES: readonly Type[] = ['i32', 'i64', 'f32', 'f64'];

const INT_BINARY = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr', 'div_s', 'div_u', 'rem_s', 'rem_u'];
const INT_COMPARE = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];
const FLOAT_BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max'];
const FLOAT_COMPARE = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'];
const INTEGERS = ['0', '1', '-1', '2', '3', '5', '8', '31', '63', '255', '-128', '0x7fffffff', '0x80000000', '1000003'];
const FLOATS = ['0', '-0', '1', '-1.5', '0.1', '1e10', '-3.75', 'inf', '0x1p-40', '12345.678'];
const PARAMS: readonly Type[] = ['i32', 'i64', 'f64', 'f32'];

/**
 * Random valid modules as text: structured control, every kind of operand, calls, memory, globals, traps now and then.
 * Every loop and every recursion spends fuel from a global, so each run ends. A NaN is made canonical where it arises,
 * because its bits could be read later.
 */
export function randomModule(seed: number): string {
  return new Generator(new Dice(seed)).module();
}

class Generator {
  private readonly dice: Dice;
  private locals: Type[] = [];
  private labels: { types: readonly Type[]; loop: boolean }[] = [];
  private functions = 0;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  module(): string {
    this.functions = 2 + this.dice.below(3);
    const bodies = Array.from({ length: this.functions }, (_, i) => this.func(i)).join('\n');
    return `(module
      (memory (export "memory") 1 2)
      (table 8 funcref)
      (elem (i32.const 1) ${Array.from({ length: this.functions }, (_, i) => `$f${i}`).join(' ')})
      (type $t (func (param ${PARAMS.join(' ')}) (result i32)))
      (type $pair (func (param i32 i64) (result i64 i32)))
      (global $fuel (mut i32) (i32.const 300))
      (global $g0 (mut i32) (i32.const 5)) (global $g1 (mut i64) (i64.const -7)) (global $g2 (mut f64) (f64.const 2.5))
      (data "abcdefghijklmnopqrstuvwxyz")
      (func $spend (result i32) (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))) (i32.lt_s (global.get $fuel) (i32.const 0)))
      (func $swap (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
      ${CANON}
      ${bodies}
      (func (export "refuel") (global.set $fuel (i32.const 300)))
    )`;
  }

  private func(index: number): string {
    this.locals = [...PARAMS, ...Array.from({ length: 2 + this.dice.below(4) }, () => this.dice.of(TYPES))];
    this.labels = [];
    const declared = this.locals.slice(PARAMS.length).map((type) => `(local ${type})`).join(' ');
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
          `(global.set $g1 ${this.expr('i64', depth)})`,
          `(global.set $g2 ${this.expr('f64', depth)})`,
        ]);
      case 6:
        return `(drop ${this.expr(type, depth)})`;
      case 7:
        return this.branchIf(depth);
      case 8:
        return dice.of([
          `(memory.fill ${this.address()} ${this.expr('i32', 1)} (i32.const 9))`,
          `(memory.copy ${this.address()} ${this.address()} (i32.const 13))`,
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
    return wild ? this.expr('i32', 1) : `(i32.and ${this.expr('i32', 1)} (i32.const ${this.dice.of(['1023', '1020', '4092', '252'])}))`;
  }

  private constant(type: Type): string {
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
      case 'i32':
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
            return dice.of(['(global.get $g0)', '(memory.size)', `(i32.load8_u ${this.address()})`, `(i32.load16_s ${this.address()})`]);
          default:
            return this.integerBinary('i32', d);
        }
      case 'i64':
        switch (dice.below(8)) {
          case 0:
            return `(i64.extend_i32_${dice.of(['s', 'u'])} ${this.expr('i32', d)})`;
          case 1:
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

  /** Division mostly by what is not zero, so that most runs get far. */
  private integerBinary(type: 'i32' | 'i64', d: number): string {
    const op = this.dice.of(INT_BINARY);
    const divides = op.startsWith('div') || op.startsWith('rem');
    const right = divides && this.dice.chance(90) ? `(${type}.const ${this.dice.of(['3', '7', '-5', '1000'])})` : this.expr(type, d);
    return `(${type}.${op} ${this.expr(type, d)} ${right})`;
  }

  private callOther(d: number): string {
    const args = PARAMS.map((type) => this.expr(type, Math.min(d, 1))).join(' ');
    if (this.dice.chance(30)) return `(call_indirect (type $t) ${args} (i32.const ${this.dice.chance(95) ? 1 + this.dice.below(this.functions) : this.dice.below(9)}))`;
    return `(call $f${this.dice.below(this.functions)} ${args})`;
  }
}

/** Makes NaNs canonical. */
const CANON = `
  (func $canon_f32 (param f32) (result f32) (select (local.get 0) (f32.const nan) (f32.eq (local.get 0) (local.get 0))))
  (func $canon_f64 (param f64) (result f64) (select (local.get 0) (f64.const nan) (f64.eq (local.get 0) (local.get 0))))`;
