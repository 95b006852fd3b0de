import type { CellWindow } from '../engine/cells.js';
import type { GuestMemory } from '../engine/guest-memory.js';
import type { HostCall, HostFunction, Turn, TurnFunction } from '../engine/host-function.js';
import { loadValue, type Value } from '../engine/value.js';
import { cellsOf, F32, type ValType } from '../wasm/types.js';
import type { DescribedCall } from '../host/described-call.js';
import type { Shown } from './records.js';

type Described = DescribedCall['args'];

/** What a host knows of the functions it offers; `undefined` for those that it does not. */
export type Describe = (module: string, name: string, args: CellWindow, memory: GuestMemory) => DescribedCall | undefined;

export interface HostCallListener {
  called(args: Shown): void;
  returned(results: Shown): void;
  /** A call in one piece: nothing of the guest runs in between. */
  completed(args: Shown, results: Shown): void;
  failed(args: Shown | undefined, error: unknown): void;
}

/** The same function, heard by a listener. */
export function listenTo(host: HostFunction, describe: (args: CellWindow, memory: GuestMemory) => DescribedCall | undefined, to: HostCallListener): HostFunction {
  const { params, results: resultTypes } = host.type;
  const before = (args: CellWindow, memory: GuestMemory): { args: Shown; described: DescribedCall | undefined } => {
    const described = describe(args, memory);
    return { args: described === undefined ? showCells(args, params) : plain(described.args), described };
  };
  const after = (described: DescribedCall | undefined, results: CellWindow, memory: GuestMemory): Shown =>
    described === undefined ? showCells(results, resultTypes) : plain(described.result(results, memory));
  switch (host.kind) {
    case 'leaf':
      // Compiled code calls a leaf from frames that only JavaScript knows; a listener looks at them.
      return {
        ...host,
        kind: 'full',
        call: ({ args, results, memory }: HostCall) => {
          const call = before(args, memory);
          try {
            host.call(args, results, memory);
          } catch (error) {
            to.failed(call.args, error);
            throw error;
          }
          to.completed(call.args, after(call.described, results, memory));
        },
      };
    case 'full':
      return {
        ...host,
        call: (context: HostCall) => {
          const call = before(context.args, context.memory);
          to.called(call.args);
          try {
            host.call(context);
          } catch (error) {
            to.failed(undefined, error);
            throw error;
          }
          to.returned(after(call.described, context.results, context.memory));
        },
      };
    case 'turns':
      return listenToTurns(host, before, (described, context) => to.returned(after(described, context.results, context.memory)), to);
  }
}

/** Calls may be pending within each other; what is known of each lies on a stack. */
function listenToTurns(
  host: TurnFunction,
  before: (args: CellWindow, memory: GuestMemory) => { args: Shown; described: DescribedCall | undefined },
  returned: (described: DescribedCall | undefined, context: HostCall) => void,
  to: HostCallListener,
): TurnFunction {
  const pending: (DescribedCall | undefined)[] = [];
  const hear = (context: HostCall, take: () => Turn): Turn => {
    let turn: Turn;
    try {
      turn = take();
    } catch (error) {
      pending.pop();
      to.failed(undefined, error);
      throw error;
    }
    if (turn === 'done') returned(pending.pop(), context);
    return turn;
  };
  const { again, failed } = host;
  return {
    ...host,
    begin: (context) => {
      const call = before(context.args, context.memory);
      to.called(call.args);
      pending.push(call.described);
      return hear(context, () => host.begin(context));
    },
    next: (context, results) => hear(context, () => host.next(context, results)),
    ...(again && { again: (context: HostCall, value: number) => hear(context, () => again(context, value)) }),
    ...(failed && { failed: (context: HostCall, error: Parameters<typeof failed>[1]) => hear(context, () => failed(context, error)) }),
  };
}

function plain(values: Described): Readonly<Record<string, number | string>> {
  const entries = Object.entries(values).map(([name, value]) => [name, typeof value === 'bigint' ? narrow(value) : value] as const);
  return Object.fromEntries(entries);
}

/** JSON has no integers beyond 2^53: those stay text. */
function narrow(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function showCells(cells: CellWindow, types: readonly ValType[]): string[] {
  let at = cells.base;
  return types.map((type) => {
    const value = loadValue(cells.cells, at, type);
    at += cellsOf(type);
    return showValue(value);
  });
}

const scratch = new DataView(new ArrayBuffer(8));

/** As the command line prints results: `i32:7`. */
export function showValue(value: Value): string {
  if ('i32' in value) return `i32:${value.i32}`;
  if ('i64' in value) return `i64:${value.i64}`;
  if ('low' in value) return `v128:0x${hex(value.high)}${hex(value.low)}`;
  if ('handle' in value) return value.handle === 0 ? 'ref:null' : `ref:${value.handle}`;
  if (value.type === F32) {
    scratch.setInt32(0, Number(value.bits));
    return `f32:${showFloat(scratch.getFloat32(0))}`;
  }
  scratch.setBigInt64(0, BigInt(value.bits));
  return `f64:${showFloat(scratch.getFloat64(0))}`;
}

function showFloat(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function hex(word: bigint): string {
  return BigInt.asUintN(64, word).toString(16).padStart(16, '0');
}
