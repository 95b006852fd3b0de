import { describe, expect, it } from 'vitest';
import { UncaughtException } from '../../src/engine/errors.js';
import type { MemoryView } from '../../src/engine/guest-memory.js';
import { GuestExit } from '../../src/host/exit.js';
import { GO_IMPORTS } from '../../src/host/gojs/imports.js';
import type { Next } from '../../src/host/gojs/program.js';
import { callImport, type Made, makeGuest, makeProgram, type Param, STACK } from '../support/go-program.js';

interface Started extends Made {
  readonly memory: MemoryView;
  /** Calls a JavaScript operation of syscall/js; gives its first result. */
  op(name: string, ...params: Param[]): unknown;
  /** Calls an import of the runtime. */
  runtime(name: string, ...params: Param[]): number;
}

/** `onResume`: what Go does when it is resumed. */
function started(onResume: (made: Started) => void = () => {}, options: Parameters<typeof makeProgram>[0] = {}): Started {
  const made = makeProgram(options);
  const guest = makeGuest((name) => {
    if (name === 'resume') onResume(all);
  });
  const all: Started = {
    ...made,
    memory: guest.memory,
    op: (name, ...params) => made.program.values.load(guest.memory, callImport(made.program, guest.memory, `syscall/js.${name}`, params)),
    runtime: (name, ...params) => callImport(made.program, guest.memory, `runtime.${name}`, params),
  };
  made.program.attach(guest);
  made.program.start(['js'], {});
  return all;
}

/** The event that Go finds when it is resumed. */
function pending({ program }: Made): { id: number; this: unknown; args: unknown[]; result?: unknown } | null {
  const go = program.values.values[6] as { _pendingEvent: { id: number; this: unknown; args: unknown[] } | null };
  const event = go._pendingEvent;
  go._pendingEvent = null;
  return event;
}

const goFunction = (made: Started, id: number): unknown => made.op('valueCall', { ref: made.program.values.values[6] }, { text: '_makeFuncWrapper' }, { refs: [id] });

