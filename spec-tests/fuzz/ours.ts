import { Driver, Interruption } from '../../src/engine/drive.js';
import { Exhaustion, LinkError, TRAP, Trap, UncaughtException } from '../../src/engine/errors.js';
import type { FullFunction, HostCall, HostFunction, LeafFunction } from '../../src/engine/host-function.js';
import { instantiate } from '../../src/engine/instance.js';
import { Machine, type MachineOptions } from '../../src/engine/machine.js';
import { type Extern, type Instance, Store } from '../../src/engine/store.js';
import { f32, f64, funcAddress, hostHandle, hostIndex, i31Handle, i32, i64, isHostHandle, loadValue, type Value } from '../../src/engine/value.js';
import type { Import } from '../../src/wasm/module.js';
import { EXTERNREF, F32, F64, type FuncType, HEAP, heapOf, I32, I64, isNullable, isRef, V128, type ValType } from '../../src/wasm/types.js';
import { beforeExports, Excluded, HOST_FAILURE, showFloat, type Side, TABLE_WINDOW } from './side.js';
import { type Argument, callable, reachesJavaScript, type Subject } from './subject.js';

/** Instructions that one call may take; binaryen's own counters end what runs on much earlier. */
const LIMIT = 20_000_000;

/** Which traps the other engine tells apart, by ours. */
const CLASSES: readonly (readonly [string, string])[] = [
  [TRAP.unreachable, 'unreachable'],
  [TRAP.integerDivideByZero, 'divide by zero'],
  [TRAP.integerOverflow, 'unrepresentable'],
  [TRAP.invalidConversion, 'unrepresentable'],
  [TRAP.memory, 'memory'],
  [TRAP.table, 'table'],
  [TRAP.undefinedElement, 'table'],
  [TRAP.array, 'array'],
  [TRAP.uninitializedElement, 'indirect call'],
  [TRAP.indirectCallType, 'indirect call'],
  [TRAP.cast, 'cast'],
  ['null ', 'null'],
];

export class Ours implements Side {
  readonly log: string[] = [];
  private readonly store: Store = new Store({ maxMemoryBytes: 2 ** 28, maxHeapBytes: 2 ** 26 });
  private readonly driver: Driver;
  private readonly subject: Subject;
  /** Known to the host functions only when the start function has returned, as in JavaScript. */
  private instance: Instance | undefined = undefined;
  private readonly hosts: unknown[] = [{}, {}, {}];
  /** Of a 64-bit result, in modules that were made for a JavaScript without such numbers. */
  private highWord = 0;
  private readonly wasmTag: number;
  private readonly jsTag: number;
  private readonly failureTag: number;

  constructor(subject: Subject, tier: MachineOptions['tier']) {
    const { store } = this;
    this.subject = subject;
    this.driver = new Driver(new Machine(store, { tier, maxCallDepth: 5_000 }));
    const tag = (params: readonly ValType[]): number => store.addTag(store.types.addFunc({ kind: 'func', params, results: [] }));
    this.wasmTag = tag([I32]);
    this.jsTag = tag([EXTERNREF]);
    this.failureTag = tag([]);
  }

  /** Runs the start function too. Undefined, or how it failed. */
  start(): string | undefined {
    const { module } = this.subject;
    const typeIds = this.store.types.add(module.types);
    const externs = new Map(module.imports.map((entry) => [entry, this.provide(entry, typeIds)] as const));
    const failure = this.outcome(() => {
      const { instance, start } = instantiate(this.store, module, (from, name) => [...externs].find(([entry]) => entry.module === from && entry.name === name)?.[1]);
      if (start !== undefined) this.run(start, []);
      this.instance = instance;
      return undefined;
    });
    return failure === undefined ? undefined : beforeExports(failure);
  }

  call(name: string, args: readonly Argument[]): string {
    const { type } = this.subject.functions.find((one) => one.name === name)!;
    const address = this.exported(name);
    return this.outcome(() => {
      const results = this.run(address, args.map((value, i) => this.value(type.params[i]!, value)));
      return results.map((result) => this.show(result)).join(' ');
    })!;
  }

  global(name: string): string {
    const { type, cell } = this.store.globals[this.exported(name)]!;
    return reachesJavaScript(type.value) ? this.show(loadValue(this.store.globalCells, cell, type.value)) : '';
  }
  memory(name: string): Uint8Array {
    return this.store.memories[this.exported(name)]!.u8;
  }
  table(name: string): string {
    const { elements, type } = this.store.tables[this.exported(name)]!;
    if (!reachesJavaScript(type.element)) return String(elements.length);
    const window = [...elements.subarray(0, TABLE_WINDOW)].map((handle) => this.show({ type: type.element, handle }));
    return `${elements.length}: ${window.join(' ')}`;
  }

