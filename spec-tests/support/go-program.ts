import { CellWindow, Cells } from '../../src/engine/cells.js';
import { MemoryView } from '../../src/engine/guest-memory.js';
import { MemoryInstance } from '../../src/engine/memory.js';
import type { Value } from '../../src/engine/value.js';
import { VirtualClock } from '../../src/host/clock.js';
import type { Guest } from '../../src/host/gojs/guest.js';
import { GoProgram, type GoProgramOptions } from '../../src/host/gojs/program.js';
import type { Realm } from '../../src/host/gojs/realm.js';
import { BufferedInput } from '../../src/host/io.js';
import { MemoryFs } from '../../src/host/memory-fs.js';
import { freshRealm } from '../../src/host/node/realm.js';
import { SeededRandom } from '../../src/host/random.js';
import { I32 } from '../../src/wasm/types.js';

export interface Made {
  readonly program: GoProgram;
  readonly realm: Realm;
  readonly clock: VirtualClock;
  /** What was written to stdout and stderr. */
  readonly output: { 1: string; 2: string };
  /** Runs a script in the program's realm. */
  js(script: string): unknown;
}

/** A Go program's host in a realm of its own, with nothing of a machine. */
export function makeProgram(options: Partial<GoProgramOptions> & { readonly stdin?: string; readonly seed?: number } = {}): Made {
  const realm = options.realm ?? freshRealm();
  const clock = new VirtualClock(() => 0);
  const output = { 1: '', 2: '' };
  const decoder = new TextDecoder();
  const program = new GoProgram({
    world: 'virtual',
    clock,
    random: new SeededRandom(options.seed ?? 0),
    fs: new MemoryFs(clock),
    streams: {
      stdin: new BufferedInput(new TextEncoder().encode(options.stdin ?? '')),
      write: (fd, bytes) => {
        output[fd] += decoder.decode(bytes);
      },
      isTerminal: () => false,
    },
    ...options,
    realm,
  });
  return { program, realm, clock, output, js: (script) => realm.evaluate(script) };
}

/** A memory of one page, and whatever stands for the exports of the program. */
export function makeGuest(call: (name: string, args: readonly Value[], memory: MemoryView) => void): Guest & { readonly memory: MemoryView } {
  const memory = new MemoryView(new MemoryInstance({ limits: { min: 1n, max: undefined }, address: I32, shared: false, pageSizeLog2: 16 }));
  return {
    memory,
    stackPointer: () => STACK,
    call: (name, args) => {
      call(name, args, memory);
      return [];
    },
  };
}

/** Where the stack of `makeGuest` is. */
export const STACK = 0x8000;

/** A parameter of an import: a reference to a JavaScript value, a string, a list of references, or a 64-bit integer. */
export type Param = { readonly ref: unknown } | { readonly text: string } | { readonly refs: readonly unknown[] } | { readonly int: number };

/** Calls an import as Go's wrapper of it would, and gives where its first result is. */
export function callImport(program: GoProgram, memory: MemoryView, name: string, params: readonly Param[], module = 'gojs'): number {
  const host = program.importFunction(module, name);
  if (host === undefined || host.kind === 'turns') throw new Error(`no import ${name}`);
  let at = STACK + 8;
  let data = STACK + 0x400;
  for (const param of params) {
    if ('ref' in param) program.values.store(memory, at, param.ref);
    else if ('int' in param) memory.setU64(at, BigInt.asUintN(64, BigInt(param.int)));
    else {
      const bytes = 'text' in param ? new TextEncoder().encode(param.text) : undefined;
      const length = 'text' in param ? bytes!.length : param.refs.length;
      memory.setU64(at, BigInt(data));
      memory.setU64(at + 8, BigInt(length));
      if ('text' in param) memory.write(data, bytes!);
      else {
        param.refs.forEach((value, i) => program.values.store(memory, data + i * 8, value));
        memory.setU64(at + 16, BigInt(length));
      }
      data += 0x200;
      at += 'text' in param ? 8 : 16;
    }
    at += 8;
  }
  const args = new CellWindow(new Cells(4), 0);
  args.setI32(0, STACK);
  if (host.kind === 'leaf') host.call(args, args, memory);
  else host.call({ args, results: args, memory });
  return at;
}
