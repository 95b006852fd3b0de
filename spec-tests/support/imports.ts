import type { GuestMemory } from '../../src/engine/guest-memory.js';
import type { HostFunction } from '../../src/engine/host-function.js';
import { i32 } from '../../src/engine/value.js';
import type { Program, ProgramOptions } from '../../src/program/program.js';
import { F32, F64, I32, I64, type ValType } from '../../src/wasm/types.js';

/**
 * The host functions that the programs under `programs/go/abi` import beyond WASI and Go's own: the module `test` with
 * wasm signatures, and three functions with Go's stack-pointer ABI in the module `go` (up to Go 1.20) or `gojs`. The
 * command line cannot offer them; a host passes `testImports` as `imports` to `Program`. tools/oracle-imports.mjs says
 * the same for Node's own engine.
 *
 * `guest` gives the program once it exists: `test.call` calls its exports.
 */
export function testImports(guest: () => Program): NonNullable<ProgramOptions['imports']> {
  const functions = new Map([...wasmFunctions(guest), ...stackFunctions()].map((one) => [one.name, one]));
  return (module, name) => functions.get(`${module === 'go' ? 'gojs' : module}.${name}`);
}

/** What `test.fail` ends the run with. */
export class HostFailure extends Error {
  override readonly name = 'HostFailure';
}

type Leaf = Extract<HostFunction, { kind: 'leaf' }>;

function leaf(name: string, params: readonly ValType[], results: readonly ValType[], call: Leaf['call']): Leaf {
  return { kind: 'leaf', name: `test.${name}`, type: { kind: 'func', params, results }, call };
}

function wasmFunctions(guest: () => Program): HostFunction[] {
  return [
    leaf('nothing', [], [], () => {}),
    leaf('add_i32', [I32, I32], [I32], (args, results) => results.setI32(0, args.i32(0) + args.i32(1))),
    leaf('add_u32', [I32, I32], [I32], (args, results) => results.setI32(0, args.i32(0) + args.i32(1))),
    leaf('add_i64', [I64, I64], [I64], (args, results) => results.setI64(0, BigInt.asIntN(64, args.i64(0) + args.i64(1)))),
    leaf('add_f32', [F32, F32], [F32], (args, results) => results.setF32(0, args.f32(0) + args.f32(1))),
    leaf('add_f64', [F64, F64], [F64], (args, results) => results.setF64(0, args.f64(0) + args.f64(1))),
    leaf('mix', [I32, I64, F32, F64], [F64], (args, results) => results.setF64(0, args.i32(0) + Number(args.i64(1)) + args.f32(2) + args.f64(3))),
    leaf('fill', [I32, I32, I32], [], (args, _results, memory) => memory.write(args.u32(0), new Uint8Array(args.u32(1)).fill(args.i32(2)))),
    leaf('checksum', [I32, I32], [I32], (args, results, memory) => results.setI32(0, checksum(memory, args.u32(0), args.u32(1)))),
    leaf('is_even', [I32], [I32], (args, results) => results.setI32(0, args.i32(0) & 1 ? 0 : 1)),
    leaf('length', [I32, I32], [I32], (args, results) => results.setI32(0, args.i32(1))),
    leaf('same', [I32], [I32], (args, results) => results.setI32(0, args.i32(0))),
    leaf('move', [I32, F32], [], (args, _results, memory) => movePoint(memory, args.u32(0), args.f32(1))),
    leaf('fail', [], [], () => {
      throw new HostFailure('the host failed');
    }),
    {
      kind: 'full',
      name: 'test.call',
      type: { kind: 'func', params: [I32, I32, I32], results: [I32] },
      call: ({ args, results, memory }) => {
        const program = guest();
        const { address } = program.exportedFunction(memory.text(args.u32(0), args.u32(1)));
        const [result] = program.driver.call(address, [i32(args.i32(2))]);
        results.setI32(0, (result as { i32: number }).i32);
      },
    },
  ];
}

/** Arguments from sp + 8 as Go lays out a struct, the first result behind them at a multiple of 8. */
function stackFunctions(): HostFunction[] {
  const stack = (name: string, call: (memory: GuestMemory, sp: number) => void): HostFunction => ({
    kind: 'leaf',
    name: `gojs.main.${name}`,
    type: { kind: 'func', params: [I32], results: [] },
    call: (args, _results, memory) => call(memory, args.u32(0)),
  });
  return [
    stack('hostAdd', (memory, sp) => memory.setU64(sp + 24, BigInt.asUintN(64, memory.i64(sp + 8) + memory.i64(sp + 16)))),
    stack('hostMix', (memory, sp) => {
      const length = Number(memory.u64(sp + 48));
      const numbers = memory.i32(sp + 8) + Number(memory.i64(sp + 16)) + float32(memory, sp + 24) + memory.f64(sp + 32);
      memory.setF64(sp + 56, numbers + checksum(memory, Number(memory.u64(sp + 40)), length));
      memory.setU8(sp + 64, length > 10 ? 1 : 0);
    }),
    stack('hostFill', (memory, sp) => memory.write(Number(memory.u64(sp + 8)), new Uint8Array(Number(memory.u64(sp + 16))).fill(memory.u8(sp + 32)))),
  ];
}

function checksum(memory: GuestMemory, address: number, length: number): number {
  return memory.bytes(address, length).reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0);
}

const scratch = new DataView(new ArrayBuffer(4));

function float32(memory: GuestMemory, address: number): number {
  scratch.setUint32(0, memory.u32(address));
  return scratch.getFloat32(0);
}

function setFloat32(memory: GuestMemory, address: number, value: number): void {
  scratch.setFloat32(0, value);
  memory.setU32(address, scratch.getUint32(0));
}

/** The Go struct `point`: two floats, two 16-bit integers and a flag. */
function movePoint(memory: GuestMemory, address: number, by: number): void {
  setFloat32(memory, address, float32(memory, address) + by);
  setFloat32(memory, address + 4, float32(memory, address + 4) + by);
  memory.setU16(address + 8, memory.u16(address + 8) + 1);
  memory.setU8(address + 12, 1);
}
