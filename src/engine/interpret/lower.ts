import { InstructionReader } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';
import { BOT, F32, F64, type FuncType, HEAP, heapOf, I32, I64, isExact, isNullable, ref, type ValType } from '../../wasm/types.js';
import { movesClock } from '../counting.js';
import { Crash } from '../errors.js';
import type { WasmFunction } from '../store.js';
import { funcHandle } from '../value.js';
import { isWatched } from '../watches.js';
import { type Control, NO_TYPES } from './lower-control.js';
import { ExceptionLowering } from './lower-exceptions.js';
import { objectOperation } from './objects.js';
import { X } from './opcodes.js';
import { CONST, LOCAL, type PositionMap, wordsOf } from './position-map.js';
import { ACCESS } from './selection.js';

/** `fused`: what runs. `exact`: one step a WebAssembly instruction, every operand always in its own cell. */
export type Mode = 'fused' | 'exact';

/** Words before a function's entry: instance, end of the locals, end of the parameters, end of the frame, function. */
export const HEADER = 5;

/** Instead of a byte offset: the entry of a function. */
export const AT_ENTRY = -1;

const NAMES_OPERAND = new Uint8Array(256);
NAMES_OPERAND[OP.local_get] = NAMES_OPERAND[OP.i32_const] = NAMES_OPERAND[OP.i64_const] = 1;

/** Lowers one function at a time to register code: which instruction is lowered how. */
export class Lowering extends ExceptionLowering {
  private probes: ReadonlySet<number> | undefined = undefined;
  /** Nothing but code is wanted. */
  private plain = true;

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
    this.plain = !this.exact && probes === undefined && map === undefined;
    this.layOutLocals(func.type, definition.locals);
    this.frameEnd = this.localEnd;
    if (map !== undefined) map.operandBase = this.localEnd;
    if (this.reader?.bytes !== module.bytes) this.reader = new InstructionReader(module.bytes, 0, 0);
    this.reader.seek(definition.body.offset, definition.body.end);
    this.height = 0;
    this.controls.length = 0;
    this.blocks.length = 0;
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

  private begin(): void {
    this.before = 0;
    this.countBefore = 0;
    this.stand();
    this.place();
    if (this.probes?.has(AT_ENTRY) === true) this.probe(AT_ENTRY);
    this.switchPoint();
  }

  private body(): void {
    const { reader, plain } = this;
    const { bytes } = reader;
    while (this.controls.length > 0) {
      if (plain && NAMES_OPERAND[bytes[reader.pos]!] !== 0 && this.reachable) this.nameOperands();
      if (this.length + 64 > this.words.length) this.reserve(64);
      const op = reader.next();
      if (this.reachable) this.instruction(op);
      else this.skip(op);
    }
  }

  /** Passes over the instructions that only say what an operand is, a third of all, as long as their immediates are short. */
  private nameOperands(): void {
    const { reader, types, kinds, as, bs, homes, localTypes, localPositions } = this;
    const { bytes } = reader;
    let { pos } = reader;
    let i = this.height;
    let home = this.nextHome();
    for (;;) {
      const op = bytes[pos]!;
      if (NAMES_OPERAND[op] === 0) break;
      const x = bytes[pos + 1]!;
      let type: ValType;
      if (op === OP.local_get) {
        if (x >= 0x80) break;
        type = localTypes[x]!;
        kinds[i] = LOCAL;
        as[i] = localPositions[x]!;
        bs[i] = 0;
      } else {
        const y = x < 0x80 ? 0 : bytes[++pos + 1]!;
        if (y >= 0x80) {
          pos--;
          break;
        }
        type = op === OP.i32_const ? I32 : I64;
        const value = x < 0x80 ? (x << 25) >> 25 : (((x & 0x7f) | (y << 7)) << 18) >> 18;
        kinds[i] = CONST;
        as[i] = value;
        bs[i] = type === I64 ? value >> 31 : 0;
      }
      pos += 2;
      types[i] = type;
      homes[i++] = home;
      home += wordsOf(type);
    }
    this.pending += i - this.height;
    if (this.pending > this.longest) this.longest = this.pending;
    if (home > this.frameEnd) this.frameEnd = home;
    this.height = i;
    reader.pos = pos;
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

  private probe(position: number): void {
    this.canonicalise(this.height);
    this.place();
    this.op(X.PROBE);
    this.word(this.takePending());
    this.word(position);
    this.stand();
    this.place();
  }

  // Instructions

  private instruction(op: number): void {
    if (this.plain) {
      this.before = this.height;
      this.countBefore = this.pending;
      if (movesClock(op)) this.count();
    } else this.startInstruction(!movesClock(op));
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
      case OP.global_get:
        return this.globalGet(this.reader.x);
      case OP.global_set:
        return this.globalSet(this.reader.x);
      case OP.call:
        return this.call(this.reader.x);
      case OP.call_indirect:
        return this.callIndirect(this.reader.x, this.reader.y);
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
  protected override startInstruction(structural: boolean): void {
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
    if (this.probes !== undefined && isWatched(this.reader.instruction, this.probes)) this.watch();
    if (ends) return;
    if (this.exact) {
      this.op(X.TICK);
      this.fence();
    } else this.count();
  }

  /** An access of memory that somebody may watch comes next. Charges nothing: whoever is there goes on in exact code. */
  private watch(): void {
    const { reader, height, instance } = this;
    const { params, imm } = reader.instruction;
    const single = imm === 'memarg' || imm === 'memarg+lane';
    // Any other moves a range of bytes, of three operands.
    let a = -1;
    let k = 0;
    if (!single) {
      this.canonicalise(3);
      // Lengths of 64 bits are not looked at: they come to whoever is there.
      if (instance.memories.every((memory) => !this.store.memories[memory]!.is64)) a = -2 - this.homes[height - 3]!;
    } else if (reader.hi === 0) {
      // An offset beyond 4 GiB is beyond every memory: the access traps.
      a = this.cell(height - params!.length);
      k = reader.lo;
    }
    if (this.map !== undefined && !this.exact) this.map.addTrap(this.recordAt(reader.start, height, this.pending));
    this.op(X.WATCH);
    this.word(reader.start);
    this.word(a);
    this.word(k);
    if (this.map !== undefined && this.exact) this.map.addInstruction(this.recordAt(reader.start, height, 0));
  }

  private other(op: number): void {
    const { reader, instance } = this;
    switch (op) {
      case OP.return_call:
      case OP.return_call_indirect:
        return this.tailCall(op);
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

  // Calls

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
    const { results } = type;
    for (let i = 0; i < results.length; i++) this.push(results[i]!);
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
}

const BRANCHING_CASTS: ReadonlySet<number> = new Set([OP.br_on_cast, OP.br_on_cast_fail, OP.br_on_cast_desc_eq, OP.br_on_cast_desc_eq_fail]);
