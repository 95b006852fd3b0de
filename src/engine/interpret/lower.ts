import { CATCH, InstructionReader } from '../../wasm/binary/code-reader.js';
import { type Instruction, instruction } from '../../wasm/instructions.js';
import { OP } from '../../wasm/opcodes.js';
import { BOT, F32, F64, type FuncType, HEAP, heapOf, I32, I64, isExact, isNullable, ref, V128, type ValType } from '../../wasm/types.js';
import { movesClock } from '../counting.js';
import { Crash } from '../errors.js';
import type { Instance, Store, WasmFunction } from '../store.js';
import { WATCHED } from '../probes.js';
import { funcHandle } from '../value.js';
import { accessesMemory } from '../watches.js';
import { COMPARISONS, Emitter, NARROWED } from './emitter.js';
import { ANY_TAG, CALLER, type Clause } from './handlers.js';
import { objectOperation } from './objects.js';
import { X } from './opcodes.js';
import { CONST, LOCAL, OWN, type PositionMap, wordsOf } from './position-map.js';
import { ACCESS, IN_CELLS, MIRRORED, UNARY, WITH_IMMEDIATE } from './selection.js';
import { COMPOSED } from './vector.js';

/** `fused`: what runs. `exact`: one step a WebAssembly instruction, every operand always in its own cell. */
export type Mode = 'fused' | 'exact';

/** Words before a function's entry: instance, end of the locals, end of the parameters, end of the frame, function. */
export const HEADER = 5;

/** Instead of a byte offset: the entry of a function. */
export const AT_ENTRY = -1;

/** A conditional branch waiting to be written. */
interface Condition {
  opcode: number;
  a: number;
  b: number;
  c: number;
  words: number;
}

/** A `br_table` that a loop begins with: how Go's functions dispatch on PC_B. */
interface Dispatch {
  /** Word position of the local that it reads. */
  readonly slot: number;
  /** The labels, the default last; −1 where a jump cannot be threaded. */
  readonly labels: readonly number[];
  /** Instructions from the loop's head to the jump. */
  readonly count: number;
}

interface Control {
  kind: 'function' | 'block' | 'loop' | 'if' | 'else' | 'try' | 'catch';
  /** Byte offsets of its instruction and of what comes after that. */
  readonly start: number;
  readonly body: number;
  readonly label: number;
  /** Of an `if`: where its `else` is. */
  readonly otherwise: number;
  /** Operands below the parameters. */
  readonly height: number;
  /** Word position of the first parameter and of the first result. */
  readonly position: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Where a loop's code begins. */
  head: number;
  dispatch: Dispatch | undefined;
  /** Of a block with exception handlers. */
  clauses: Clause[] | undefined;
  /** The clauses that lead to its label. */
  readonly arrivals: Clause[];
}

/** Does the innermost part of a block have exception handlers, not those of a block around it? */
function protects(control: Control): boolean {
  return control.clauses !== undefined && control.kind !== 'catch';
}

const NO_TYPES: readonly ValType[] = [];
const SELECT = instruction(OP.select)!;
const SINGLE = new Map<ValType, readonly ValType[]>();
function single(type: ValType): readonly ValType[] {
  let list = SINGLE.get(type);
  if (list === undefined) SINGLE.set(type, (list = [type]));
  return list;
}

function isWide(type: ValType): boolean {
  return type === I64 || type === F64;
}

/**
 * Lowers one function at a time to register code. The operand stack is simulated: an operand is in its own cell, or it
 * is still a local, or a constant. At every label all of them are put into their own cells, so that a label means the
 * same from everywhere, and fused code can be entered there.
 */
export class Lowering extends Emitter {
  private readonly store: Store;
  private instance!: Instance;
  private reader!: InstructionReader;
  private exact = false;
  private probes: ReadonlySet<number> | undefined = undefined;

  private localTypes: ValType[] = [];
  private localPositions: number[] = [];
  /** Word after the locals. */
  private localEnd = 0;
  /** Highest word that a frame of this function uses. */
  private frameEnd = 0;

  private readonly types: ValType[] = [];
  private readonly kinds: number[] = [];
  private readonly as: number[] = [];
  private readonly bs: number[] = [];
  private readonly homes: number[] = [];
  private height = 0;
  /** Height when the current instruction began. */
  private before = 0;
  private countBefore = 0;
  private readonly controls: Control[] = [];
  private control!: Control;
  private reachable = true;
  /** Has the function exception handlers? */
  catches = false;
  private readonly condition: Condition = { opcode: 0, a: 0, b: 0, c: 0, words: 0 };

  constructor(store: Store) {
    super();
    this.store = store;
  }

