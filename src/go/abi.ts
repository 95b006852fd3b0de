/**
 * The Go ABI on WebAssembly, as far as hosts and tools share it: where the state of the virtual CPU lives, how a
 * program counter is packed, and how arguments lie on the Go stack. Sources: cmd/internal/obj/wasm, cmd/link/internal/wasm.
 */

/** Index of each global that holds a register of Go's virtual CPU. PC_F and PC_B are globals in early layouts only. */
export interface GlobalLayout {
  /** i32: the Go stack pointer, also the address that stack-ABI imports get; 0 before the runtime is initialised. */
  readonly SP: number;
  /** i64: address of the funcval (closure) being called. */
  readonly CTXT: number;
  /** i64: address of the current `runtime.g`. */
  readonly G: number;
  /** i64 ×4: scratch of `reflectcall`; RET0 also the result of `deferproc` up to Go 1.24. */
  readonly RET0: number;
  readonly RET1: number;
  readonly RET2: number;
  readonly RET3: number;
  /** i32: 1 makes the trampoline return to the host. */
  readonly PAUSE: number;
  /** i32: present where the PC is kept in globals (Go 1.11); otherwise it is the word below SP. */
  readonly PC_F?: number;
  readonly PC_B?: number;
}

/** Since Go 1.12: the PC to go on from stands at `SP - 8` in memory. */
export const STACK_PC_GLOBALS: GlobalLayout = { SP: 0, CTXT: 1, G: 2, RET0: 3, RET1: 4, RET2: 5, RET3: 6, PAUSE: 7 };

/** Go 1.11: functions take no parameter and find PC_F and PC_B in globals. */
export const GLOBAL_PC_GLOBALS: GlobalLayout = { PC_F: 0, PC_B: 1, SP: 2, CTXT: 3, G: 4, RET0: 5, RET1: 6, RET2: 7, RET3: 8, PAUSE: 9 };

/** `PC_F` of the first defined function: table slots below stay null, so that code and data addresses differ. */
export const FUNC_VALUE_OFFSET = 0x1000;

/** A PC as Go stores it (u64): `PC_F << 16 | PC_B`. */
export function packPc(pcF: number, pcB: number): bigint {
  return (BigInt(pcF) << 16n) | BigInt(pcB);
}
/** Function part of a PC. Up to Go 1.24 the trampoline reads only its low 16 bits. */
export function pcF(pc: bigint): number {
  return Number((pc >> 16n) & 0xffffffffn);
}
/** Resume-point part of a PC. */
export function pcB(pc: bigint): number {
  return Number(pc & 0xffffn);
}

/** Where the host writes the command line and the environment before it calls `run` (js only). */
export const ARGS_START = 4096;
/** They must end below: the linker puts data from here on (`wasmMinDataAddr`). */
export const ARGS_END: number = 4096 + 8192;

/** Go types that the signatures of stack-ABI imports use. */
export type GoType = 'bool' | 'int32' | 'int64' | 'int' | 'uintptr' | 'pointer' | 'ref' | 'string' | 'bytes' | 'refs';

const SIZES: Record<GoType, { size: number; align: number }> = {
  bool: { size: 1, align: 1 },
  int32: { size: 4, align: 4 },
  int64: { size: 8, align: 8 },
  int: { size: 8, align: 8 },
  uintptr: { size: 8, align: 8 },
  pointer: { size: 8, align: 8 },
  ref: { size: 8, align: 8 },
  string: { size: 16, align: 8 },
  bytes: { size: 24, align: 8 },
  refs: { size: 24, align: 8 },
};

export interface StackLayout {
  /** Offsets from the SP that the import gets: the return address stands at 0, the first parameter at 8. */
  readonly params: readonly number[];
  readonly results: readonly number[];
}

/** Lays out a call on the Go stack: parameters like a struct from SP+8, results from the next multiple of 8. */
export function stackLayout(params: readonly GoType[], results: readonly GoType[]): StackLayout {
  let at = 8;
  const place = (type: GoType): number => {
    const { size, align } = SIZES[type];
    const offset = roundUp(at, align);
    at = offset + size;
    return offset;
  };
  const paramOffsets = params.map(place);
  at = roundUp(at, 8);
  return { params: paramOffsets, results: results.map(place) };
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
