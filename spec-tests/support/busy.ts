import { BufferedInput } from '../../src/host/io.js';
import { hostHandle, type Value } from '../../src/engine/value.js';
import type { HostFunction } from '../../src/engine/host-function.js';
import { Program, type ProgramOptions } from '../../src/program/program.js';
import { Recorder } from '../../src/replay/recorder.js';
import { EXTERNREF, FUNCREF, I32, I64 } from '../../src/wasm/types.js';
import type { Module } from '../../src/wasm/module.js';
import { compile } from '../engine/harness.js';

/** In a short run every kind of thing that can enter a program through the host boundary does. */
export const busyModule: Module = compile(`(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "host" "note" (func $note))
  (import "host" "visit" (func $visit (param i32) (result i64)))
  (import "host" "chosen" (func $chosen (result funcref)))
  (import "host" "thing" (func $thing (result externref)))
  (memory (export "memory") 1 16)
  (global $level (export "level") (mut i32) (i32.const 0))
  (table $table (export "table") 4 funcref)
  (table $things 2 externref)
  (data (i32.const 0) "\\40\\00\\00\\00\\0c\\00\\00\\00")
  (data (i32.const 64) "hello there\\n")
  (elem declare func $back)
  (func $back (export "back") (param i32) (result i32)
    (drop (call $random (i32.const 128) (i32.const 8)))
    (i32.add (local.get 0) (i32.load (i32.const 128))))
  (func $say (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))))
  (func (export "_start") (local $i i32)
    (loop $again
      (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 256)))
      (i64.store (i32.const 300) (call $visit (local.get $i)))
      (table.set $table (i32.const 1) (call $chosen))
      (table.set $things (i32.const 0) (call $thing))
      (drop (call_indirect $table (param i32) (result i32) (local.get $i) (i32.const 1)))
      (call $note)
      (call $say)
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 12))))
    (call $exit (i32.const 7))))`).module;

/** What the embedder offers: a full function that calls back, grows the memory and writes a global and a table; references. */
function hosts(guest: () => Program): ReadonlyMap<string, HostFunction> {
  const back = (value: number): readonly Value[] => guest().driver.call(guest().exportedFunction('back').address, [{ type: I32, i32: value }]);
  const extern = (kind: 'global' | 'table'): number => guest().instance.exports.get(kind === 'global' ? 'level' : 'table')!.address;
  return new Map<string, HostFunction>([
    [
      'visit',
      {
        kind: 'full',
        name: 'visit',
        type: { kind: 'func', params: [I32], results: [I64] },
        call: ({ args, results, memory }) => {
          const { store } = guest();
          const i = args.i32(0);
          const [first] = back(i);
          memory.setU32(400, (first as { i32: number }).i32 >>> 0);
          store.globalCells.i32[store.globals[extern('global')]!.cell * 2] = i * 3;
          if (i === 5) store.growMemory(0, 2);
          if (i % 4 === 1) store.tables[extern('table')]!.elements[3] = store.tables[extern('table')]!.elements[1]!;
          if (i % 2 === 0) back(i + 1);
          results.setI64(0, BigInt(i) << 40n);
        },
      },
    ],
    ['note', { kind: 'leaf', name: 'note', type: { kind: 'func', params: [], results: [] }, call: () => {} }],
    [
      'chosen',
      {
        kind: 'leaf',
        name: 'chosen',
        type: { kind: 'func', params: [], results: [FUNCREF] },
        call: (_, results) => results.setI32(0, (guest().exportedFunction('back').address + 1) << 2),
      },
    ],
    [
      'thing',
      { kind: 'leaf', name: 'thing', type: { kind: 'func', params: [], results: [EXTERNREF] }, call: (_, results) => results.setI32(0, hostHandle(guest().store.hostValues.indexOf('a thing'))) },
    ],
  ]);
}

export interface BusyOptions extends Pick<ProgramOptions, 'tier'> {
  /** Gets the recording piece by piece; what it is given is valid only during the call. */
  readonly sink: (bytes: Uint8Array) => void;
  /** Gets the guest's output. */
  readonly write?: (fd: number, bytes: Uint8Array) => void;
}

/** Records a run of `busyModule` in the virtual world. */
export async function recordBusy({ sink, write = () => {}, tier }: BusyOptions): Promise<void> {
  const base: ProgramOptions = {
    world: { args: ['busy'], streams: { stdin: new BufferedInput(new Uint8Array()), write, isTerminal: () => false }, clock: 'virtual', random: 1 },
    imports: (_, name) => hosts(() => program).get(name),
    tier,
  };
  const recorder = new Recorder(base, { module: 'of a test', path: 'busy.wasm', settings: '{}' }, sink);
  const program: Program = new Program(busyModule, recorder.options);
  recorder.attach(program);
  program.start();
  recorder.end(await recorder.run());
}