  /**
   * Leaves the code in `words`, `HEADER` words first, as it is to stand at `base` of the code heap.
   *
   * @param probes Byte offsets of instructions (and `AT_ENTRY`) that get a PROBE.
   * @param map Gets what the code means; the code itself is the same with and without it.
   */
  lower(func: WasmFunction, address: number, mode: Mode, base: number, probes?: ReadonlySet<number>, map?: PositionMap): void {
    const { instance } = func;
    const { module } = instance;
    const definition = module.funcs[func.index - module.imported.funcs];
    if (definition === undefined) throw new Crash('an imported function has no body');
    this.resetCode(base, map);
    this.instance = instance;
    this.exact = mode === 'exact';
    this.probes = probes;
    this.layOutLocals(func.type, definition.locals);
    this.frameEnd = this.localEnd;
    if (map !== undefined) map.operandBase = this.localEnd;
    this.reader = new InstructionReader(module.bytes, definition.body.offset, definition.body.end);
    this.height = 0;
    this.controls.length = 0;
    this.reachable = true;
    this.catches = false;
    this.pushControl('function', NO_TYPES, func.type.results);

    this.word(instance.id);
    this.word(this.localEnd);
    this.word(func.type.params.reduce((sum, type) => sum + wordsOf(type), 0));
    const frame = this.length;
    this.word(0);
    this.word(address);
    this.begin();
    this.body();
    this.words[frame] = this.frameEnd;
  }

  private layOutLocals(type: FuncType, runs: readonly number[]): void {
    const { localTypes, localPositions } = this;
    localTypes.length = localPositions.length = 0;
    let position = 0;
    const add = (local: ValType, count: number): void => {
      for (let i = 0; i < count; i++) {
        localTypes.push(local);
        localPositions.push(position);
        position += wordsOf(local);
      }
    };
    for (const param of type.params) add(param, 1);
    for (let i = 0; i < runs.length; i += 2) add(this.canon(runs[i + 1]!), runs[i]!);
    this.localEnd = position;
  }

  private canon(type: ValType): ValType {
    return this.store.types.canon(type, this.instance.typeIds);
  }

  private begin(): void {
    this.before = 0;
    this.countBefore = 0;
    this.stand();
    this.place();
    if (this.probes?.has(AT_ENTRY) === true) this.probe(AT_ENTRY);
    this.switchPoint();
  }

  private body(): void {
    const { reader } = this;
    while (this.controls.length > 0) {
      this.reserve(64);
      const op = reader.next();
      if (this.reachable) this.instruction(op);
      else this.skip(op);
    }
  }

  /** In code that cannot be reached only its nesting matters. */
  private skip(op: number): void {
    let depth = 0;
    const { reader } = this;
    for (;;) {
      switch (op) {
        case OP.block:
        case OP.loop:
        case OP.if:
        case OP.try_table:
        case OP.try:
          depth++;
          break;
        case OP.else:
          if (depth === 0) return this.else();
          break;
        case OP.catch:
        case OP.catch_all:
          if (depth === 0) return this.catch();
          break;
        case OP.end:
          if (depth === 0) return this.end();
          depth--;
          break;
        case OP.delegate:
          if (depth === 0) return this.delegate();
          depth--;
          break;
      }
      op = reader.next();
    }
  }

  // Places: what code means

  private recordAt(offset: number, height: number, count: number): number {
    const map = this.map!;
    const record = map.begin(this.pc, offset, count);
    for (let i = 0; i < height; i++) map.operand(this.types[i]!, this.kinds[i]!, this.as[i]!, this.bs[i]!);
    return record;
  }
  /** An instruction starts here. */
  private place(): void {
    if (this.map !== undefined) this.map.addInstruction(this.recordAt(this.reader.pos, this.height, this.pending));
  }
  /** The current instruction can fail in the operation that comes next. */
  private failing(): void {
    if (this.map !== undefined) this.map.addTrap(this.recordAt(this.reader.start, this.before, this.exact ? -1 : this.countBefore));
  }
  private bindHere(label: number): void {
    this.bind(label);
    if (this.map !== undefined) this.map.addLabel(this.recordAt(this.reader.pos, this.height, this.pending));
    this.switchPoint();
  }
  private switchPoint(): void {
    if (this.exact) this.op(X.SWITCH);
    this.fence();
  }
  private probe(position: number): void {
    this.canonicalise(this.height);
    this.place();
    this.op(X.PROBE);
    this.word(this.takePending());
    this.word(position);
    this.stand();
    this.place();
  }

  // Operands

  private nextHome(): number {
    return this.height === 0 ? this.localEnd : this.homes[this.height - 1]! + wordsOf(this.types[this.height - 1]!);
  }
  private pushAs(type: ValType, kind: number, a: number, b: number): void {
    const home = this.nextHome();
    const i = this.height++;
    this.types[i] = type;
    this.kinds[i] = kind;
    this.as[i] = a;
    this.bs[i] = b;
    this.homes[i] = home;
    const end = home + wordsOf(type);
    if (end > this.frameEnd) this.frameEnd = end;
    if (this.exact && kind !== OWN) this.toHome(i);
  }
  /** An operand in its own cell, which the code before has written. */
  private push(type: ValType): void {
    this.pushAs(type, OWN, 0, 0);
  }
  private pushConst(type: ValType, lo: number, hi: number): void {
    this.pushAs(type, CONST, lo, hi);
  }

