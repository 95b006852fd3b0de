/**
 * Runs inside a fresh realm (see `runInside`): what Go's standard library, and JavaScript written for Node, expect of
 * the global object beyond ECMAScript. What the host answers is data of the host, and copied before anyone sees it.
 */

/** The outcome of a file operation. */
export type FileResult =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'names'; readonly value: readonly string[] }
  /** In the order of `GlobalsHost.statFields`. */
  | { readonly kind: 'stat'; readonly value: readonly number[] }
  | FileError;

export interface FileError {
  readonly kind: 'error';
  readonly code: string;
  readonly errno: number;
  readonly message: string;
  readonly syscall: string;
  readonly path: string | undefined;
  readonly dest: string | undefined;
}

export interface GlobalsHost {
  /** Runs a file operation and calls back later, with what `Globals.complete` makes of the result. */
  request(operation: string, args: readonly unknown[], callback: object): void;
  /** Runs a file operation now. */
  perform(operation: string, args: readonly unknown[]): FileResult;
  readonly fileOperations: readonly string[];
  readonly constants: Readonly<Record<string, number>>;
  readonly statFields: readonly string[];
  readonly identity: Readonly<Record<string, number | string>>;
  uid(): number;
  gid(): number;
  cwd(): string;
  chdir(path: string): FileResult;
  /** Gives the old mask. */
  umask(mask: number | undefined): number;
  /** Calls `callback` on `self`, after everything that waits already if `milliseconds` is 0. Gives the id. */
  setTimer(callback: object, self: object, milliseconds: number, repeat: boolean, args: readonly unknown[]): number;
  clearTimer(id: number): void;
  random(into: Uint8Array): void;
  /** Milliseconds since the program started. */
  uptime(): number;
  /** Writes text, without the end of its last line, to stdout or stderr. */
  print(fd: 1 | 2, text: string): void;
  /** Moves all further lines of the console by so many columns. */
  indent(by: number): void;
  /** How often it was called for that label. */
  count(label: string): number;
  countReset(label: string): void;
  format(values: readonly unknown[]): string;
}

export interface Globals {
  /** The arguments for the callback of a request. */
  complete(result: FileResult): readonly unknown[];
  /** Objects that no property of the global object leads to, by name. */
  readonly hidden: Readonly<Record<string, object>>;
}

