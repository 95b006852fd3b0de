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