  private exported(name: string): number {
    return this.instance!.exports.get(name)!.address;
  }

  private run(address: number, args: readonly Value[]): readonly Value[] {
    this.driver.limit = this.driver.machine.clock + LIMIT;
    return this.driver.call(address, args);
  }

  private outcome(run: () => string | undefined): string | undefined {
    try {
      return run();
    } catch (error) {
      if (error instanceof Trap) {
        const { message } = error;
        return `trap: ${CLASSES.find(([text]) => message.startsWith(text))?.[1] ?? message}`;
      }
      if (error instanceof UncaughtException) return this.showException(error);
      if (error instanceof Exhaustion) throw new Excluded(`ours: ${error.message}`);
      if (error instanceof LinkError) throw new Excluded(`ours: ${error.message.split('\n')[0]!}`);
      if (error instanceof Interruption) throw new Excluded('ours: no end within the limit of instructions');
      // Callbacks nest in JavaScript's own stack.
      if (error instanceof RangeError && error.message.includes('call stack')) throw new Excluded('ours: the call stack of the host is exhausted');
      throw error;
    }
  }

  private showException({ exception }: UncaughtException): string {
    if (exception === undefined || exception.tag === this.failureTag) return HOST_FAILURE;
    const known = exception.tag === this.wasmTag ? 'wasmtag' : exception.tag === this.jsTag ? 'jstag' : this.tagName(exception.tag);
    return `exception ${known}(${exception.values.map((value) => (reachesJavaScript(value.type) ? this.show(value) : '')).join(' ')})`;
  }
  private tagName(tag: number): string {
    for (const [name, { kind, address }] of this.instance?.exports ?? []) if (kind === 'tag' && address === tag) return name;
    return 'unknown';
  }

  private show(value: Value): string {
    if ('i32' in value) return `i32:${value.i32}`;
    if ('i64' in value) return `i64:${value.i64}`;
    if ('bits' in value) return value.type === F32 ? showFloat(asF32(Number(value.bits)), 32) : showFloat(asF64(BigInt(value.bits)), 64);
    if (!('handle' in value)) return 'v128';
    const { handle, type } = value;
    if (handle === 0) return 'null';
    if (this.isFunction(type)) return 'function';
    if ((handle & 1) === 1) return `i31 ${handle >> 1}`;
    if (!isHostHandle(handle)) return 'object';
    const host = this.store.hostValues.at(hostIndex(handle));
    return host === undefined ? 'undefined' : `host ${this.hosts.indexOf(host)}`;
  }
  private isFunction(type: ValType): boolean {
    const heap = heapOf(type);
    return heap === HEAP.func || heap === HEAP.nofunc || this.store.types.top(heap) === HEAP.func;
  }

  private value(type: ValType, value: Argument): Value {
    switch (value.kind) {
      case 'null':
        return { type, handle: 0 };
      case 'i31':
        return { type, handle: i31Handle(value.value) };
      case 'host':
        return { type, handle: hostHandle(this.store.hostValues.indexOf(this.hosts[value.index])) };
    }
    if (type === I64) return i64(value.value as bigint);
    return type === I32 ? i32(value.value as number) : type === F32 ? f32(value.value as number) : f64(value.value as number);
  }

  // What the module imports

  private fail(): never {
    throw new UncaughtException(HOST_FAILURE, { tag: this.failureTag, values: [] });
  }

  private provide({ module, name, desc }: Import, typeIds: Int32Array): Extern {
    const { store } = this;
    if (desc.kind === 'tag' && (name === 'wasmtag' || name === 'jstag')) return { kind: 'tag', address: name === 'wasmtag' ? this.wasmTag : this.jsTag };
    if (desc.kind === 'global' && !desc.type.mutable) {
      const type = store.types.canon(desc.type.value, typeIds);
      return { kind: 'global', address: store.addGlobal({ value: type, mutable: false }, this.importedValue(type)) };
    }
    if (desc.kind === 'func') {
      const typeId = typeIds[desc.type]!;
      const type = store.types.comp(typeId) as FuncType;
      const host = this.support(`${module}.${name}`, name, type);
      return { kind: 'func', address: store.funcs.push({ kind: 'host', typeId, type, host }) - 1 };
    }
    throw new Excluded(`the module imports a ${desc.kind}`);
  }

