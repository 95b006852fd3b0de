import { type Instruction, instruction } from '../../wasm/instructions.js';
import { OP } from '../../wasm/opcodes.js';
import { F32, F64, I32, I64, V128, type ValType } from '../../wasm/types.js';
import { Crash } from '../errors.js';
import { COMPARISONS, NARROWED } from './emitter.js';
import { X } from './opcodes.js';
import { isWide, Operands } from './operands.js';
import { LOCAL } from './position-map.js';
import { ACCESS, IN_CELLS, MIRRORED, UNARY, WITH_IMMEDIATE } from './selection.js';
import { COMPOSED } from './vector.js';

const SELECT = instruction(OP.select)!;

/** Lowers what takes operands and leaves operands: numbers, vectors, variables, accesses of memories and tables. */
export class ValueLowering extends Operands {
  /** `local.set` and `local.tee`: the last operation writes straight into the local where it can. */
  protected setLocal(x: number): void {
    const target = this.localPositions[x]!;
    const top = this.height - 1;
    let aliased = false;
    for (let i = 0; i < top; i++) {
      if (this.kinds[i] === LOCAL && this.as[i] === target) {
        aliased = true;
        this.toHome(i);
      }
    }
    if (!aliased && !this.exact && this.madeByLast(top)) this.retarget(target);
    else this.writeTo(top, target);
  }

  // Numbers

  protected numeric(op: number): void {
    if (op <= OP.i64_ge_u && (op === OP.i32_eqz || op === OP.i64_eqz)) return this.equalZero(op);
    if (UNARY[op] !== 0) return this.unary(op, UNARY[op]!);
    switch (op) {
      case OP.i32_wrap_i64:
        this.narrow();
        return this.retype(I32);
      case OP.i32_reinterpret_f32:
        return this.retype(I32);
      case OP.i64_reinterpret_f64:
        return this.retype(I64);
      case OP.f32_reinterpret_i32:
        return this.retype(F32);
      case OP.f64_reinterpret_i64:
        return this.retype(F64);
    }
    const { params } = this.reader.instruction;
    if (params!.length === 1) this.unaryHelper(op);
    else this.binary(op);
  }

  /** Only the low word of the top operand is wanted: the operation that made it need not make the high one. */
  private narrow(): void {
    const top = this.height - 1;
    const narrowed = NARROWED[this.lastOpcode];
    if (narrowed === undefined || this.exact || !this.madeByLast(top)) return;
    const immediate = this.length - this.lastTarget > 3 && narrowed !== X.I32_SHL_ADD_K;
    this.recode(narrowed);
    if (immediate) this.shorten();
  }

  private equalZero(op: number): void {
    const top = this.height - 1;
    const comparison = op === OP.i32_eqz ? COMPARISONS[this.lastOpcode] : undefined;
    if (comparison !== undefined && !this.exact && this.madeByLast(top)) {
      this.recode(comparison.opposite);
      if (comparison.swapped) {
        const at = this.lastTarget + 1;
        const a = this.words[at]!;
        this.words[at] = this.words[at + 1]!;
        this.words[at + 1] = a;
      }
      return;
    }
    const a = this.cell(top);
    this.height--;
    const home = this.nextHome();
    this.opTo(op === OP.i32_eqz ? X.I32_EQ_K : X.I64_EQ_K, home);
    this.word(a);
    this.word(0);
    if (op === OP.i64_eqz) this.word(0);
    this.push(I32);
  }

  private unary(op: number, lowered: number): void {
    if (op === OP.i64_extend_i32_u && this.lastOpcode === X.I32_ROTL_K && !this.exact && this.madeByLast(this.height - 1)) {
      this.recode(X.I64_EXTEND_ROTL_K);
      return this.retype(I64);
    }
    const a = this.cell(this.height - 1);
    this.height--;
    this.opTo(lowered, this.nextHome());
    this.word(a);
    this.push(this.resultType());
  }

  protected unaryHelper(op: number): void {
    const a = this.cell(this.height - 1);
    this.failing();
    this.height--;
    this.opTo(X.NUMERIC, this.nextHome());
    this.word(a);
    this.word(a);
    this.word(op);
    this.push(this.resultType());
  }

