import { InstructionReader } from '../wasm/binary/code-reader.js';
import { type Instruction, instruction } from '../wasm/instructions.js';
import { OP } from '../wasm/opcodes.js';
import { Crash } from './errors.js';
import type { WasmFrame } from './frames.js';
import type { Machine } from './machine.js';
import type { Store } from './store.js';
import type { Value } from './value.js';

/** One access to a memory: what an instruction is about to do, or the host has just done. */
export interface Access {
  readonly kind: 'read' | 'write';
  /** Address in the store. */
  readonly memory: number;
  readonly address: number;
  /** Bytes. */
  readonly length: number;
  /** The host wrote, for the guest's innermost frame; the bytes are there already. */
  readonly host: boolean;
}

/** While it runs, clock, frames and store are exact. `'stop'` stops the machine: before the instruction, or after the host's call. */
export type WatchFire = (machine: Machine, access: Access) => void | 'stop';

/** A range of a memory that somebody watches. */
export interface Watch {
  readonly kind: Access['kind'];
  readonly memory: number;
  readonly address: number;
  readonly length: number;
  readonly fire: WatchFire;
}

/** More bytes than one load or store touches. */
const LARGEST_ACCESS = 16;

/** Among the probed offsets of a function: its reads, or its writes, of memory are watched. */
export const WATCHED: Readonly<Record<Access['kind'], number>> = { read: -2, write: -3 };

/** The ranges that are watched, and what of an instruction falls into them. */
export class Watches {
  readonly list: Watch[] = [];

  /** No load or store whose effective address is outside of this meets a watch. */
  get bounds(): { readonly low: number; readonly high: number } {
    const low = Math.min(...this.list.map(({ address }) => address));
    const high = Math.max(...this.list.map(({ address, length }) => address + length));
    return { low: low - LARGEST_ACCESS, high };
  }

  /** What is watched for. */
  get kinds(): readonly Access['kind'][] {
    return (['read', 'write'] as const).filter((kind) => this.list.some((watch) => watch.kind === kind));
  }

  /** The watches that an access meets. */
  meeting({ kind, memory, address, length }: Access): Watch[] {
    return this.list.filter(
      (watch) => watch.kind === kind && watch.memory === memory && address < watch.address + watch.length && watch.address < address + length,
    );
  }
}

/** Does it read a memory where reads are among the probed offsets of its function, or write one where writes are? */
export function isWatched(row: Instruction, positions: ReadonlySet<number>): boolean {
  return (positions.has(WATCHED.write) && writes(row)) || (positions.has(WATCHED.read) && reads(row));
}

function writes({ op, imm, mnemonic }: Instruction): boolean {
  return isSingle(imm) ? /store|rmw/.test(mnemonic) : op === OP.memory_init || op === OP.memory_copy || op === OP.memory_fill;
}
function reads({ op, imm, mnemonic }: Instruction): boolean {
  return isSingle(imm) ? /load|rmw|wait/.test(mnemonic) : op === OP.memory_copy;
}
function isSingle(imm: Instruction['imm']): boolean {
  return imm === 'memarg' || imm === 'memarg+lane';
}

/** What the instruction that a frame stands at is about to do with memories; nothing where it will trap. */
export function accessesOf(store: Store, frame: WasmFrame): Access[] {
  const { instance, offset, operands } = frame;
  const { bytes } = instance.module;
  const reader = new InstructionReader(bytes, offset, bytes.length);
  const op = reader.next();
  const row = instruction(op);
  if (row === undefined) throw new Crash('a frame stands at no instruction');
  const access = (kind: Access['kind'], index: number, address: number, length: number): Access => ({
    kind,
    memory: instance.memories[index]!,
    address,
    length,
    host: false,
  });
  return accessesOfRow(row, reader, operands, access).filter(
    ({ memory, address, length }) => length > 0 && address + length <= store.memories[memory]!.byteLength,
  );
}

function accessesOfRow(
  row: Instruction,
  reader: InstructionReader,
  operands: readonly Value[],
  access: (kind: Access['kind'], memory: number, address: number, length: number) => Access,
): Access[] {
  const [a, b, c] = operands.slice(-3).map(unsigned) as [number, number, number];
  switch (row.op) {
    case OP.memory_init:
      return [access('write', reader.y, a, c)];
    case OP.memory_fill:
      return [access('write', reader.x, a, c)];
    case OP.memory_copy:
      return [access('write', reader.x, a, c), access('read', reader.y, b, c)];
  }
  const { params, align } = row;
  const address = unsigned(operands[operands.length - params!.length]!) + (reader.hi >>> 0) * 2 ** 32 + (reader.lo >>> 0);
  const length = 2 ** align!;
  return [...(reads(row) ? [access('read', reader.memory, address, length)] : []), ...(writes(row) ? [access('write', reader.memory, address, length)] : [])];
}

function unsigned(value: Value): number {
  if ('i32' in value) return value.i32 >>> 0;
  return 'i64' in value ? Number(BigInt.asUintN(64, value.i64)) : 0;
}
