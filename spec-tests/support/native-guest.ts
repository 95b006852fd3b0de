import { CellWindow, Cells } from '../../src/engine/cells.js';
import { MemoryView } from '../../src/engine/guest-memory.js';
import type { HostFunction } from '../../src/engine/host-function.js';
import type { MemoryInstance } from '../../src/engine/memory.js';
import { GuestExit } from '../../src/host/exit.js';
import { F32, F64, I32, I64, type ValType } from '../../src/wasm/types.js';

/** As much of the standard object as is used here; the compiler's libraries have it only with the DOM. */
interface Native {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
}
const native = (globalThis as unknown as { WebAssembly: Native }).WebAssembly;

/**
 * Runs a module on Node's own engine with host functions of ours: the host under test, the engine not. Imports are
 * offered under the module name `module`; the answer is the exit code.
 */
export async function runNatively(bytes: Uint8Array, module: string, functions: ReadonlyMap<string, HostFunction>, start = '_start'): Promise<number> {
  let memory: { buffer: ArrayBuffer } | undefined;
  const view = new MemoryView({
    get byteLength() {
      return memory!.buffer.byteLength;
    },
    get u8() {
      return new Uint8Array(memory!.buffer);
    },
    get view() {
      return new DataView(memory!.buffer);
    },
    written: () => {},
  } as unknown as MemoryInstance);
  const imports = Object.fromEntries([...functions].map(([name, host]) => [name, bridge(host, view)]));
  const { instance } = await native.instantiate(bytes, { [module]: imports });
  memory = instance.exports['memory'] as { buffer: ArrayBuffer };
  try {
    (instance.exports[start] as () => void)();
    return 0;
  } catch (error) {
    if (error instanceof GuestExit) return error.code;
    throw error;
  }
}

function bridge(host: HostFunction, memory: MemoryView): (...args: (number | bigint)[]) => number | bigint | undefined {
  return (...args) => {
    const window = new CellWindow(new Cells(16), 0);
    for (const [index, type] of host.type.params.entries()) put(window, index, type, args[index]!);
    if (host.kind === 'leaf') host.call(window, window, memory);
    else if (host.kind === 'full') void host.call({ args: window, results: window, memory });
    const [result] = host.type.results;
    return result === undefined ? undefined : window.i32(0);
  };
}

function put(window: CellWindow, at: number, type: ValType, value: number | bigint): void {
  if (type === I32) window.setI32(at, value as number);
  else if (type === I64) window.setI64(at, value as bigint);
  else if (type === F32) window.setF32(at, value as number);
  else if (type === F64) window.setF64(at, value as number);
}