  private binary(instruction: number): void {
    let op = instruction;
    let left = this.height - 2;
    let right = this.height - 1;
    if (this.isConst(left) && !this.isConst(right) && MIRRORED[op] !== 0 && WITH_IMMEDIATE[MIRRORED[op]!] !== 0) {
      op = MIRRORED[op]!;
      left = right;
      right = this.height - 2;
    }
    if (this.isConst(right) && this.withImmediate(op, left, right)) return;
    if (IN_CELLS[op] === 0 && MIRRORED[op] !== 0) {
      op = MIRRORED[op]!;
      [left, right] = [right, left];
    }
    if (op === OP.i64_add && this.shiftAdd()) return;
    const a = this.cell(left);
    const b = this.cell(right);
    const lowered = IN_CELLS[op]!;
    if (lowered === 0) this.failing();
    this.height -= 2;
    const divides = op >= OP.i64_div_s && op <= OP.i64_rem_u;
    this.opTo(lowered !== 0 ? lowered : divides ? X.I64_DIVIDE : X.NUMERIC, this.nextHome());
    this.word(a);
    this.word(b);
    if (lowered === 0) this.word(op);
    this.push(this.resultType());
  }

  /** `x + (y << k)`, the address of an element, in one operation. */
  private shiftAdd(): boolean {
    const top = this.height - 1;
    if (this.exact || this.lastOpcode !== X.I64_SHL_K || !this.madeByLast(top) || this.isConst(top - 1)) return false;
    const shift = this.lastOperand(1) & 63;
    if (shift === 0 || shift >= 32) return false;
    const shifted = this.lastOperand(0);
    this.dropLast();
    const addend = this.cell(top - 1);
    this.height -= 2;
    this.opTo(X.I64_SHL_ADD_K, this.nextHome());
    this.word(shifted);
    this.word(shift);
    this.word(addend);
    this.push(I64);
    return true;
  }

  private withImmediate(instruction: number, left: number, right: number): boolean {
    let op = instruction;
    let lo = this.as[right]!;
    let hi = this.bs[right]!;
    if (op === OP.i32_sub) {
      op = OP.i32_add;
      lo = -lo | 0;
    } else if (op === OP.i64_sub) {
      op = OP.i64_add;
      hi = (~hi + (lo === 0 ? 1 : 0)) | 0;
      lo = -lo | 0;
    } else if (op === OP.i32_rotr) {
      op = OP.i32_rotl;
      lo = -lo & 31;
    }
    const lowered = WITH_IMMEDIATE[op]!;
    if (lowered === 0) return false;
    let a = this.cell(left);
    const wide = this.types[left] === I64;
    const extends32 = lowered === X.I64_ADD_K && this.lastOpcode === X.I64_EXTEND_I32_U && !this.exact && this.madeByLast(left);
    if (extends32) {
      a = this.lastOperand(0);
      this.dropLast();
    }
    this.height -= 2;
    this.opTo(extends32 ? X.I64_EXTEND_ADD_K : lowered, this.nextHome());
    this.word(a);
    this.word(lo);
    if (wide) this.word(hi);
    this.push(this.resultType());
    return true;
  }

  // Memories and tables

  protected access(op: number, row: Instruction = this.reader.instruction): void {
    const { reader } = this;
    // 64-bit accesses are two of 32 bits.
    const shift = Math.min(row.align!, 2);
    const memory = this.instance.memories[reader.memory]!;
    const { lo, hi } = reader;
    const direct = op < 256 && reader.memory === 0 && !this.store.memories[memory]!.is64 && hi === 0 && lo >= 0 && (lo & ((1 << shift) - 1)) === 0;
    if (row.results!.length > 0) this.load(op, row, direct, memory, lo, hi, shift);
    else this.storeTo(op, direct, memory, lo, hi, shift);
  }

  private load(op: number, row: Instruction, direct: boolean, memory: number, lo: number, hi: number, shift: number): void {
    const a = this.cell(this.height - 1);
    this.failing();
    this.height--;
    this.opTo(direct ? ACCESS[op]! : X.LOAD_ANY, this.nextHome());
    this.word(a);
    if (direct) this.word(lo >>> shift);
    else this.generalOperands(memory, op, lo, hi);
    this.push(row.results![0]!);
  }

  private generalOperands(memory: number, op: number, lo: number, hi: number): void {
    this.word(memory);
    this.word(op);
    this.word(lo);
    this.word(hi);
  }

