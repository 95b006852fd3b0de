import { describe, expect, it } from 'vitest';
import { CellWindow, Cells } from '../../src/engine/cells.js';
import { MemoryView } from '../../src/engine/guest-memory.js';
import type { MemoryInstance } from '../../src/engine/memory.js';
import type { Value } from '../../src/engine/value.js';
import { GuestExit } from '../../src/host/exit.js';
import type { GoProgram } from '../../src/host/gojs/program.js';
import { BufferedInput } from '../../src/host/io.js';
import { decodeData, encodeData } from '../../src/program/data.js';
import { VirtualClock } from '../../src/host/clock.js';
import { MemoryFs } from '../../src/host/memory-fs.js';
import { SeededRandom } from '../../src/host/random.js';
import { I32 } from '../../src/wasm/types.js';
import { makeProgram } from '../support/go-program.js';
import { loadProgram } from '../support/programs.js';

interface Native {
  Module: { new (bytes: Uint8Array): object; imports(module: object): { module: string; name: string }[] };
  Instance: new (module: object, imports: object) => { exports: Record<string, (...args: (number | bigint)[]) => number> & { mem: { buffer: ArrayBuffer } } };
}
const native = (globalThis as unknown as { WebAssembly: Native }).WebAssembly;

/**
 * Runs a Go program on Node's own engine, so that nothing but the js host is tested. `moving`: whenever nothing of the
 * program runs, its JavaScript world is written to bytes and goes on in a new realm.
 */
function run(name: string, args: readonly string[], moving: boolean): { output: { 1: string; 2: string }; code: number; moves: number } {
  const output = { 1: '', 2: '' };
  let calls = 0;
  const clock = new VirtualClock(() => calls);
  const fs = new MemoryFs(clock);
  fs.mkdir('/sandbox', 0o777);
  const random = new SeededRandom(0);
  const decoders = { 1: new TextDecoder(), 2: new TextDecoder() };
  const streams = {
    stdin: new BufferedInput(new TextEncoder().encode('a line\nand another')),
    write: (fd: 1 | 2, bytes: Uint8Array) => void (output[fd] += decoders[fd].decode(bytes, { stream: true })),
    isTerminal: () => false,
  };
  const make = (): GoProgram => makeProgram({ clock, fs, random, streams }).program;

  let program = make();
  const module = new native.Module(loadProgram(name));
  const imports: Record<string, Record<string, unknown>> = {};
  for (const entry of native.Module.imports(module)) {
    (imports[entry.module] ??= {})[entry.name] = (...given: (number | bigint)[]) => {
      calls += 1000;
      const host = program.importFunction(entry.module, entry.name)!;
      const window = new CellWindow(new Cells(8), 0);
      host.type.params.forEach((type, i) => (type === I32 ? window.setI32(i, given[i] as number) : window.setI64(i, given[i] as bigint)));
      if (host.kind === 'leaf') host.call(window, window, memory);
      else if (host.kind === 'full') host.call({ args: window, results: window, memory });
      const [result] = host.type.results;
      return result === undefined ? undefined : result === I32 ? window.i32(0) : window.i64(0);
    };
  }
  const { exports } = new native.Instance(module, imports);
  const memory = new MemoryView({
    get byteLength() {
      return exports.mem.buffer.byteLength;
    },
    get u8() {
      return new Uint8Array(exports.mem.buffer);
    },
    get view() {
      return new DataView(exports.mem.buffer);
    },
    written: () => {},
  } as unknown as MemoryInstance);
  const call = (name: string, given: readonly Value[]): readonly Value[] => {
    exports[name]!(...given.map((value) => (value as { i32: number }).i32));
    return [];
  };
  const attach = (to: GoProgram): GoProgram => {
    to.attach({ memory, stackPointer: () => exports['getsp']!() >>> 0, call });
    return to;
  };
  attach(program).start(['program', ...args], {});

  let moves = 0;
  for (;;) {
    const next = program.next();
    if (next.kind === 'exited') return { output, code: next.code, moves };
    if (next.kind !== 'call') throw new Error(`nothing to ${next.kind} for in the virtual world`);
    try {
      exports[next.name]!(...next.args);
    } catch (error) {
      if (!(error instanceof GuestExit)) throw error;
    }
    if (!moving || program.exitCode !== undefined) continue;
    expect(program.live()).toEqual([]);
    const state = decodeData(encodeData(program.save()));
    program = attach(make());
    program.load(state);
    moves++;
  }
}

describe.each(['go1.19-js', 'go1.27-js'])('%s, its JavaScript world moved to a new realm at every pause', (name) => {
  it.each([['channels'], ['timers'], ['stdin'], ['file-errors'], ['links'], ['json'], ['deadlock'], ['js-released']])('%s', (scenario) => {
    const still = run(name, [scenario], false);
    const moved = run(name, [scenario], true);
    expect(moved.moves).toBeGreaterThan(1);
    expect({ ...moved, moves: 0 }).toEqual(still);
    expect(still.output[1] + still.output[2]).not.toBe('');
  });
});