  private importedValue(type: ValType): Value {
    if (type === V128) throw new Excluded('the module imports a vector');
    if (!isRef(type)) return type === I32 ? i32(1) : type === I64 ? i64(1n) : type === F32 ? f32(1) : f64(1);
    if (isNullable(type)) return { type, handle: 0 };
    if (heapOf(type) === HEAP.extern) return this.value(type, { kind: 'host', index: 0 });
    throw new Excluded('the module imports a global of a reference that is not null');
  }

  private support(fullName: string, name: string, type: FuncType): HostFunction {
    const leaf = (call: LeafFunction['call']): LeafFunction => ({ kind: 'leaf', type, name: fullName, call });
    const full = (call: FullFunction['call']): FullFunction => ({ kind: 'full', type, name: fullName, call });
    if (name.startsWith('log-')) {
      return leaf((args) => {
        if (name === 'log-v128') this.log.push(`${name} ${args.i64(0)} ${args.i64(1)}`);
        else this.log.push([name, ...type.params.map((param, i) => this.show(loadValue(args.cells, args.base + i, param)))].join(' '));
      });
    }
    switch (name) {
      case 'throw':
        return full(({ args }) => {
          const which = args.i32(0);
          const exception = (which & 1) === 1 ? { tag: this.wasmTag, values: [i32(which)] } : { tag: this.jsTag, values: [{ type: EXTERNREF, handle: 0 }] };
          throw new UncaughtException('thrown by the host', exception);
        });
      case 'sleep':
        return leaf((args, results) => results.setI32(0, args.i32(1)));
      case 'setTempRet0':
        return leaf((args) => {
          this.highWord = args.i32(0);
          this.log.push(`${name} ${this.highWord}`);
        });
      case 'getTempRet0':
        return leaf((_, results) => results.setI32(0, this.highWord));
      case 'table-get':
        return full(({ args, results }) => {
          const { elements } = this.exportedTable();
          const index = args.u32(0);
          if (index >= elements.length) this.fail();
          results.setI32(0, elements[index]!);
        });
      case 'table-set':
        return full(({ args }) => {
          const { elements } = this.exportedTable();
          const index = args.u32(0);
          if (index >= elements.length) this.fail();
          elements[index] = args.i32(1);
        });
      case 'call-export':
        return full(({ args }) => this.callExport(args.u32(0)));
      case 'call-ref':
        return full(({ args }) => this.callHandle(args.i32(0)));
      case 'call-export-catch':
        return full((context) => this.caught(context, () => this.callExport(context.args.u32(0))));
      case 'call-ref-catch':
        return full((context) => this.caught(context, () => this.callHandle(context.args.i32(0))));
      default:
        throw new Excluded(`the module imports ${fullName}`);
    }
  }

  private exportedTable(): { elements: Int32Array } {
    const extern = this.instance?.exports.get('table');
    if (extern?.kind !== 'table') return this.fail();
    return this.store.tables[extern.address]!;
  }

  private callExport(index: number): void {
    const { functions } = this.subject;
    if (functions.length === 0) return;
    if (this.instance === undefined) this.fail();
    this.callWithNothing(this.exported(functions[index % functions.length]!.name));
  }
  private callHandle(handle: number): void {
    if (handle === 0) this.fail();
    this.callWithNothing(funcAddress(handle));
  }

  /** As JavaScript calls a function without arguments: every one is made from `undefined`, where that can be. */
  private callWithNothing(address: number): void {
    const { type } = this.store.funcs[address]!;
    if (!callable(type)) this.fail();
    const undefinedHandle = hostHandle(this.store.hostValues.indexOf(undefined));
    const args = type.params.map((param): Value => {
      if (param === I32) return i32(0);
      if (param === F32) return f32(NaN);
      if (param === F64) return f64(NaN);
      if (param === I64 || ![HEAP.any, HEAP.extern].includes(heapOf(param) as never)) return this.fail();
      return { type: param, handle: undefinedHandle };
    });
    this.driver.call(address, args);
  }

  private caught({ results }: HostCall, run: () => void): void {
    let failed = 0;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Trap) && !(error instanceof UncaughtException)) throw error;
      failed = 1;
    }
    results.setI32(0, failed);
  }
}

const scratch = new DataView(new ArrayBuffer(8));
function asF32(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}
function asF64(bits: bigint): number {
  scratch.setBigInt64(0, bits);
  return scratch.getFloat64(0);
}