  private storeTo(op: number, direct: boolean, memory: number, lo: number, hi: number, shift: number): void {
    const value = this.height - 1;
    const a = this.cell(value - 1);
    const lowered = ACCESS[op]!;
    const immediate = direct && this.isConst(value) && (lowered === X.STORE_32 || lowered === X.STORE_64);
    const v = immediate ? 0 : this.cell(value);
    this.failing();
    if (!direct) {
      this.op(X.STORE_ANY);
      this.word(a);
      this.word(v);
      this.generalOperands(memory, op, lo, hi);
    } else {
      this.op(immediate ? (lowered === X.STORE_32 ? X.STORE_32_K : X.STORE_64_K) : lowered);
      this.word(a);
      this.word(lo >>> shift);
      this.word(immediate ? this.as[value]! : v);
      if (immediate && lowered === X.STORE_64) this.word(this.bs[value]!);
    }
    this.height -= 2;
  }

  /** Operands in their own cells, the result in place of the address. */
  protected atomic(op: number): void {
    if (op === OP.atomic_fence) return;
    const { reader } = this;
    const { params, results } = reader.instruction;
    const count = params!.length;
    this.canonicalise(count);
    const base = this.homes[this.height - count]!;
    this.failing();
    this.height -= count;
    this.op(X.ATOMIC);
    this.word(op);
    this.word(base);
    this.word(this.instance.memories[reader.memory]!);
    this.word(reader.lo);
    this.word(reader.hi);
    // Time passes while waiting, so the clock must be exact.
    const waits = op === OP.memory_atomic_wait32 || op === OP.memory_atomic_wait64;
    this.word(waits ? this.takePending() : 0);
    this.fence();
    for (const result of results!) this.push(result);
    this.place();
  }

  /** Instructions on memories, tables and segments: operands in their own cells, results in place of the first. */
  protected bulkOperation(op: number): void {
    const { instance, reader } = this;
    const shape = bulkShape(op);
    const [operands, result] = shape;
    let { x, y } = reader;
    switch (op) {
      case OP.memory_init:
        y = instance.memories[y]!;
        break;
      case OP.table_init:
        y = instance.tables[y]!;
        break;
      case OP.data_drop:
      case OP.elem_drop:
        break;
      default: {
        const space = shape[2] === 'memory' ? instance.memories : instance.tables;
        x = space[x]!;
        y = op === OP.memory_copy || op === OP.table_copy ? space[y]! : 0;
      }
    }
    this.canonicalise(operands);
    const base = operands === 0 ? this.nextHome() : this.homes[this.height - operands]!;
    this.failing();
    this.height -= operands;
    this.op(X.BULK);
    this.word(op);
    this.word(base);
    this.word(x);
    this.word(y);
    // Whoever hears of the growth reads an exact clock.
    this.word(op === OP.memory_grow ? this.takePending() : 0);
    this.fence();
    if (result === 'element') this.push(this.store.tables[x]!.type.element);
    else if (result === 'address') this.push((shape[2] === 'memory' ? this.store.memories[x]!.is64 : this.store.tables[x]!.is64) ? I64 : I32);
    this.place();
  }

  // Vectors, and wide arithmetic, whose numbers stand in cells as vectors do

  protected vector(op: number): void {
    const { reader } = this;
    const composition = COMPOSED.get(op);
    if (composition !== undefined) return this.composedAccess(instruction(composition.access)!, instruction(composition.operation)!);
    switch (op) {
      case OP.v128_load:
      case OP.v128_store:
        return this.access(op);
      case OP.v128_const:
        return this.vectorConst();
      case OP.i8x16_shuffle:
        // The lanes become an operand for the moment.
        this.vectorConst();
        return this.vectorOperation(reader.instruction, 3, 0);
      default: {
        const { instruction: row } = reader;
        this.vectorOperation(row, row.params!.length, row.imm === 'lane' ? reader.x : 0);
      }
    }
  }

  /** Written into its cell at once: a CONST operand has two words only. */
  private vectorConst(): void {
    const { bytes, at } = this.reader;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
    this.opTo(X.CONST_128, this.nextHome());
    for (let i = 0; i < 16; i += 4) this.word(view.getInt32(i, true));
    this.push(V128);
  }

  /** On the top `count` operands; the result replaces them and `below` more. */
  private vectorOperation(row: Instruction, count: number, lane: number, below = 0): void {
    const first = this.height - count;
    const a = this.cell(first);
    const b = count > 1 ? this.cell(first + 1) : a;
    const c = count > 2 ? this.cell(first + 2) : a;
    this.height = first - below;
    this.emitVector(row, a, b, c, lane);
    this.push(row.results?.[0] ?? V128);
  }

  private emitVector(row: Instruction, a: number, b: number, c: number, lane: number): void {
    this.opTo(X.VECTOR, this.nextHome());
    this.word(row.index);
    this.word(a);
    this.word(b);
    this.word(c);
    this.word(lane);
  }

