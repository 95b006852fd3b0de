import { instruction } from '../../wasm/instructions.js';
import { OP } from '../../wasm/opcodes.js';
import { FUNCREF, I32 } from '../../wasm/types.js';
import { Crash } from '../errors.js';
import { Store } from '../store.js';
import { funcHandle } from '../value.js';
import { interpret } from './loop.js';
import { X } from './opcodes.js';
import { ExecutionState, RECORD } from './state.js';
import { UNSEEN } from './unseen.js';

/**
 * V8 throws the optimised loop away whenever it meets an opcode, a side of a branch, or a kind of number that it has not
 * seen. So every opcode runs here before the first long stretch of a guest does. It works on a state of its own and takes some milliseconds
 * once a process. V8 compiles what has been hot for a while without showing anything new: all that is to be seen of one
 * opcode is shown before the next one.
 */
const VALUES: readonly (readonly [number, number])[] = [
  [8, 0],
  [0, 0],
  // The constant of OPERANDS.
  [X.TICK, X.TICK],
  [-1, X.TICK],
  [-1, -1],
  [0x7fffffff, 0x7fffffff],
  [-0x80000000, -0x80000000],
  [9, 0x40091eb8],
];

/** Words of the frame: at 0 are the values, here something else, and there nothing. The latter is a long shift, too. */
const OTHER: number = X.TICK;
const NOTHING: number = X.I32_OR_K;

/**
 * Operand words. The second is always 0: the function or table that is called, or where a branch goes. Shorter
 * operations run on into the rest, so those numbers are opcodes that do no harm.
 */
const OPERANDS: readonly (readonly number[])[] = [
  [],
  [0, 0, 0, X.TICK, X.TICK],
  [0, 0, OTHER, 0],
  [0, 0, X.TICK, X.TICK],
  [0, 0, NOTHING, NOTHING],
];

/** Operations that need operands of their own. */
const OF_THEIR_OWN: ReadonlySet<number> = new Set([
  X.NUMERIC, X.I64_DIVIDE, X.BULK, X.LOAD_ANY, X.STORE_ANY, X.VECTOR, X.ATOMIC, X.CALL_REF, X.TAIL_CALL_REF, X.WATCH,
]);

/** Words of the operand area of each trained operation; zeros behind it are LEAVEs. */
const WORDS = 16;
/** Where the operation under training stands, and where the function that it may call. */
const AT = 64;
const ENTRY = 32;

/** Handles of functions. */
const CALLABLE: readonly [number, number] = [funcHandle(1), funcHandle(2)];

/** A run of at most so many instructions is over before an optimised loop has paid for itself. */
export const UNTRAINED = 1_000_000;

let trained = false;
let postponed = false;

/** Is there to be no training for now, because V8 is kept from optimising? */
export function postponeTraining(postpone: boolean): void {
  postponed = postpone;
}

export function train(): void {
  if (trained || postponed) return;
  trained = true;
  const state = workshop();
  // V8 remembers nothing of the first calls of a function: hence a short round before the whole one.
  for (const seen of [VALUES.slice(0, 1), VALUES]) {
    for (const opcode of Object.values(X)) {
      if (OF_THEIR_OWN.has(opcode)) continue;
      for (const values of seen) for (const operands of OPERANDS) attempt(state, values, [opcode, ...operands]);
    }
  }
  const [values] = VALUES as [readonly [number, number]];
  attempt(state, values, [X.NUMERIC, 0, 0, 2, OP.i32_ctz]);
  attempt(state, values, [X.I64_DIVIDE, 0, 0, 2, OP.i64_div_u]);
  attempt(state, values, [X.LOAD_ANY, 0, 0, 0, OP.i32_load, 1, 0]);
  attempt(state, values, [X.STORE_ANY, 0, 0, 0, OP.i32_store, 1, 0]);
  attempt(state, values, [X.VECTOR, 0, instruction(OP.i32x4_add)!.index, 0, 4, 8, 0]);
  attempt(state, values, [X.ATOMIC, OP.i32_atomic_rmw_add, 0, 0, 0, 0, 1]);
  // An address that is watched, one that is not, one beyond 32 bits, and an access that is looked at anyway.
  for (const [a, k] of [[0, 0], [0, 64], [2, -1], [-1, 0]]) attempt(state, [8, -1], [X.WATCH, 0, a!, k!]);
  attempt(state, values, [X.TICK | UNSEEN]);
  for (const opcode of [X.CALL_REF, X.TAIL_CALL_REF]) attempt(state, CALLABLE, [opcode, 0, 0, 0]);
  attempt(state, values, [X.BULK, OP.memory_size, 0, 0, 0, 1]);
}

/** A store with one of everything, and a state as the loop finds it. */
function workshop(): ExecutionState {
  const store = new Store();
  const none = { min: 1n, max: undefined };
  store.addMemory({ limits: none, address: I32, shared: false, pageSizeLog2: 16 });
  store.addTable({ limits: none, address: I32, element: FUNCREF }, funcHandle(0));
  const state = new ExecutionState(store, { maxCallDepth: 16, maxStackCells: 256 });
  state.memory = store.memories[0]!;
  state.cellEnd = 256;
  state.recordEnd = 8 * RECORD;
  // What never changed is compiled as a constant: so all that a guest may change changes here.
  state.interrupted = false;
  state.instanceId = 0;
  state.watchLow = 4;
  state.watchHigh = 16;
  state.memory.grow(1);
  state.cells.reserve(state.cells.i32.length);
  store.globalCells.reserve(store.globalCells.i32.length);
  state.records = state.records.slice();
  state.code = state.code.slice();
  state.typeIds = state.typeIds.slice();
  state.code[ENTRY - 2] = 16;
  state.code[ENTRY - 4] = 4;
  return state;
}

const leaf = { kind: 'leaf', type: { kind: 'func', params: [], results: [] }, name: 'training', call: () => {} } as const;

function attempt(state: ExecutionState, values: readonly [number, number], words: readonly number[]): void {
  const { code, cells } = state;
  code.fill(0, AT, AT + WORDS);
  code.set(words, AT);
  for (let i = 0; i < 16; i++) cells.i32[i] = values[i & 1]!;
  cells.i32[OTHER] = 5;
  state.pc = AT;
  state.fp = 0;
  state.rp = RECORD;
  state.leaves[0] = leaf;
  try {
    interpret(state, ENTRIES, 1000, words.length > 1);
  } catch (error) {
    // Some operations mean nothing on these operands.
    if (!(error instanceof Crash)) throw error;
  }
}

const ENTRIES = new Int32Array(16).fill(ENTRY);
