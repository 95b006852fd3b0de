import type { CellWindow } from '../engine/cells.js';
import type { GuestMemory } from '../engine/guest-memory.js';
import { WasiError } from './wasi/errno.js';
import { Vectors } from './wasi/vectors.js';
import { WASI_MODULE } from './wasi/wasi.js';

/** Bytes that a guest hands to its host. */
export interface HandedOut {
  /** `output`: for standard output or error. `copy`: for a JavaScript array, with which anything may be done next. */
  readonly kind: 'output' | 'copy';
  readonly bytes: Uint8Array;
}

/** What a call of an import (`module.name`) hands out, as a copy; undefined for all but those that exist to write. Never throws. */
export function handedOut(name: string, args: CellWindow, memory: GuestMemory): HandedOut | undefined {
  switch (name) {
    case `${WASI_MODULE}.fd_write`:
      return isOutput(args.u32(0)) ? gathered(memory, args.u32(1), args.u32(2)) : undefined;
    case 'gojs.runtime.wasmWrite':
    case 'go.runtime.wasmWrite': {
      // func wasmWrite(fd uintptr, p unsafe.Pointer, n int32)
      const sp = args.u32(0);
      return memory.contains(sp, 32) && isOutput(Number(memory.u64(sp + 8))) ? slice('output', memory, Number(memory.u64(sp + 16)), memory.i32(sp + 24)) : undefined;
    }
    case 'gojs.syscall/js.copyBytesToJS':
    case 'go.syscall/js.copyBytesToJS': {
      // func copyBytesToJS(dst ref, src []byte) (int, bool)
      const sp = args.u32(0);
      return memory.contains(sp, 32) ? slice('copy', memory, Number(memory.u64(sp + 16)), Number(memory.u64(sp + 24))) : undefined;
    }
    default:
      return undefined;
  }
}

function isOutput(fd: number): boolean {
  return fd === 1 || fd === 2;
}

function slice(kind: HandedOut['kind'], memory: GuestMemory, start: number, length: number): HandedOut | undefined {
  return memory.contains(start, length) ? { kind, bytes: memory.bytes(start, length).slice() } : undefined;
}

function gathered(memory: GuestMemory, at: number, count: number): HandedOut | undefined {
  const pieces: Uint8Array[] = [];
  try {
    new Vectors(memory, at, count).drain((bytes) => pieces.push(bytes.slice()) && bytes.length);
  } catch (error) {
    if (error instanceof WasiError) return undefined;
    throw error;
  }
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return { kind: 'output', bytes };
}