export function installGlobals(host: GlobalsHost): Globals {
  'use strict';
  type Callable = (...args: unknown[]) => unknown;
  const { Array, Date, Error, Math, Number, Object, Promise, Reflect, String, Symbol, TypeError, Uint8Array } = globalThis;
  const define = (target: object, name: PropertyKey, value: unknown): void => {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  };
  const global: object = globalThis;
  const invalidType = (name: string, wanted: string, value: unknown): Error =>
    Object.assign(new TypeError(`The "${name}" argument must be ${wanted}. Received ${value === null ? 'null' : `type ${typeof value}`}`), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  const callable = (name: string, value: unknown): Callable => {
    if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
    return value as Callable;
  };

  // What V8 adds and would show another engine, other threads, or when memory is collected.
  Reflect.deleteProperty(global, 'WebAssembly');
  Reflect.deleteProperty(global, 'gc');
  Reflect.deleteProperty(Atomics, 'wait');
  Reflect.deleteProperty(Atomics, 'waitAsync');

  // ECMAScript §9.10 allows weak references that hold on, and registries that never call.
  class WeakRef {
    readonly #target: unknown;
    constructor(target: unknown) {
      if ((typeof target !== 'object' || target === null) && typeof target !== 'function' && typeof target !== 'symbol') {
        throw new TypeError('WeakRef: target must be an object');
      }
      this.#target = target;
    }
    deref(): unknown {
      return this.#target;
    }
  }
  class FinalizationRegistry {
    constructor(cleanup: unknown) {
      if (typeof cleanup !== 'function') throw new TypeError('FinalizationRegistry: cleanup must be callable');
    }
    register(): void {}
    unregister(): boolean {
      return false;
    }
  }
  define(global, 'WeakRef', WeakRef);
  define(global, 'FinalizationRegistry', FinalizationRegistry);

  // -- fs

  const TYPE_MASK = 0o170000;
  const TYPES = {
    isFIFO: 0o010000,
    isCharacterDevice: 0o020000,
    isDirectory: 0o040000,
    isBlockDevice: 0o060000,
    isFile: 0o100000,
    isSymbolicLink: 0o120000,
    isSocket: 0o140000,
  };
  class Stats {
    declare readonly mode: number;
  }
  for (const [name, type] of Object.entries(TYPES)) {
    const test = {
      [name](this: Stats): boolean {
        return (this.mode & TYPE_MASK) === type;
      },
    };
    define(Stats.prototype, name, test[name]);
  }

  const raise = (failed: FileError): Error => {
    const { code, errno, syscall, path, dest } = failed;
    const where = path === undefined ? {} : dest === undefined ? { path } : { path, dest };
    return Object.assign(new Error(failed.message), { errno, code, syscall, ...where });
  };
  const convert = (result: Exclude<FileResult, FileError>): unknown => {
    if (result.kind === 'nothing') return undefined;
    if (result.kind === 'names') return Array.from(result.value);
    if (result.kind !== 'stat') return result.value;
    const stat = new Stats() as unknown as Record<string, unknown>;
    host.statFields.forEach((field, i) => {
      stat[field] = result.value[i];
    });
    for (const time of ['atime', 'mtime', 'ctime', 'birthtime']) stat[time] = new Date(stat[`${time}Ms`] as number);
    return stat;
  };
  const complete = (result: FileResult): readonly unknown[] => {
    if (result.kind === 'error') return [raise(result)];
    return result.kind === 'nothing' ? [null] : [null, convert(result)];
  };

  const fs: Record<string, unknown> = { constants: Object.assign({}, host.constants), Stats };
  for (const operation of host.fileOperations) {
    Object.assign(fs, {
      [operation](...args: unknown[]): void {
        const callback = callable('cb', args.pop());
        host.request(operation, args, callback);
      },
      [`${operation}Sync`](...args: unknown[]): unknown {
        const result = host.perform(operation, args);
        if (result.kind === 'error') throw raise(result);
        return convert(result);
      },
    });
  }
  define(global, 'fs', fs);

  // -- timers and microtasks

  /** What Node's `setTimeout` gives, and calls back on. As there, its state is plain to see. */
  class Timeout {
    _onTimeout: Callable;
    _idleTimeout: number;
    _repeat: boolean;
    _timerArgs: unknown[];
    _id: number;
    constructor(callback: Callable, delay: number, repeat: boolean, args: unknown[]) {
      this._onTimeout = callback;
      this._idleTimeout = delay;
      this._repeat = repeat;
      this._timerArgs = args;
      this._id = host.setTimer(callback, this, delay, repeat, args);
    }
    ref(): this {
      return this;
    }
    unref(): this {
      return this;
    }
    hasRef(): boolean {
      return true;
    }
    refresh(): this {
      host.clearTimer(this._id);
      this._id = host.setTimer(this._onTimeout, this, this._idleTimeout, this._repeat, this._timerArgs);
      return this;
    }
    close(): this {
      host.clearTimer(this._id);
      return this;
    }
    [Symbol.toPrimitive](): number {
      return this._id;
    }
  }
  const delayOf = (milliseconds: unknown): number => {
    const delay = Number(milliseconds);
    return delay >= 1 && delay <= 0x7fffffff ? Math.trunc(delay) : 1;
  };
  const clear = (timer?: unknown): void => {
    if (timer instanceof Timeout) timer.close();
    else if (typeof timer === 'number' || typeof timer === 'string') host.clearTimer(Number(timer));
  };
  const { then } = Promise.prototype;
  const settled = Promise.resolve();
  const microtask = (callback: Callable, args: readonly unknown[]): void => {
    Reflect.apply(then, settled, [() => void Reflect.apply(callback, undefined, args)]);
  };
  const scheduling = {
    setTimeout: (callback: unknown, milliseconds?: unknown, ...args: unknown[]) =>
      new Timeout(callable('callback', callback), delayOf(milliseconds), false, args),
    setInterval: (callback: unknown, milliseconds?: unknown, ...args: unknown[]) =>
      new Timeout(callable('callback', callback), delayOf(milliseconds), true, args),
    setImmediate: (callback: unknown, ...args: unknown[]) => new Timeout(callable('callback', callback), 0, false, args),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
    queueMicrotask: (callback: unknown) => microtask(callable('callback', callback), []),
  };
  for (const [name, value] of Object.entries(scheduling)) define(global, name, value);

  // -- process

  define(global, 'process', {
    ...host.identity,
    argv: Array.of<string>(),
    env: {},
    getuid: () => host.uid(),
    geteuid: () => host.uid(),
    getgid: () => host.gid(),
    getegid: () => host.gid(),
    getgroups: () => [host.gid()],
    umask: (mask?: unknown) => host.umask(mask === undefined ? undefined : Number(mask)),
    cwd: () => host.cwd(),
    chdir(directory: unknown): void {
      if (typeof directory !== 'string') throw invalidType('directory', 'of type string', directory);
      const result = host.chdir(directory);
      if (result.kind === 'error') throw raise(result);
    },
    nextTick: (callback: unknown, ...args: unknown[]) => microtask(callable('callback', callback), args),
  });

  // -- crypto, performance

  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
  const kindOf = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;
  define(global, 'crypto', {
    getRandomValues(array: unknown): unknown {
      const kind = Reflect.apply(kindOf, array, []) as string | undefined;
      if (kind === undefined || kind.startsWith('Float')) {
        throw Object.assign(new TypeError('The data argument must be an integer-type TypedArray'), { name: 'TypeMismatchError', code: 17 });
      }
      const { buffer, byteOffset, byteLength } = array as Uint8Array;
      if (byteLength > 65536) {
        const message = `The requested length exceeds 65,536 bytes`;
        throw Object.assign(new Error(message), { name: 'QuotaExceededError', code: 22 });
      }
      host.random(new Uint8Array(buffer, byteOffset, byteLength));
      return array;
    },
  });
  define(global, 'performance', { now: () => host.uptime() });

  // -- console

  const write = (fd: 1 | 2, values: readonly unknown[]): void => host.print(fd, host.format(values));
  const out = (...values: unknown[]): void => write(1, values);
  const err = (...values: unknown[]): void => write(2, values);
  define(global, 'console', {
    log: out,
    info: out,
    debug: out,
    dir: (value: unknown) => write(1, [value]),
    error: err,
    warn: err,
    trace: (...values: unknown[]) => write(2, ['Trace:', ...values]),
    assert(condition: unknown, ...values: unknown[]): void {
      if (!condition) write(2, ['Assertion failed', ...values]);
    },
    count(label: unknown = 'default'): void {
      const name = String(label);
      write(1, [`${name}: ${host.count(name)}`]);
    },
    countReset: (label: unknown = 'default') => host.countReset(String(label)),
    group(...values: unknown[]): void {
      if (values.length > 0) write(1, values);
      host.indent(2);
    },
    groupEnd: () => host.indent(-2),
  });
    const stack = Object.getOwnPropertyDescriptor(new Error(), 'stack')!;
  const hidden: Record<string, object> = { 'Timeout.prototype': Timeout.prototype };
  // Newer versions of V8: the same two functions for every error.
  if (stack.get !== undefined) hidden['stack.get()'] = stack.get;
  if (stack.set !== undefined) hidden['stack.set()'] = stack.set;
  return { complete, hidden };
}