  /** Brings an operand into its own cell. */
  private toHome(i: number): void {
    this.reserve(64);
    if (this.kinds[i] === OWN) return;
    this.writeTo(i, this.homes[i]!);
    this.kinds[i] = OWN;
  }
  private canonicalise(count: number): void {
    for (let i = this.height - count; i < this.height; i++) this.toHome(i);
  }
  /** Emits a copy of an operand to a word position. */
  private writeTo(i: number, target: number): void {
    const wide = isWide(this.types[i]!);
    const a = this.as[i]!;
    switch (this.kinds[i]) {
      case CONST:
        this.opTo(wide ? X.CONST_64 : X.CONST_32, target);
        this.word(a);
        if (wide) this.word(this.bs[i]!);
        break;
      case LOCAL:
        if (a !== target) this.move(this.types[i]!, target, a);
        break;
      default:
        if (this.homes[i] !== target) this.move(this.types[i]!, target, this.homes[i]!);
    }
  }
  private move(type: ValType, target: number, source: number): void {
    this.opTo(type === V128 ? X.MOVE_128 : isWide(type) ? X.MOVE_64 : X.MOVE_32, target);
    this.word(source);
  }
  /** Where operand `i` can be read: its local, or its own cell. */
  private cell(i: number): number {
    if (this.kinds[i] === LOCAL) return this.as[i]!;
    this.toHome(i);
    return this.homes[i]!;
  }
  private isConst(i: number): boolean {
    return this.kinds[i] === CONST;
  }

  // Instructions

  private instruction(op: number): void {
    this.startInstruction(!movesClock(op));
    switch (op) {
      case OP.local_get: {
        const x = this.reader.x;
        this.pushAs(this.localTypes[x]!, LOCAL, this.localPositions[x]!, 0);
        return;
      }
      case OP.local_set:
        this.setLocal(this.reader.x);
        this.height--;
        return;
      case OP.local_tee: {
        const x = this.reader.x;
        const type = this.types[this.height - 1]!;
        this.setLocal(x);
        if (this.exact) return;
        this.height--;
        this.pushAs(type, LOCAL, this.localPositions[x]!, 0);
        return;
      }
      case OP.i32_const:
        return this.pushConst(I32, this.reader.x, 0);
      case OP.i64_const:
        return this.pushConst(I64, this.reader.lo, this.reader.hi);
      case OP.f32_const:
        return this.pushConst(F32, this.reader.x, 0);
      case OP.f64_const:
        return this.pushConst(F64, this.reader.lo, this.reader.hi);
      case OP.drop:
        this.height--;
        return;
      case OP.nop:
        return;
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.else:
      case OP.end:
      case OP.br:
      case OP.br_if:
      case OP.br_table:
      case OP.return:
      case OP.unreachable:
        return this.controlInstruction(op);
      default:
        if (op < 256 && ACCESS[op] !== 0) return this.access(op);
        if (op >= OP.i32_eqz && op <= OP.i64_extend32_s) return this.numeric(op);
        if (op >= OP.i32_trunc_sat_f32_s && op <= OP.i64_trunc_sat_f64_u) return this.unaryHelper(op);
        if (op >= OP.v128_load && op <= OP.i32x4_relaxed_dot_i8x16_i7x16_add_s) return this.vector(op);
        return this.other(op);
    }
  }

  /** Records where the instruction starts, probes it and counts it. */
  private startInstruction(structural: boolean): void {
    this.before = this.height;
    this.countBefore = this.pending;
    if (this.map !== undefined) this.map.addInstruction(this.recordAt(this.reader.start, this.height, this.pending));
    if (this.exact) this.fence();
    const ends = this.reader.op === OP.end && this.controls.length === 1;
    if (structural && !ends) return;
    if (this.probes !== undefined && this.probes.has(this.reader.start)) {
      this.canonicalise(this.height);
      if (this.map !== undefined) this.map.addInstruction(this.recordAt(this.reader.start, this.height, this.pending));
      this.op(X.PROBE);
      this.word(this.takePending());
      this.word(this.reader.start);
      this.stand();
      this.countBefore = 0;
      if (this.map !== undefined) this.map.addInstruction(this.recordAt(this.reader.start, this.height, 0));
    }
    if (this.probes !== undefined && this.probes.has(WATCHED) && accessesMemory(this.reader.instruction)) this.watch();
    if (ends) return;
    if (this.exact) {
      this.op(X.TICK);
      this.fence();
    } else this.count();
  }

  /** An access of memory that somebody may watch comes next. */
  private watch(): void {
    const { reader } = this;
    const { params, imm } = reader.instruction;
    this.canonicalise(this.height);
    if (this.map !== undefined) this.map.addInstruction(this.recordAt(reader.start, this.height, this.pending));
    // An offset beyond 4 GiB is beyond every memory: the access traps.
    const single = (imm === 'memarg' || imm === 'memarg+lane') && reader.hi === 0;
    this.op(X.WATCH);
    this.word(this.takePending());
    this.word(reader.start);
    this.word(single ? this.homes[this.height - params!.length]! : -1);
    this.word(single ? reader.lo : 0);
    this.stand();
    this.countBefore = 0;
    if (this.map !== undefined) this.map.addInstruction(this.recordAt(reader.start, this.height, 0));
  }

