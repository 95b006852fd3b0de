/**
 * Runs inside the realm (see `runInside`): the operations of syscall/js, which must throw errors of the realm, and the
 * functions that stand for Go functions.
 */

/** What the functions in the realm ask of the host. Nothing of it is ever handed on to the program. */
export interface WrapperHost {
  /** Runs Go's event handler. Answers `ok`, or why it did not: then the JavaScript caller gets an error. */
  resume(): 'ok' | 'deep' | 'exited' | 'busy' | 'failed';
  /** How many reference ids there are, free ones included. */
  ids(): number;
  /** Called for each new function that stands for the Go function `id`. */
  made(wrapper: object, id: number): void;
}

export interface PendingEvent {
  readonly id: number;
  readonly this: unknown;
  readonly args: readonly unknown[];
  result?: unknown;
}

/** The object that Go knows as `jsGo`, reference 6. */
export interface GoObject {
  _pendingEvent: PendingEvent | null;
  readonly _makeFuncWrapper: (id: number) => object;
  /** Go's own tests ask for the length of Go's own table. */
  readonly _values: { readonly length: number };
}

export interface Intrinsics {
  readonly go: GoObject;
  get(target: object, key: PropertyKey): unknown;
  set(target: object, key: PropertyKey, value: unknown): boolean;
  deleteProperty(target: object, key: PropertyKey): boolean;
  apply(target: unknown, self: unknown, args: readonly unknown[]): unknown;
  construct(target: unknown, args: readonly unknown[]): unknown;
  instanceOf(value: unknown, type: unknown): boolean;
  /** `parseInt(value.length)` */
  length(value: unknown): number;
  /** `String(value)` */
  string(value: unknown): string;
  /** A `Uint8Array` of the realm with a copy of `content`. */
  bytes(content: Uint8Array): Uint8Array;
  /** `fs.writeSync`, whatever the program has made of it. */
  writeSync(fd: number, content: Uint8Array): void;
  /** What a call of the Go function `id` looks like to Go's event handler. */
  event(id: number, self: unknown, args: readonly unknown[]): PendingEvent;
  /** The deadlock probe: an event of no function. */
  probe(): PendingEvent;
  /** The error of a full JavaScript stack. */
  overflow(): Error;
  /** One line for a person about something thrown. */
  describe(error: unknown): string;
}

export function makeIntrinsics(host: WrapperHost): Intrinsics {
  'use strict';
  const { get, set, deleteProperty, apply, construct } = Reflect;
  const { parseInt, String, Error, RangeError, Uint8Array, Array, Object } = globalThis;
  const global = globalThis as { fs?: { writeSync(fd: number, content: Uint8Array): unknown } };
  const { resume, made, ids } = host;

  const REFUSALS = {
    exited: 'Go program has already exited',
    busy: 'a Go function was called from inside the Go runtime',
    failed: 'the Go program has failed',
  };

  const enlist = (wrapper: object, id: number): object => {
    made(wrapper, id);
    return wrapper;
  };
  const makeFuncWrapper = (id: number): object =>
    enlist(function (this: unknown, ...args: unknown[]): unknown {
      const event: PendingEvent = { id, this: this, args };
      go._pendingEvent = event;
      const answer = resume();
      if (answer === 'ok') return event.result;
      if (answer === 'deep') throw new RangeError('Maximum call stack size exceeded');
      throw new Error(REFUSALS[answer]);
    }, id);

  const go: GoObject = {
    _pendingEvent: null,
    _makeFuncWrapper: makeFuncWrapper,
    get _values() {
      return { length: ids() };
    },
  };
  return {
    go,
    get,
    set,
    deleteProperty,
    apply: apply as Intrinsics['apply'],
    construct: construct as Intrinsics['construct'],
    instanceOf: (value, type) => value instanceof (type as never),
    length: (value) => parseInt((value as { length: string }).length),
    string: (value) => String(value),
    bytes: (content) => new Uint8Array(content),
    writeSync: (fd, content) => {
      global.fs!.writeSync(fd, new Uint8Array(content));
    },
    event: (id, self, args) => ({ id, this: self, args: Array.from(args) }),
    probe: () => ({ id: 0, this: undefined, args: [] }),
    overflow: () => new RangeError('Maximum call stack size exceeded'),
    describe: (error) => {
      try {
        // `Error.prototype.toString` says the name and the message, and no stack.
        return error instanceof Error ? apply(Error.prototype.toString, error, []) : typeof error === 'object' ? Object.prototype.toString.call(error) : String(error);
      } catch {
        return 'an error that cannot be shown';
      }
    },
  };
}