describe('the event loop', () => {
  it('runs the program, finds a deadlock when nothing is left, and ends', () => {
    const made = started();
    const first = made.program.next();
    expect(first).toEqual({ kind: 'call', name: 'run', args: [1, expect.any(Number)] });
    expect(made.program.next()).toEqual({ kind: 'call', name: 'resume', args: [] });
    expect(pending(made)).toMatchObject({ id: 0 });
    expect(made.program.next()).toEqual({ kind: 'exited', code: 0 });
    expect(made.program.next()).toEqual({ kind: 'exited', code: 0 });
  });

  it('jumps to the next timer, and resumes until Go has noticed', () => {
    const made = started();
    made.program.next();
    const id = made.memory.i32(made.runtime('scheduleTimeoutEvent', { int: 30 }));
    const before = made.clock.monotonic();
    expect(made.program.next()).toMatchObject({ name: 'resume' });
    expect(made.clock.monotonic() - before).toBe(30_000_000n);
    expect(pending(made)).toBe(null);
    expect(made.program.next()).toMatchObject({ name: 'resume' });
    made.runtime('clearTimeoutEvent', { int: id });
    expect(made.program.next()).toMatchObject({ name: 'resume' });
    expect(pending(made)).toMatchObject({ id: 0 });
  });

  it('forgets a timer that was cleared', () => {
    const made = started();
    made.program.next();
    made.runtime('clearTimeoutEvent', { int: made.memory.i32(made.runtime('scheduleTimeoutEvent', { int: 30 })) });
    const before = made.clock.monotonic();
    made.program.next();
    expect(pending(made)).toMatchObject({ id: 0 });
    expect(made.clock.monotonic()).toBe(before);
  });

  it('hands Go its callbacks as events, timers when due, JavaScript at once', () => {
    const made = started();
    made.program.next();
    const [a, b] = [goFunction(made, 11), goFunction(made, 12)];
    const { global } = made.realm as { global: Record<string, (...args: unknown[]) => unknown> };
    const timer = global['setTimeout']!(a, 5, 'late');
    const fs = (global as unknown as { fs: Record<string, (...args: unknown[]) => void> }).fs;
    fs['stat']!('/absent', b);
    fs['mkdir']!('/made', 0o777, b);
    made.js('setTimeout(() => console.log("foreign"), 6)');
    made.program.next();
    expect(pending(made)).toMatchObject({ id: 12, this: undefined, args: [{ code: 'ENOENT' }] });
    made.program.next();
    expect(pending(made)).toMatchObject({ id: 12, args: [null] });
    expect(made.output[1]).toBe('');
    made.program.next();
    expect(pending(made)).toEqual({ id: 11, this: timer, args: ['late'] });
    made.program.next();
    expect(made.output[1]).toBe('foreign\n');
  });

  it('lets promise jobs run before the next event', async () => {
    const made = started();
    made.program.next();
    const f = goFunction(made, 3);
    made.op('valueCall', { ref: made.js('Promise.resolve(7)') }, { text: 'then' }, { refs: [f] });
    expect(made.program.live()).toContain('promise jobs of JavaScript may be waiting');
    expect(made.program.next()).toEqual({ kind: 'jobs' });
    let heard: unknown;
    const again = started((all) => (heard = pending(all)?.args));
    again.program.next();
    again.op('valueCall', { ref: again.js('Promise.resolve(7)') }, { text: 'then' }, { refs: [goFunction(again, 3)] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([7]);
  });

  it('ends with what JavaScript throws and nobody catches', () => {
    const made = started();
    made.program.next();
    made.js('setTimeout(() => { throw new TypeError("late") }, 1)');
    expect(() => made.program.next()).toThrow('TypeError: late, thrown by JavaScript');
    expect(() => made.program.next()).toThrow(UncaughtException);
  });

  it('ends with a rejection that nobody hears of', async () => {
    const made = started();
    made.program.next();
    made.js('Promise.reject(new RangeError("unheard"))');
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => made.program.next()).toThrow('RangeError: unheard, with which a JavaScript promise was rejected');
  });

  it('waits in the real world, for a timer or for input', async () => {
    let answer: (chunk: Uint8Array | 'eof') => void = () => {};
    const input = { read: () => new Promise<Uint8Array | 'eof'>((resolve) => (answer = resolve)) };
    const made = started(undefined, { world: 'real', input });
    made.program.next();
    made.js('globalThis.buffer = new Uint8Array(8)');
    const { fs, buffer } = made.realm.global as { fs: { read(...args: unknown[]): void }; buffer: Uint8Array };
    fs.read(0, buffer, 0, 8, null, goFunction(made, 4));
    fs.read(0, buffer, 4, 4, null, goFunction(made, 5));
    const timer = made.memory.i32(made.runtime('scheduleTimeoutEvent', { int: 30 }));
    const wait = made.program.next() as Extract<Next, { kind: 'wait' }>;
    expect(wait).toMatchObject({ kind: 'wait', ns: 30_000_000n });
    made.runtime('clearTimeoutEvent', { int: timer });
    answer(new Uint8Array([104, 105]));
    await wait.event;
    expect(made.program.next()).toMatchObject({ name: 'resume' });
    expect(pending(made)).toMatchObject({ id: 4, args: [null, 2] });
    expect([...buffer.subarray(0, 2)]).toEqual([104, 105]);
    const second = made.program.next() as Extract<Next, { kind: 'wait' }>;
    expect(second.ns).toBe(undefined);
    answer('eof');
    await second.event;
    made.program.next();
    expect(pending(made)).toMatchObject({ id: 5, args: [null, 0] });
  });
});

describe('a function that stands for a Go function', () => {
  it('resumes Go within the call, with its receiver and arguments, and gives the result', () => {
    const made = started((all) => {
      const go = all.program.values.values[6] as { _pendingEvent: { args: number[]; result: unknown } };
      const event = go._pendingEvent;
      event.result = event.args[0]! + event.args[1]!;
    });
    const f = goFunction(made, 1);
    (made.realm.global as Record<string, unknown>)['f'] = f;
    const sums = made.op('valueCall', { ref: made.js('[[1, 2], [3, 4]]') }, { text: 'map' }, { refs: [made.js('(pair) => f(...pair)')] });
    expect(JSON.stringify(sums)).toBe('[3,7]');
    expect(made.realm.evaluate('[f.name, f.length, typeof f.prototype, f instanceof Function, new f(1, 2) instanceof f].join()')).toBe(',0,object,true,true');
  });

  it('cannot be called after the exit', () => {
    const made = started();
    const f = goFunction(made, 1) as () => void;
    expect(() => made.runtime('wasmExit', { int: 3 })).toThrow(GuestExit);
    expect(f).toThrow('Go program has already exited');
    expect(made.program.next()).toEqual({ kind: 'exited', code: 3 });
  });

  it('ends the program with the exit that it led to, whatever JavaScript makes of it, and silently', () => {
    const made = started((all) => all.runtime('wasmExit', { int: 5 }));
    (made.realm.global as Record<string, unknown>)['leave'] = goFunction(made, 1);
    const script = made.js('(() => { try { leave(); } catch (error) { console.log("caught"); } fs.writeSync(1, new Uint8Array(5)); return 1; })');
    expect(() => made.op('valueInvoke', { ref: script }, { refs: [] })).toThrow(GuestExit);
    expect(made.output[1]).toBe('');
    expect(made.program.next()).toEqual({ kind: 'exited', code: 5 });
  });

  it('cannot be called from inside the runtime', () => {
    const made = started();
    (made.realm.global as Record<string, unknown>)['f'] = goFunction(made, 1);
    made.js('fs.writeSync = () => f()');
    expect(() => made.runtime('wasmWrite', { int: 1 }, { int: STACK }, { int: 4 })).toThrow('a Go function was called from inside the Go runtime');
  });

  it('gets an error where calls are nested too deeply', () => {
    let levels = 0;
    const made = started((all) => {
      levels++;
      all.op('valueInvoke', { ref: f }, { refs: [] });
    });
    const f = goFunction(made, 1);
    made.op('valueInvoke', { ref: f }, { refs: [] });
    expect(levels).toBe(200);
    const deep = started(() => {});
    (deep.realm.global as Record<string, unknown>)['f'] = goFunction(deep, 1);
    deep.op('valueCall', { ref: deep.realm.global }, { text: 'eval' }, { refs: ['globalThis.down = () => { try { return down(); } catch (error) { try { return f(); } catch (inner) { return inner instanceof RangeError; } } }'] });
    expect(deep.op('valueCall', { ref: deep.realm.global }, { text: 'down' }, { refs: [] })).toBe(true);
  });
});

describe('operations on values', () => {
  it.each<[string, string, Param[], unknown]>([
    ['a property', 'valueGet', [{ ref: { a: { b: 1 } } }, { text: 'a' }], { b: 1 }],
    ['no property', 'valueGet', [{ ref: {} }, { text: 'a' }], undefined],
    ['an element', 'valueIndex', [{ ref: ['x', 'y'] }, { int: 1 }], 'y'],
    ['a call of a method', 'valueCall', [{ ref: [3, 1, 2] }, { text: 'join' }, { refs: ['-'] }], '3-1-2'],
    ['a function', 'valueInvoke', [{ ref: Math.max }, { refs: [3, 7, 5] }], 7],
    ['a constructor', 'valueNew', [{ ref: Array }, { refs: ['a', 'b'] }], ['a', 'b']],
    ['a string', 'stringVal', [{ text: 'ünï' }], 'ünï'],
  ])('%s', (_, name, params, expected) => {
    expect(started().op(name, ...params)).toEqual(expected);
  });

  it('give what was thrown, as a value of the realm', () => {
    const made = started();
    const { memory } = made;
    const at = callImport(made.program, memory, 'syscall/js.valueInvoke', [{ ref: 7 }, { refs: [] }]);
    expect(memory.u8(at + 8)).toBe(0);
    const error = made.program.values.load(memory, at) as Error;
    expect(error.constructor).toBe((made.realm.global as typeof globalThis).TypeError);
  });

  it('end the program where Go could not be told', () => {
    const made = started();
    const thrower = made.js('({ get x() { throw new RangeError("in a getter") }, toString: null, valueOf: null })');
    expect(() => made.op('valueGet', { ref: thrower }, { text: 'x' })).toThrow('RangeError: in a getter, thrown by JavaScript');
    expect(() => made.program.next()).toThrow(UncaughtException);
  });

  it('copy bytes between typed arrays of any realm, and refuse anything else', () => {
    const made = started();
    const { program, memory } = made;
    const bytes = made.js('new Uint8Array([1, 2, 3, 4]).subarray(1)') as Uint8Array;
    memory.write(0x100, new Uint8Array([9, 9, 9, 9]));
    let at = callImport(program, memory, 'syscall/js.copyBytesToGo', [{ int: 0x100 }, { int: 2 }, { int: 2 }, { ref: bytes }]);
    expect([memory.i64(at), memory.u8(at + 8), [...memory.bytes(0x100, 4)]]).toEqual([2n, 1, [2, 3, 9, 9]]);
    at = callImport(program, memory, 'syscall/js.copyBytesToJS', [{ ref: bytes }, { int: 0x102 }, { int: 2 }, { int: 2 }]);
    expect([memory.i64(at), memory.u8(at + 8), [...bytes]]).toEqual([2n, 1, [9, 9, 4]]);
    for (const odd of ['[1, 2]', 'new Uint16Array(2)', 'new DataView(new ArrayBuffer(2))', 'Object.create(Uint8Array.prototype)', '"text"', 'null', 'new Proxy(new Uint8Array(2), {})']) {
      at = callImport(program, memory, 'syscall/js.copyBytesToJS', [{ ref: made.js(odd) }, { int: 0x102 }, { int: 2 }, { int: 2 }]);
      expect(memory.u8(at + 8)).toBe(0);
    }
  });

  it('trap on strings and slices beyond the memory', () => {
    const made = started();
    for (const [pointer, length] of [[0, 2 ** 40], [2 ** 33, 1], [65535, 2], [-1, 4], [8, -1]] as const) {
      expect(() => callImport(made.program, made.memory, 'syscall/js.valueGet', [{ ref: {} }, { int: pointer }, { int: length }])).toThrow('out of bounds memory access');
      expect(() => callImport(made.program, made.memory, 'syscall/js.valueInvoke', [{ ref: Math.max }, { int: pointer }, { int: length }, { int: 0 }])).toThrow('out of bounds memory access');
    }
  });

  it('take an empty string or slice at any pointer', () => {
    const made = started();
    expect(callImport(made.program, made.memory, 'syscall/js.valueGet', [{ ref: {} }, { int: -1 }, { int: 0 }])).toBeGreaterThan(0);
  });
});

describe('calls in words', () => {
  it('name what was given and what came back', () => {
    const made = started();
    const { program, memory } = made;
    const at = callImport(program, memory, 'syscall/js.valueCall', [{ ref: made.js('fs') }, { text: 'statSync' }, { refs: ['/', 1.5, null, made.js('({})')] }]);
    const args = { u32: () => STACK } as never;
    const described = program.describe('gojs', 'syscall/js.valueCall', args, memory)!;
    expect(described.args).toEqual({ v: '#7 fs', m: '"statSync"', args: '["/", 1.5, null, #9 object]' });
    expect(described.result(args, memory)).toEqual({ x: expect.stringMatching(/^#1\d object$/) as string, ok: 'true' });
    expect(memory.u8(at + 8)).toBe(1);
    expect(program.describe('gojs', 'runtime.nothing', args, memory)).toBe(undefined);
    expect(program.describe('env', 'syscall/js.valueCall', args, memory)).toBe(undefined);
  });

  it('never fail', () => {
    const { program, memory } = started();
    for (const { name } of GO_IMPORTS) {
      for (const sp of [0, 65530, 2 ** 32 - 8]) {
        const args = { u32: () => sp } as never;
        expect(Object.values(program.describe('go', name, args, memory)!.args)).toBeInstanceOf(Array);
      }
    }
  });
});
