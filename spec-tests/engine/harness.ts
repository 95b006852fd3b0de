import { instantiate } from '../../src/engine/instance.js';
import { Machine, type MachineOptions } from '../../src/engine/machine.js';
import { Store, type StoreOptions } from '../../src/engine/store.js';
import type { HostFunction } from '../../src/engine/host-function.js';
import type { StopReason } from '../../src/engine/stop-reason.js';
import type { Value } from '../../src/engine/value.js';
import { decode } from '../../src/wasm/binary/decode.js';
import { type Features, WASM_3 } from '../../src/wasm/features.js';
import type { Module } from '../../src/wasm/module.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { F32, F64, I32, I64 } from '../../src/wasm/types.js';
import { validate } from '../../src/wasm/validate/validate.js';

/** A module from text, through our own assembler, decoder and validator. */
export function compile(text: string, features: Features = WASM_3): { bytes: Uint8Array; module: Module } {
  const { bytes } = assemble(text, { features });
  const module = decode(bytes, features);
  validate(module, features);
  return { bytes, module };
}

export interface Running {
  readonly store: Store;
  readonly machine: Machine;
  /** Address of an exported function. */
  func(name: string): number;
  /** Runs an export to its end in one go; throws what it fails with. */
  call(name: string, ...args: Value[]): readonly Value[];
}

/** A machine with one instance of the module; `hosts` by import name. */
export function running(module: Module, hosts: Record<string, HostFunction> = {}, options: MachineOptions & StoreOptions = {}): Running {
  const store = new Store(options);
  const { instance } = instantiate(store, module, (_, name) => {
    const host = hosts[name];
    return host === undefined ? undefined : { kind: 'func', address: store.addHost(host) };
  });
  const machine = new Machine(store, options);
  const func = (name: string): number => instance.exports.get(name)!.address;
  return {
    store,
    machine,
    func,
    call(name, ...args) {
      machine.start(func(name), args);
      return finish(machine, machine.run());
    },
  };
}

/** The results of a return; anything else is an error. */
export function finish(machine: Machine, stop: StopReason): readonly Value[] {
  if (stop.kind === 'returned') return stop.results;
  if (stop.kind === 'trap') {
    machine.abandon();
    throw stop.error;
  }
  throw new Error(`stopped: ${stop.kind}`);
}

/** A value as text in which every NaN looks the same where the specification leaves its bits open. */
export function show(value: Value, canonicalNaN = true): string {
  if ('i64' in value) return `i64:${value.i64}`;
  if ('i32' in value) return `i32:${value.i32}`;
  if (value.type === F32 && 'bits' in value) {
    const bits = Number(value.bits) >>> 0;
    return `f32:${canonicalNaN && (bits & 0x7fffffff) > 0x7f800000 ? 'nan' : bits.toString(16)}`;
  }
  if (value.type === F64 && 'bits' in value) {
    const bits = BigInt.asUintN(64, BigInt(value.bits));
    return `f64:${canonicalNaN && (bits & 0x7fffffffffffffffn) > 0x7ff0000000000000n ? 'nan' : bits.toString(16)}`;
  }
  return `ref:${(value as { handle: number }).handle}`;
}

/** The same text for what the host's own engine answers, given the type. */
export function showHost(value: unknown, type: number): string {
  switch (type) {
    case I32:
      return `i32:${value as number}`;
    case I64:
      return `i64:${value as bigint}`;
    case F32: {
      const bits = new DataView(new ArrayBuffer(4));
      bits.setFloat32(0, value as number);
      return Number.isNaN(value) ? 'f32:nan' : `f32:${bits.getUint32(0).toString(16)}`;
    }
    default: {
      const bits = new DataView(new ArrayBuffer(8));
      bits.setFloat64(0, value as number);
      return Number.isNaN(value) ? 'f64:nan' : `f64:${bits.getBigUint64(0).toString(16)}`;
    }
  }
}

/** Deterministic random numbers (xorshift), so that a failing case can be run again. */
export class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = seed | 1;
    for (let i = 0; i < 8; i++) this.next();
  }
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }
  below(limit: number): number {
    return this.next() % limit;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

export type Exports = Record<string, (...args: unknown[]) => unknown> & { memory?: { buffer: ArrayBuffer } };
interface HostEngine {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Exports };
}

/** Does the host's own engine admit such a module? Older Nodes lack some of 3.0. */
export function hostKnows(text: string, features?: Features): boolean {
  const engine = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }).WebAssembly;
  return engine.validate(compile(text, features).bytes);
}

/** The exports of the module in the host's own engine: the oracle. */
export function hostExports(bytes: Uint8Array): Exports {
  const engine = (globalThis as unknown as { WebAssembly: HostEngine }).WebAssembly;
  return new engine.Instance(new engine.Module(bytes)).exports;
}
