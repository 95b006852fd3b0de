import { Cells } from '../engine/cells.js';
import { isGuestFailure } from '../engine/errors.js';
import { localTypes } from '../engine/frames.js';
import { setLocal } from '../engine/snapshot.js';
import type { WasmFunction } from '../engine/store.js';
import { f32, f64, i32, i64, storeValue, type Value } from '../engine/value.js';
import { parseValue, ValueSyntaxError } from '../program/values.js';
import { Divergence } from '../replay/replay.js';
import type { Search } from '../replay/position.js';
import { F32, F64, I32, I64, type ValType } from '../wasm/types.js';
import { CELL_BYTES, Expression } from './expression.js';
import type { Session } from './session.js';
import type { Target } from './target.js';

/** Something cannot be tried out in a fork. */
export class ForkError extends Error {
  override readonly name = 'ForkError';
}

/** What a function would return if it were called on the memory as it is now. The session is not changed. */
export async function callExport(session: Session, func: number, args: readonly Value[], search: Search = {}): Promise<readonly Value[]> {
  const fork = await session.fork();
  const { machine } = fork.target;
  while (machine.depth > 0) machine.abandon();
  try {
    machine.start(func, args);
    for (;;) {
      const stop = machine.run(machine.clock + SLICE);
      switch (stop.kind) {
        case 'returned':
          return stop.results;
        case 'trap':
          throw new ForkError(`the call fails: ${stop.error.message}`);
        case 'limit':
          await new Promise((resolve) => setTimeout(resolve, 0));
          if (search.cancelled?.() === true) throw new ForkError('cancelled');
          break;
        default:
          throw new ForkError('the call needs its host, and in a fork there is none');
      }
    }
  } catch (error) {
    if (error instanceof Divergence) throw new ForkError('the call needs its host, and in a fork there is none');
    if (isGuestFailure(error)) throw new ForkError(`the call fails: ${error.message}`);
    throw error;
  }
}

const SLICE = 2_000_000;

/** What `set` gives another value to. Addresses are of memory 0; a local is one of the frame that is looked at. */
export type Settable =
  | { readonly kind: 'memory'; readonly address: number; readonly cell: string }
  | { readonly kind: 'global'; readonly index: number }
  | { readonly kind: 'local'; readonly index: number };

/** A fork of the session that differs from it in one value. `value`: as text. Throws `ForkError` where it cannot have it. */
export async function forkWith(session: Session, what: Settable, value: string): Promise<Session> {
  return session.fork(writer(session, what, value));
}

/** What writes the value, in a fork; what is wrong with it is found out before there is one. */
function writer(session: Session, what: Settable, text: string): (target: Target) => void {
  const { target } = session;
  const { store, instance } = target;
  switch (what.kind) {
    case 'memory': {
      const memory = instance.memories[0];
      const bytes = CELL_BYTES[what.cell]!;
      if (memory === undefined || !(what.address >= 0 && what.address + bytes <= store.memories[memory]!.byteLength)) throw new ForkError(`0x${what.address.toString(16)} is outside of the memory`);
      const value = valueOf(session, text, CELL_TYPES[what.cell] ?? (bytes > 4 ? I64 : I32), bytes * 8);
      const cells = new Cells(1);
      storeValue(cells, 0, value);
      return (fork) => fork.store.memories[memory]!.u8.set(cells.u8.subarray(0, bytes), what.address);
    }
    case 'global': {
      const global = store.globals[instance.globals[what.index] ?? -1];
      if (global === undefined) throw new ForkError(`there is no global ${what.index}: the module has ${instance.globals.length}`);
      if (!global.type.mutable) throw new ForkError(`global[${what.index}] is a constant`);
      const value = valueOf(session, text, global.type.value);
      return (fork) => storeValue(fork.store.globalCells, global.cell, value);
    }
    case 'local': {
      const frame = session.wasmFrame();
      const local = frame?.kind === 'wasm' && frame.instance === instance ? frame.locals[what.index] : undefined;
      if (frame?.kind !== 'wasm' || local === undefined) throw new ForkError(`there is no local $${what.index} in this frame`);
      const value = valueOf(session, text, local.type);
      const level = session.wasmLevel;
      return ({ machine, store: { funcs } }) => {
        const snapshot = machine.snapshot(false);
        const func = funcs[frame.func] as WasmFunction;
        setLocal(snapshot, level, localTypes(machine.store, func), what.index, value);
        machine.restore(snapshot);
      };
    }
  }
}

const CELL_TYPES: Readonly<Record<string, ValType>> = { f32: F32, f64: F64 };

/** Numbers are expressions; all else is written as on the command line. `bits`: how many of an integer are wanted. */
function valueOf(session: Session, text: string, type: ValType, bits: number = type === I64 ? 64 : 32): Value {
  if (type !== I32 && type !== I64 && type !== F32 && type !== F64) return parsed(text, type);
  const value = new Expression(text).value(session.scope());
  if (type === F32 || type === F64) {
    if (typeof value === 'string') throw new ForkError(`${value} is no number`);
    return type === F32 ? f32(Number(value)) : f64(Number(value));
  }
  if (typeof value !== 'bigint') throw new ForkError(`${value} is no whole number`);
  if (value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits)) throw new ForkError(`${value} does not fit into ${bits} bits`);
  return type === I32 ? i32(Number(BigInt.asIntN(32, value))) : i64(value);
}

function parsed(text: string, type: ValType): Value {
  try {
    return parseValue(text, type);
  } catch (error) {
    throw error instanceof ValueSyntaxError ? new ForkError(error.message) : error;
  }
}
