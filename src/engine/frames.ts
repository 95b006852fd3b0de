import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/instructions.js';
import type { ValType } from '../wasm/types.js';
import { Crash } from './errors.js';
import { movesClock } from './counting.js';
import { CONST, LOCAL, type OperandSource, type Place, wordsOf } from './interpret/position-map.js';
import type { Instance, Store, WasmFunction } from './store.js';
import { Cells } from './cells.js';
import { loadValue, type Value } from './value.js';

/** A call under way, in terms of the module. */
export type Frame = WasmFrame | HostFrame;

export interface WasmFrame {
  readonly kind: 'wasm';
  /** Function address in the store. */
  readonly func: number;
  readonly instance: Instance;
  /** Index in the module's function index space. */
  readonly funcIndex: number;
  /** Byte offset in the module: of the next instruction; of the call, while that is under way; of the one that trapped. */
  readonly offset: number;
  readonly locals: readonly Value[];
  /** Operand stack, the top last; without the arguments of a call that is under way. */
  readonly operands: readonly Value[];
  /** 0 for the outermost activation. */
  readonly activation: number;
}

/** A host call that is pending. */
export interface HostFrame {
  readonly kind: 'host';
  readonly func: number;
  readonly name: string;
  readonly args: readonly Value[];
  /** The activation that called. */
  readonly activation: number;
}

/** Types of a function's parameters and locals, over canonical ids. */
export function localTypes(store: Store, func: WasmFunction): readonly ValType[] {
  const { module, typeIds } = func.instance;
  const definition = module.funcs[func.index - module.imported.funcs];
  if (definition === undefined) throw new Crash('an imported function has no locals');
  const types = [...func.type.params];
  for (let i = 0; i < definition.locals.length; i += 2) {
    const type = store.types.canon(definition.locals[i + 1]!, typeIds);
    for (let n = definition.locals[i]!; n > 0; n--) types.push(type);
  }
  return types;
}

/** Reads values of consecutive cells from word `at` on. */
export function readValues(cells: Cells, at: number, types: readonly ValType[]): Value[] {
  const values: Value[] = [];
  let word = at;
  for (const type of types) {
    values.push(loadValue(cells, word >> 1, type));
    word += wordsOf(type);
  }
  return values;
}

const scratch = new Cells(2);

export function readOperand(cells: Cells, fp: number, source: OperandSource): Value {
  if (source.kind === CONST) {
    scratch.i32[0] = source.a;
    scratch.i32[1] = source.b;
    return loadValue(scratch, 0, source.type);
  }
  return loadValue(cells, (fp + (source.kind === LOCAL ? source.a : source.home)) >> 1, source.type);
}

/** Puts every operand of a place into its own cell. */
export function materialise(cells: Cells, fp: number, place: Place): void {
  const words = cells.i32;
  for (const { kind, home, a, b, type } of place.operands) {
    const target = fp + home;
    if (kind === CONST) {
      words[target] = a;
      words[target + 1] = b;
    } else if (kind === LOCAL) words.copyWithin(target, fp + a, fp + a + wordsOf(type));
  }
}

/** The instruction at `offset`, or where that neither counts nor ends the function, the next one that does, in order of bytes. */
export function countingOffset(func: WasmFunction, offset: number): number {
  const { module } = func.instance;
  const { body } = module.funcs[func.index - module.imported.funcs]!;
  const reader = new InstructionReader(module.bytes, offset, body.end);
  for (;;) {
    const op = reader.next();
    if (movesClock(op) || reader.pos >= body.end) return reader.start;
  }
}

/** `offset`, or after the `block` and `loop` instructions that stand there: where execution really is. */
export function startOffset(func: WasmFunction, offset: number): number {
  const { module } = func.instance;
  const { body } = module.funcs[func.index - module.imported.funcs]!;
  const reader = new InstructionReader(module.bytes, offset, body.end);
  for (;;) {
    const op = reader.next();
    if (op !== OP.block && op !== OP.loop) return reader.start;
  }
}
