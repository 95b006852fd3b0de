import { assemble } from '../../src/wasm/text/assemble.js';
import type { Import } from '../../src/wasm/module.js';
import { EXTERNREF, F32, F64, type FuncType, HEAP, heapOf, I32, I64, isNullable, isRef, type ValType } from '../../src/wasm/types.js';
import {
  type HostException,
  type HostFunction,
  type HostGlobal,
  type HostMemory,
  type HostTable,
  type HostTag,
  hostWebAssembly,
} from './host-engine.js';
import { beforeExports, Excluded, HOST_FAILURE, showFloat, type Side, TABLE_WINDOW } from './side.js';
import { type Argument, reachesJavaScript, type Subject } from './subject.js';

/** Classes of traps by the words of V8. */
const CLASSES: readonly (readonly [RegExp, string])[] = [
  [/^unreachable/, 'unreachable'],
  [/^(divide|remainder) by zero/, 'divide by zero'],
  [/unrepresentable/, 'unrepresentable'],
  [/memory access out of bounds|data segment .*out of bounds/, 'memory'],
  [/table index is out of bounds|element segment .*out of bounds|table initializer .*out of bounds|table entry .*out of bounds/, 'table'],
  [/array element access out of bounds/, 'array'],
  // It calls a null one or the other, by the type that was asked for.
  [/signature mismatch|null function/, 'indirect call'],
  [/dereferencing a null pointer|rethrowing null/, 'null'],
  [/illegal cast/, 'cast'],
];

/** Vectors cannot be given to JavaScript. */
const LOG_V128 = `(module
  (import "host" "log" (func $log (param i64 i64)))
  (func (export "log-v128") (param v128)
    (call $log (i64x2.extract_lane 0 (local.get 0)) (i64x2.extract_lane 1 (local.get 0)))))`;

interface TagMaker {
  readonly Tag: new (type: { parameters: string[] }) => HostTag;
}

export class Theirs implements Side {
  readonly log: string[] = [];
  private readonly engine: ReturnType<typeof hostWebAssembly> = hostWebAssembly();
  private readonly subject: Subject;
  private exports: Readonly<Record<string, unknown>> = {};
  private readonly hosts: unknown[] = [{}, {}, {}];
  /** As in ours. */
  private highWord = 0;
  private readonly tags: Map<string, HostTag> = new Map();
  /** The stack of the engine ran out, which happens elsewhere than in ours: from then on nothing is comparable. */
  private exhausted: string | undefined = undefined;

  constructor(subject: Subject) {
    this.subject = subject;
    if (this.engine.Exception === undefined) return;
    const { Tag } = this.engine as unknown as TagMaker;
    this.tags.set('wasmtag', new Tag({ parameters: ['i32'] }));
    this.tags.set('jstag', new Tag({ parameters: ['externref'] }));
  }

  start(): string | undefined {
    const imports: Record<string, Record<string, unknown>> = {};
    for (const entry of this.subject.module.imports) (imports[entry.module] ??= {})[entry.name] = this.provide(entry);
    const module = new this.engine.Module(this.subject.bytes);
    const failure = this.outcome(() => {
      this.exports = new this.engine.Instance(module, imports).exports;
      return undefined;
    });
    return failure === undefined ? undefined : beforeExports(failure);
  }

  call(name: string, args: readonly Argument[]): string {
    const { results } = this.subject.functions.find((one) => one.name === name)!.type;
    return this.outcome(() => {
      const answer = (this.exports[name] as HostFunction)(...args.map((value) => this.value(value)));
      const values = results.length === 1 ? [answer] : results.length === 0 ? [] : (answer as unknown[]);
      return values.map((value, i) => this.show(value, results[i]!)).join(' ');
    })!;
  }

  global(name: string): string {
    const { module } = this.subject;
    const index = module.exports.find((one) => one.name === name)!.index;
    const imported = module.imports.flatMap(({ desc }) => (desc.kind === 'global' ? [desc.type] : []));
    const { value: type } = imported[index] ?? module.globals[index - imported.length]!.type;
    return reachesJavaScript(type) ? this.show((this.exports[name] as HostGlobal).value, type) : '';
  }
  memory(name: string): Uint8Array {
    return new Uint8Array((this.exports[name] as HostMemory).buffer);
  }
  table(name: string): string {
    const table = this.exports[name] as HostTable;
    const { index } = this.subject.module.exports.find((one) => one.name === name)!;
    const { element } = this.subject.module.tables[index]!.type;
    if (!reachesJavaScript(element)) return String(table.length);
    const at = (i: number): unknown => table.get(typeof table.length === 'bigint' ? BigInt(i) : i);
    const window = Array.from({ length: Math.min(Number(table.length), TABLE_WINDOW) }, (_, i) => this.show(at(i), element));
    return `${table.length}: ${window.join(' ')}`;
  }

  private outcome(run: () => string | undefined): string | undefined {
    let answer: string | undefined;
    try {
      answer = run();
    } catch (error) {
      if (error instanceof Excluded) throw error;
      this.noteExhaustion(error);
      if (this.exhausted === undefined) return this.showError(error);
    }
    if (this.exhausted !== undefined) throw new Excluded(`theirs: ${this.exhausted}`);
    return answer;
  }

  private noteExhaustion(error: unknown): void {
    const { message } = error as Error;
    if (error instanceof RangeError && message.includes('call stack')) this.exhausted = 'the call stack is exhausted';
    if (/array is too large|allocation failed|out of memory/i.test(message)) this.exhausted = 'an object is too large';
  }