  /** `local.set` and `local.tee`: the last operation writes straight into the local where it can. */
  private setLocal(x: number): void {
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

  private numeric(op: number): void {
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

  /** The same bits (or their low word) under another type: no code, whether in a cell, a local or a constant. */
  private retype(type: ValType): void {
    const top = this.height - 1;
    this.types[top] = type;
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
  /** Is operand `i` in its own cell because the last operation has just put it there? */
  private madeByLast(i: number): boolean {
    return this.kinds[i] === OWN && this.writesLast(this.homes[i]!);
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

  private resultType(): ValType {
    return this.reader.instruction.results![0]!;
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

  private unaryHelper(op: number): void {
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

  // Memory

  private access(op: number, row: Instruction = this.reader.instruction): void {
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

  // Vectors, and wide arithmetic, whose numbers stand in cells as vectors do

  private vector(op: number): void {
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

  private wideArithmetic(op: number): void {
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

  // Control

  private controlInstruction(op: number): void {
    switch (op) {
      case OP.block:
      case OP.loop:
        return this.enter(op);
      case OP.if:
        return this.if();
      case OP.else:
        return this.else();
      case OP.end:
        return this.end();
      case OP.br:
        this.branch(this.controlAt(this.reader.x));
        this.reachable = false;
        return;
      case OP.br_if:
        return this.branchIf(this.controlAt(this.reader.x));
      case OP.br_table:
        return this.branchTable();
      case OP.return:
        this.return();
        this.reachable = false;
        return;
      default:
        this.failing();
        this.op(X.UNREACHABLE);
        this.reachable = false;
    }
  }

  private blockType(): { params: readonly ValType[]; results: readonly ValType[] } {
    const { blockType } = this.reader;
    if (blockType === 0) return { params: NO_TYPES, results: NO_TYPES };
    if (blockType > 0) return { params: NO_TYPES, results: single(this.canon(blockType)) };
    return this.funcType(this.instance.typeIds[~blockType]!);
  }
  private funcType(id: number): FuncType {
    return this.store.types.comp(id) as FuncType;
  }

  /** The parameters stand on the operand stack already. */
  private pushControl(kind: Control['kind'], params: readonly ValType[], results: readonly ValType[]): void {
    const height = this.height - params.length;
    const position = height === 0 ? this.localEnd : this.homes[height - 1]! + wordsOf(this.types[height - 1]!);
    const label = this.newLabel();
    const otherwise = kind === 'if' ? this.newLabel() : -1;
    this.control = {
      kind, start: this.reader.start, body: this.reader.pos, label, otherwise, height, position, params, results,
      head: -1, dispatch: undefined, clauses: undefined, arrivals: [],
    };
    this.controls.push(this.control);
  }
  private controlAt(depth: number): Control {
    return this.controls[this.controls.length - 1 - depth]!;
  }
  private popControl(): Control {
    const control = this.controls.pop()!;
    this.control = this.controls.at(-1)!;
    return control;
  }

  private enter(op: number): void {
    const { params, results } = this.blockType();
    this.canonicalise(this.height);
    this.pushControl(op === OP.loop ? 'loop' : 'block', params, results);
    if (op === OP.block) return;
    this.bindHere(this.control.label);
    this.control.head = this.length;
  }

  private if(): void {
    const { params, results } = this.blockType();
    this.takeCondition();
    this.canonicalise(this.height);
    this.pushControl('if', params, results);
    this.invertCondition();
    this.emitCondition(this.control.otherwise);
  }

  private else(): void {
    const { control } = this;
    this.jumpOut(control);
    this.resetTo(control, control.params);
    this.pending = 0;
    this.bindHere(control.otherwise);
    control.kind = 'else';
    this.reachable = true;
  }

  /** The results of a block go to their cells. */
  private fallOut(control: Control): void {
    const count = control.results.length;
    this.canonicalise(count);
    // A handler has the exception below its own operands.
    if (control.kind === 'catch') this.moveDown(this.height - count, count, control.position);
  }
  /** From the end of one part of a block over the others. */
  private jumpOut(control: Control): void {
    if (!this.reachable) return;
    this.fallOut(control);
    this.op(X.JUMP);
    this.target(this.exact ? 0 : this.pending, control.label);
  }

  /** The operand stack as it is at the start or the end of a block. */
  private resetTo(control: Control, types: readonly ValType[]): void {
    this.height = control.height;
    for (const type of types) this.push(type);
  }

  private end(): void {
    const { control } = this;
    if (control.kind === 'function') return this.endFunction(control);
    if (protects(control)) this.map?.handlers.end(this.reader.start);
    this.close(control);
  }
  private endFunction(control: Control): void {
    this.arrive(control, this.reader.start);
    if (!this.reachable && this.isReferenced(control.label)) {
      this.resetTo(control, control.results);
      this.pending = 0;
      this.reachable = true;
      this.startInstruction(true);
      this.fence();
    }
    if (this.reachable) this.return();
    this.controls.pop();
  }
  private close(control: Control): void {
    this.arrive(control, this.reader.pos);
    if (this.reachable) this.fallOut(control);
    this.popControl();
    const falls = this.reachable;
    const joins = control.kind !== 'loop' && (this.isReferenced(control.label) || (control.kind === 'if' && this.isReferenced(control.otherwise)));
    this.resetTo(control, control.results);
    if (!joins) {
      this.reachable = falls;
      return;
    }
    if (!falls) this.pending = 0;
    this.reachable = true;
    if (control.kind === 'if') this.bind(control.otherwise);
    this.bindHere(control.label);
  }

  // Exceptions

  private exceptionInstruction(op: number): void {
    const { reader, instance } = this;
    switch (op) {
      case OP.try_table:
        return this.tryTable();
      case OP.try:
        return this.try();
      case OP.catch:
      case OP.catch_all:
        return this.catch();
      case OP.delegate:
        return this.delegate();
      case OP.rethrow:
        return this.throw(op, this.controlAt(reader.x).position, 0);
      default: {
        const tag = op === OP.throw ? instance.tags[reader.x]! : 0;
        const count = op === OP.throw ? this.payload(tag).length : 1;
        this.canonicalise(count);
        return this.throw(op, count === 0 ? this.nextHome() : this.homes[this.height - count]!, tag);
      }
    }
  }
  private payload(tag: number): readonly ValType[] {
    return this.funcType(this.store.tags[tag]!.typeId).params;
  }

  private throw(op: number, base: number, tag: number): void {
    this.failing();
    this.op(X.BULK);
    this.word(op);
    this.word(base);
    this.word(tag);
    this.word(0);
    this.word(this.takePending());
    this.reachable = false;
  }

  private tryTable(): void {
    const { reader, instance } = this;
    const { catches } = reader;
    const { params, results } = this.blockType();
    this.canonicalise(this.height);
    const clauses: Clause[] = [];
    for (let i = 0; i < 3 * reader.catchCount; i += 3) {
      const kind = catches[i]!;
      const control = this.controlAt(catches[i + 2]!);
      const tag = kind < CATCH.catchAll ? instance.tags[catches[i + 1]!]! : ANY_TAG;
      const reference = kind === CATCH.catchRef || kind === CATCH.catchAllRef ? 'last' : 'none';
      const clause: Clause = { tag, target: control.body, position: control.position, reference };
      clauses.push(clause);
      if (control.kind !== 'loop') control.arrivals.push(clause);
      this.use(control.label);
    }
    this.pushControl('block', params, results);
    this.protect(clauses);
  }
  private protect(clauses: Clause[]): void {
    this.catches = true;
    this.control.clauses = clauses;
    this.map?.handlers.begin(this.reader.pos, clauses);
  }
  /** Now it is known where a label is. */
  private arrive(control: Control, target: number): void {
    for (const clause of control.arrivals) clause.target = target;
  }

  private try(): void {
    const { params, results } = this.blockType();
    this.canonicalise(this.height);
    this.pushControl('try', params, results);
    this.protect([]);
  }

  /** A handler begins, with the exception itself below the thrown values, so that `rethrow` finds it. */
  private catch(): void {
    const { control, reader } = this;
    const tag = reader.op === OP.catch ? this.instance.tags[reader.x]! : ANY_TAG;
    if (control.kind === 'try') this.map?.handlers.end(reader.start);
    this.jumpOut(control);
    control.kind = 'catch';
    control.clauses!.push({ tag, target: reader.pos, position: control.position, reference: 'first' });
    this.resetTo(control, [ref(HEAP.exn, false), ...(tag === ANY_TAG ? NO_TYPES : this.payload(tag))]);
    this.pending = 0;
    this.reachable = true;
    this.switchPoint();
  }

  /** Ends a `try` whose exceptions are treated as if they were thrown in the block that it names. */
  private delegate(): void {
    const { control, controls, reader } = this;
    const target = controls[controls.length - 2 - reader.x]!;
    const offset = target.kind === 'function' ? CALLER : protects(target) ? target.body : target.start;
    this.map?.handlers.end(reader.start, offset);
    this.close(control);
  }

  /** A branch that is always taken. */
  private branch(control: Control): void {
    if (control.kind === 'function') return this.return();
    if (this.thread(control)) return;
    this.bringTo(control);
    this.op(X.JUMP);
    this.target(this.pending, control.label);
  }

  private labelTypes(control: Control): readonly ValType[] {
    return control.kind === 'loop' ? control.params : control.results;
  }

  /** Copies the operands of a branch to where its target expects them. */
  private bringTo(control: Control): void {
    const count = this.labelTypes(control).length;
    if (count === 0) return;
    const first = this.height - count;
    if (count === 1) {
      if (this.homes[first] !== control.position && this.madeByLast(first)) this.retarget(control.position);
      else this.writeTo(first, control.position);
      return;
    }
    this.canonicalise(count);
    this.moveDown(first, count, control.position);
  }
  /** Moves operands that are in their own cells to lower cells, in order, so that none is overwritten before it is read. */
  private moveDown(first: number, count: number, position: number): void {
    let target = position;
    for (let i = first; i < first + count; i++) {
      this.reserve(64);
      if (this.homes[i] !== target) this.move(this.types[i]!, target, this.homes[i]!);
      target += wordsOf(this.types[i]!);
    }
  }
  private needsMoves(control: Control): boolean {
    if (control.kind === 'function') return true;
    const count = this.labelTypes(control).length;
    return count > 0 && this.homes[this.height - count] !== control.position;
  }

  /**
   * Go's functions jump by setting PC_B to a constant and branching to the loop that dispatches on it: the jump goes
   * straight to where that constant leads.
   */
  private thread(control: Control): boolean {
    const { dispatch } = control;
    if (dispatch === undefined || this.exact || this.lastOpcode !== X.CONST_32 || !this.writesLast(dispatch.slot)) return false;
    if (this.lastTarget + 2 !== this.length) return false;
    const value = this.words[this.lastTarget + 1]!;
    const { labels } = dispatch;
    const label = labels[Math.min(value >>> 0, labels.length - 1)]!;
    if (label < 0) return false;
    this.dropLast();
    this.op(X.SET_JUMP);
    this.target(this.pending + dispatch.count, label);
    this.word(dispatch.slot);
    this.word(value);
    return true;
  }

  /** Takes the top operand as a condition; a comparison that was just written becomes part of the branch. */
  private takeCondition(): void {
    const { condition } = this;
    const top = this.height - 1;
    const comparison = COMPARISONS[this.lastOpcode];
    if (comparison !== undefined && !this.exact && this.madeByLast(top)) {
      const at = this.lastTarget + 1;
      condition.opcode = comparison.branch;
      condition.a = this.words[at]!;
      condition.b = this.words[at + 1]!;
      condition.c = comparison.words === 3 ? this.words[at + 2]! : 0;
      condition.words = comparison.words;
      this.dropLast();
    } else {
      condition.opcode = X.BR_NZ;
      condition.a = this.cell(top);
      condition.words = 1;
    }
    this.height--;
  }
  private invertCondition(): void {
    const { condition } = this;
    if (condition.words === 1) condition.opcode = condition.opcode === X.BR_Z ? X.BR_NZ : X.BR_Z;
    else {
      const { opposite, swapped } = BRANCHES[condition.opcode]!;
      condition.opcode = opposite;
      if (swapped) {
        const { a } = condition;
        condition.a = condition.b;
        condition.b = a;
      }
    }
  }
  private emitCondition(label: number): void {
    const { condition } = this;
    this.op(condition.opcode);
    this.target(this.pending, label);
    this.word(condition.a);
    if (condition.words > 1) this.word(condition.b);
    if (condition.words > 2) this.word(condition.c);
    this.fence();
  }

  private branchIf(control: Control): void {
    this.takeCondition();
    this.branchOnCondition(control);
  }

  /** What the condition reads must stay there while the operands of the label go to their cells. */
  private branchOnCondition(control: Control): void {
    const count = this.labelTypes(control).length;
    this.canonicalise(count);
    if (!this.needsMoves(control)) return this.emitCondition(control.label);
    const past = this.newLabel();
    this.invertCondition();
    const { pending } = this;
    this.emitCondition(past);
    this.branch(control);
    this.pending = pending;
    this.bind(past);
  }

  private branchTable(): void {
    const { reader, labels: none } = { reader: this.reader, labels: [] as number[] };
    const top = this.height - 1;
    const slot = this.kinds[top] === LOCAL ? this.as[top]! : -1;
    const index = this.cell(top);
    this.height--;
    const count = reader.labelCount;
    const controls = Array.from(reader.labels.subarray(0, count), (depth) => this.controlAt(depth));
    this.canonicalise(this.labelTypes(controls[0]!).length);
    this.reserve(64 + 2 * count);
    const head = this.length;
    this.op(X.BR_TABLE);
    this.word(count - 1);
    this.word(index);
    const stubs = new Map<Control, number>();
    for (const control of controls) none.push(this.tableTarget(control, stubs));
    const { pending } = this;
    for (const [control, label] of stubs) {
      // The branch out of the stub charges, not the one to it: the machine must not stop while operands are on their way.
      this.pending = pending;
      this.bind(label);
      this.branch(control);
    }
    this.pending = pending;
    this.reachable = false;
    const loop = this.controls.findLast((control) => control.kind === 'loop');
    if (loop !== undefined && loop.head === head && loop.params.length === 0 && slot >= 0 && !this.exact) {
      loop.dispatch = { slot, labels: none, count: pending - this.pendingAt(loop.label) };
    }
  }
  /** Writes one entry; answers its label, or −1 where it goes through a stub that moves operands. */
  private tableTarget(control: Control, stubs: Map<Control, number>): number {
    if (!this.needsMoves(control)) {
      this.target(this.pending, control.label);
      return control.label;
    }
    let stub = stubs.get(control);
    if (stub === undefined) stubs.set(control, (stub = this.newLabel()));
    this.target(this.pending, stub);
    return -1;
  }

  private return(): void {
    const { results } = this.controls[0]!;
    const first = this.height - results.length;
    if (this.exact) {
      this.moveDown(first, results.length, 0);
      this.op(X.RETURN_EXACT);
      return;
    }
    if (results.length === 1 && results[0] !== V128) return this.returnOne(first);
    this.canonicalise(results.length);
    this.moveDown(first, results.length, 0);
    this.op(X.RETURN);
    this.word(this.pending);
  }
  private returnOne(i: number): void {
    const wide = isWide(this.types[i]!);
    if (this.isConst(i) && !wide) {
      this.op(X.RETURN_K);
      this.word(this.pending);
      this.word(this.as[i]!);
      return;
    }
    const a = this.cell(i);
    this.op(wide ? X.RETURN_64 : X.RETURN_32);
    this.word(this.pending);
    this.word(a);
  }

  // Calls, variables, references, bulk operations

  private other(op: number): void {
    const { reader, instance } = this;
    switch (op) {
      case OP.call:
        return this.call(reader.x);
      case OP.call_indirect:
        return this.callIndirect(reader.x, reader.y);
      case OP.return_call:
      case OP.return_call_indirect:
        return this.tailCall(op);
      case OP.global_get:
        return this.globalGet(reader.x);
      case OP.global_set:
        return this.globalSet(reader.x);
      case OP.select:
      case OP.select_types:
        return this.select();
      case OP.i64_add128:
      case OP.i64_sub128:
      case OP.i64_mul_wide_s:
      case OP.i64_mul_wide_u:
        return this.wideArithmetic(op);
      case OP.ref_null:
        return this.pushConst(this.canon(reader.type), 0, 0);
      case OP.ref_func: {
        const address = instance.funcs[reader.x]!;
        return this.pushConst(ref(this.store.funcs[address]!.typeId, false), funcHandle(address), 0);
      }
      case OP.ref_is_null: {
        const a = this.cell(this.height - 1);
        this.height--;
        this.opTo(X.I32_EQ_K, this.nextHome());
        this.word(a);
        this.word(0);
        return this.push(I32);
      }
      case OP.call_ref:
      case OP.return_call_ref:
        return this.callReference(op === OP.return_call_ref);
      case OP.ref_eq:
        return this.equalReferences();
      case OP.br_on_null:
        return this.branchOnNull(this.controlAt(reader.x));
      case OP.br_on_non_null:
        return this.branchOnNonNull(this.controlAt(reader.x));
      case OP.any_convert_extern:
      case OP.extern_convert_any:
        return this.retype(ref(op === OP.any_convert_extern ? HEAP.any : HEAP.extern, isNullable(this.types[this.height - 1]!)));
      case OP.try_table:
      case OP.throw:
      case OP.throw_ref:
      case OP.try:
      case OP.catch:
      case OP.catch_all:
      case OP.delegate:
      case OP.rethrow:
        return this.exceptionInstruction(op);
      default:
        if (op >> 16 === 0xfe) return this.atomic(op);
        if (op >> 16 === 0xfb || op === OP.ref_as_non_null) return this.objectInstruction(op);
        return this.bulkOperation(op);
    }
  }

  // References

  private callReference(tail: boolean): void {
    const type = this.funcType(this.instance.typeIds[this.reader.x]!);
    const a = this.cell(this.height - 1);
    this.height--;
    const base = this.argumentsOf(type);
    this.failing();
    this.op(tail ? X.TAIL_CALL_REF : X.CALL_REF);
    this.word(this.takePending());
    this.word(a);
    this.word(base);
    if (tail) this.reachable = false;
    else this.called(type);
  }

  private equalReferences(): void {
    const b = this.cell(this.height - 1);
    const a = this.cell(this.height - 2);
    this.height -= 2;
    this.opTo(X.I32_EQ, this.nextHome());
    this.word(a);
    this.word(b);
    this.push(I32);
  }

  private objectInstruction(op: number): void {
    const operation = objectOperation(this.store, this.instance, this.reader, this.types[this.height - 1] ?? BOT);
    if (operation === undefined) throw new Crash(`${this.reader.instruction.mnemonic} is no instruction on references`);
    const { operands, result, x, y } = operation;
    this.canonicalise(operands);
    const base = operands === 0 ? this.nextHome() : this.homes[this.height - operands]!;
    this.failing();
    this.height -= operands;
    this.op(X.BULK);
    this.word(op);
    this.word(base);
    this.word(x);
    this.word(y);
    this.word(0);
    this.fence();
    if (BRANCHING_CASTS.has(op)) return this.branchOnCast(op, base);
    if (result !== BOT) this.push(result);
    this.place();
  }

  /** The reference stands at `reference`, and whether it can be cast, as a condition, in the cell after it. */
  private branchOnCast(op: number, reference: number): void {
    const { reader, condition } = this;
    const source = this.canon(reader.type);
    const target = this.canon(reader.target);
    const onFailure = op === OP.br_on_cast_fail || op === OP.br_on_cast_desc_eq_fail;
    const rest = isNullable(target) ? ref(heapOf(source), false, isExact(source)) : source;
    this.frameEnd = Math.max(this.frameEnd, reference + 4);
    this.push(onFailure ? rest : target);
    condition.opcode = onFailure ? X.BR_Z : X.BR_NZ;
    condition.a = reference + 2;
    condition.words = 1;
    this.branchOnCondition(this.controlAt(reader.x));
    this.types[this.height - 1] = onFailure ? target : rest;
    this.place();
  }

  private branchOnNull(control: Control): void {
    const { condition } = this;
    const top = this.height - 1;
    const a = this.cell(top);
    const type = this.types[top]!;
    const kind = this.kinds[top]!;
    this.height--;
    condition.opcode = X.BR_Z;
    condition.a = a;
    condition.words = 1;
    this.branchOnCondition(control);
    this.pushAs(ref(heapOf(type), false, isExact(type)), kind, a, 0);
  }

  private branchOnNonNull(control: Control): void {
    const { condition } = this;
    const top = this.height - 1;
    const type = this.types[top]!;
    condition.a = this.cell(top);
    this.types[top] = ref(heapOf(type), false, isExact(type));
    condition.opcode = X.BR_NZ;
    condition.words = 1;
    this.branchOnCondition(control);
    this.height--;
  }

  private select(): void {
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
  private globalGet(index: number): void {
    const { type, word } = this.global(index);
    if (type === V128) return this.vectorGlobalGet(word);
    this.opTo(isWide(type) ? X.GLOBAL_GET_64 : X.GLOBAL_GET_32, this.nextHome());
    this.word(word);
    this.push(type);
  }
  private globalSet(index: number): void {
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

  private call(index: number): void {
    const address = this.instance.funcs[index]!;
    const type = this.store.funcs[address]!.type;
    const base = this.argumentsOf(type);
    this.failing();
    this.op(index < this.instance.module.imported.funcs ? X.CALL_IMPORT : X.CALL);
    this.word(this.takePending());
    this.word(address);
    this.word(base);
    this.called(type);
  }
  /** Puts the arguments where the callee's frame will begin, and says where that is. */
  private argumentsOf(type: FuncType): number {
    const count = type.params.length;
    this.canonicalise(count);
    return count === 0 ? this.nextHome() : this.homes[this.height - count]!;
  }
  private called(type: FuncType): void {
    this.height -= type.params.length;
    if (this.map !== undefined) this.map.addCall(this.recordAt(this.reader.start, this.height, 0));
    for (const result of type.results) this.push(result);
    this.stand();
    this.place();
    this.switchPoint();
  }

  private callIndirect(typeIndex: number, tableIndex: number): void {
    const table = this.instance.tables[tableIndex]!;
    const id = this.instance.typeIds[typeIndex]!;
    const type = this.funcType(id);
    const index = this.tableIndex(table);
    const base = this.argumentsOf(type);
    this.failing();
    this.op(X.CALL_INDIRECT);
    this.word(this.takePending());
    this.word(table);
    this.word(base);
    this.word(id);
    this.word(index);
    this.called(type);
  }

  /** Takes the index of an indirect call. One of 64 bits becomes one of 32, or the largest where it does not fit. */
  private tableIndex(table: number): number {
    const top = this.height - 1;
    const index = this.cell(top);
    this.height--;
    if (!this.store.tables[table]!.is64) return index;
    // In a cell of its own: a trap shows the operand as it was.
    const narrow = this.homes[top]! + wordsOf(I64);
    this.frameEnd = Math.max(this.frameEnd, narrow + 2);
    this.opTo(X.I32_EQ_K, narrow);
    this.word(index + 1);
    this.word(0);
    this.opTo(X.I32_ADD_K, narrow);
    this.word(narrow);
    this.word(-1);
    this.opTo(X.I32_OR, narrow);
    this.word(narrow);
    this.word(index);
    this.fence();
    return narrow;
  }

  private tailCall(op: number): void {
    const { reader, instance } = this;
    const indirect = op === OP.return_call_indirect;
    const id = indirect ? instance.typeIds[reader.x]! : this.store.funcs[instance.funcs[reader.x]!]!.typeId;
    const type = this.funcType(id);
    let index = 0;
    if (indirect) {
      index = this.tableIndex(instance.tables[reader.y]!);
    }
    const base = this.argumentsOf(type);
    this.failing();
    this.op(indirect ? X.TAIL_CALL_INDIRECT : X.TAIL_CALL);
    this.word(this.takePending());
    this.word(indirect ? instance.tables[reader.y]! : instance.funcs[reader.x]!);
    this.word(base);
    if (indirect) {
      this.word(id);
      this.word(index);
    }
    this.reachable = false;
  }

  /** Operands in their own cells, the result in place of the address. */
  private atomic(op: number): void {
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
  private bulkOperation(op: number): void {
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

const BRANCHING_CASTS: ReadonlySet<number> = new Set([OP.br_on_cast, OP.br_on_cast_fail, OP.br_on_cast_desc_eq, OP.br_on_cast_desc_eq_fail]);

/** The opposite of each conditional branch, by opcode. */
const BRANCHES: Record<number, { opposite: number; swapped: boolean }> = {};
for (const comparison of COMPARISONS) {
  if (comparison !== undefined) {
    BRANCHES[comparison.branch] = { opposite: COMPARISONS[comparison.opposite]!.branch, swapped: comparison.swapped };
  }
}