  private composedAccess(access: Instruction, operation: Instruction): void {
    const { reader } = this;
    if (reader.instruction.params!.length === 1) {
      this.access(access.op, access);
      return this.vectorOperation(operation, 1, 0);
    }
    // Of a lane: address and vector are on the stack.
    const lane = reader.x;
    this.pushAgain(this.height - 2);
    if (access.results!.length > 0) {
      this.access(access.op, access);
      return this.vectorOperation(operation, 2, lane, 1);
    }
    this.pushAgain(this.height - 2);
    this.vectorOperation(operation, 1, lane);
    this.access(access.op, access);
    this.height -= 2;
  }

  /** Another operand with the value of operand `i`, which stays where it is. */
  private pushAgain(i: number): void {
    this.pushAs(this.types[i]!, LOCAL, this.cell(i), 0);
  }

  protected wideArithmetic(op: number): void {
    const row = this.reader.instruction;
    const count = row.params!.length;
    if (op === OP.i64_add128 || op === OP.i64_sub128) this.canonicalise(count);
    const a = this.cell(this.height - count);
    const b = this.cell(this.height - count / 2);
    this.height -= count;
    this.emitVector(row, a, b, a, 0);
    // The operation writes two operands, so it must go on writing where it does.
    this.fence();
    for (const type of row.results!) this.push(type);
  }

  // Variables

  protected select(): void {
    const type = this.types[this.height - 3]!;
    if (type === V128) return this.vectorOperation(SELECT, 3, 0);
    const c = this.cell(this.height - 1);
    const b = this.cell(this.height - 2);
    const a = this.cell(this.height - 3);
    this.height -= 3;
    this.opTo(isWide(type) ? X.SELECT_64 : X.SELECT_32, this.nextHome());
    this.word(a);
    this.word(b);
    this.word(c);
    this.push(this.reader.op === OP.select ? type : this.canon(this.reader.types[0]!));
  }

  private global(index: number): { type: ValType; word: number } {
    const { type, cell } = this.store.globals[this.instance.globals[index]!]!;
    return { type: type.value, word: cell * 2 };
  }

  protected globalGet(index: number): void {
    const { type, word } = this.global(index);
    if (type === V128) return this.vectorGlobalGet(word);
    this.opTo(isWide(type) ? X.GLOBAL_GET_64 : X.GLOBAL_GET_32, this.nextHome());
    this.word(word);
    this.push(type);
  }

  protected globalSet(index: number): void {
    const { type, word } = this.global(index);
    if (type === V128) return this.vectorGlobalSet(word);
    const a = this.cell(this.height - 1);
    if (this.lastOpcode === X.I32_ADD_K && !this.exact && this.writesLast(a)) {
      this.recode(X.I32_ADD_K_GLOBAL);
      this.word(word);
      this.fence();
      this.height--;
      return;
    }
    this.op(isWide(type) ? X.GLOBAL_SET_64 : X.GLOBAL_SET_32);
    this.word(word);
    this.word(a);
    this.height--;
  }

  private vectorGlobalGet(word: number): void {
    const home = this.nextHome();
    for (let half = 0; half < 4; half += 2) {
      this.opTo(X.GLOBAL_GET_64, home + half);
      this.word(word + half);
    }
    this.push(V128);
  }

  private vectorGlobalSet(word: number): void {
    const a = this.cell(this.height - 1);
    for (let half = 0; half < 4; half += 2) {
      this.op(X.GLOBAL_SET_64);
      this.word(word + half);
      this.word(a + half);
    }
    this.height--;
  }
}

type BulkShape = readonly [operands: number, result: 'none' | 'address' | 'element', on: 'memory' | 'table'];

function bulkShape(op: number): BulkShape {
  switch (op) {
    case OP.memory_size:
      return [0, 'address', 'memory'];
    case OP.memory_grow:
      return [1, 'address', 'memory'];
    case OP.memory_fill:
    case OP.memory_copy:
    case OP.memory_init:
      return [3, 'none', 'memory'];
    case OP.data_drop:
    case OP.elem_drop:
      return [0, 'none', 'memory'];
    case OP.table_get:
      return [1, 'element', 'table'];
    case OP.table_set:
      return [2, 'none', 'table'];
    case OP.table_size:
      return [0, 'address', 'table'];
    case OP.table_grow:
      return [2, 'address', 'table'];
    case OP.table_fill:
    case OP.table_copy:
    case OP.table_init:
      return [3, 'none', 'table'];
    default:
      throw new Crash(`there is no instruction ${op}`);
  }
}