  private showError(error: unknown): string {
    const { Exception, LinkError, RuntimeError } = this.engine;
    if (error instanceof LinkError) throw new Excluded(`theirs: ${error.message.replaceAll(/[0-9]+|".*"/g, '…')}`);
    if (error instanceof RuntimeError) {
      const { message } = error;
      return `trap: ${CLASSES.find(([words]) => words.test(message.replace(/^WebAssembly.Instance\(\): /, '')))?.[1] ?? message}`;
    }
    if (Exception !== undefined && error instanceof (Exception as unknown as new () => object)) return this.showException(error as unknown as HostException);
    return HOST_FAILURE;
  }

  private showException(exception: HostException): string {
    const { module } = this.subject;
    const imported = module.imports.flatMap(({ desc }) => (desc.kind === 'tag' ? [desc.type] : []));
    const exported = module.exports.filter(({ kind, name }) => kind === 'tag' && name in this.exports);
    const known = [...this.tags].find(([, tag]) => exception.is(tag))?.[0];
    const own = exported.find(({ name }) => exception.is(this.exports[name] as HostTag));
    if (known === undefined && own === undefined) return 'exception unknown()';
    const types =
      own === undefined
        ? [known === 'wasmtag' ? I32 : EXTERNREF]
        : (module.types[(imported[own.index] ?? module.tags[own.index - imported.length]!).type]!.comp as FuncType).params;
    const tag = known === undefined ? (this.exports[own!.name] as HostTag) : this.tags.get(known)!;
    const get = (i: number): unknown => (exception as unknown as { getArg(tag: HostTag, index: number): unknown }).getArg(tag, i);
    return `exception ${known ?? own!.name}(${types.map((type, i) => (reachesJavaScript(type) ? this.show(get(i), type) : '')).join(' ')})`;
  }

  private show(value: unknown, type: ValType): string {
    switch (type) {
      case I32:
        return `i32:${value as number}`;
      case I64:
        return `i64:${value as bigint}`;
      case F32:
      case F64:
        return showFloat(value as number, type === F32 ? 32 : 64);
    }
    if (value === null) return 'null';
    if (value === undefined) return 'undefined';
    if (typeof value === 'function') return 'function';
    if (typeof value === 'number') return `i31 ${value}`;
    const host = this.hosts.indexOf(value);
    return host < 0 ? 'object' : `host ${host}`;
  }

  private value(value: Argument): unknown {
    return value.kind === 'null' ? null : value.kind === 'host' ? this.hosts[value.index] : value.value;
  }

  // What the module imports

  private provide({ module, name, desc }: Import): unknown {
    if (desc.kind === 'tag') return this.tags.get(name);
    if (desc.kind === 'global') {
      const type = desc.type.value;
      if (!isRef(type)) return type === I64 ? 1n : 1;
      return isNullable(type) ? null : heapOf(type) === HEAP.extern ? this.hosts[0] : undefined;
    }
    if (desc.kind !== 'func') return undefined;
    const { params } = this.subject.module.types[desc.type]!.comp as FuncType;
    return this.support(`${module}.${name}`, name, params);
  }

  private support(fullName: string, name: string, types: readonly ValType[]): unknown {
    if (name === 'log-v128') {
      const log = (low: bigint, high: bigint): unknown => this.log.push(`${name} ${low} ${high}`);
      return new this.engine.Instance(new this.engine.Module(assemble(LOG_V128).bytes), { host: { log } }).exports[name];
    }
    if (name.startsWith('log-')) return (...values: unknown[]) => void this.log.push([name, ...types.map((type, i) => this.show(values[i], type))].join(' '));
    switch (name) {
      case 'throw':
        return (which: number) => {
          const odd = (which & 1) === 1;
          throw new this.engine.Exception!(this.tags.get(odd ? 'wasmtag' : 'jstag')!, [odd ? which : null]);
        };
      case 'sleep':
        return (_: number, id: number) => id;
      case 'setTempRet0':
        return (word: number) => {
          this.highWord = word;
          this.log.push(`${name} ${word}`);
        };
      case 'getTempRet0':
        return () => this.highWord;
      case 'table-get':
        return (index: number) => this.exportedTable().get(this.indexOf(index));
      case 'table-set':
        return (index: number, value: unknown) => this.exportedTable().set(this.indexOf(index), value);
      case 'call-export':
        return (index: number) => this.callExport(index);
      case 'call-ref':
        return (func: HostFunction) => this.uncaught(func);
      case 'call-export-catch':
        return (index: number) => this.caught(() => this.callExport(index));
      case 'call-ref-catch':
        return (func: HostFunction) => this.caught(() => this.uncaught(func));
      default:
        throw new Excluded(`the module imports ${fullName}`);
    }
  }

  private exportedTable(): HostTable {
    return this.exports['table'] as HostTable;
  }
  private indexOf(index: number): number | bigint {
    return typeof this.exportedTable().length === 'bigint' ? BigInt(index >>> 0) : index >>> 0;
  }

  private callExport(index: number): void {
    const { functions } = this.subject;
    if (functions.length > 0) this.uncaught(this.exports[functions[(index >>> 0) % functions.length]!.name] as HostFunction);
  }
  private uncaught(func: HostFunction): void {
    try {
      func();
    } catch (error) {
      this.noteExhaustion(error);
      throw error;
    }
  }
  private caught(run: () => void): number {
    try {
      run();
      return 0;
    } catch {
      return 1;
    }
  }
}
