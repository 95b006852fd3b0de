import { describe, expect, it } from 'vitest';
import type { GoProgram } from '../../src/host/gojs/program.js';
import type { Data } from '../../src/host/state.js';
import { decodeData, encodeData } from '../../src/program/data.js';
import { callImport, type Made, makeGuest, makeProgram } from '../support/go-program.js';

const FIRST = 7;

/** Gives Go the values of a script's list, one reference each. */
function hold(made: Made, script: string): void {
  const { memory } = makeGuest(() => {});
  for (const value of made.js(script) as unknown[]) made.program.values.store(memory, 64, value);
}

/** Takes the state to another program, through bytes. */
function moved(from: GoProgram): Made {
  expect(from.live()).toEqual([]);
  const bytes = encodeData(from.save());
  const to = makeProgram();
  to.program.load(decodeData(bytes));
  expect(Buffer.compare(encodeData(to.program.save()), bytes)).toBe(0);
  return to;
}

/** Says everything that a script can find out about the values, their identity included. */
const PORTRAIT = `(values) => {
  const seen = new Map();
  const portrait = (value) => {
    if (typeof value === 'symbol') return String(value);
    if (typeof value === 'bigint') return value + 'n';
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
    if (value === undefined) return 'undefined';
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return JSON.stringify(value);
    if (seen.has(value)) return '#' + seen.get(value);
    seen.set(value, seen.size);
    if (value === globalThis || value === fs || value === Object.prototype || value === Array.prototype || typeof value === 'function') return 'known ' + (value.name ?? '');
    const parts = [Object.prototype.toString.call(value), Object.isExtensible(value)];
    if (value instanceof Date) parts.push(value.getTime());
    if (value instanceof Map) parts.push(...[...value].flat().map(portrait));
    if (value instanceof Set) parts.push(...[...value].map(portrait));
    if (value instanceof ArrayBuffer) parts.push([...new Uint8Array(value)].join());
    if (ArrayBuffer.isView(value)) parts.push(portrait(value.buffer), value.byteOffset, value.byteLength);
    for (const key of Reflect.ownKeys(value)) {
      const { get, set, value: inner, ...flags } = Reflect.getOwnPropertyDescriptor(value, key);
      if (ArrayBuffer.isView(value) && typeof key === 'string' && /^[0-9]+$/.test(key)) continue;
      parts.push(String(key), JSON.stringify(flags), portrait(inner), portrait(get), portrait(set));
    }
    const proto = Object.getPrototypeOf(value);
    return 'object ' + seen.get(value) + '(' + parts.join(' ') + ' ' + (proto === null || Object.hasOwn(proto, 'constructor') ? String(proto?.constructor?.name) : portrait(proto)) + ')';
  };
  return values.map(portrait).join('\\n');
}`;

function portrait(made: Made): unknown {
  const values = made.program.values.values.slice(FIRST);
  return (made.js(PORTRAIT) as (values: unknown[]) => string)(values);
}

describe('JavaScript values in a snapshot', () => {
  it.each([
    ['primitives', "['text', '\\ud800', '\\u{1f600}\\udc00', 12345678901234567890n, Symbol.iterator, Symbol.for('shared'), Symbol('own'), Symbol()]"],
    ['well-known objects', '[Object, Array, Uint8Array, fs, fs.constants, process, path.resolve, console, Date.prototype, Object.getOwnPropertyDescriptor(Map.prototype, "size").get]'],
    ['plain objects and lists', "[{ a: 1, 'b c': [1.5, , -0, NaN, undefined, null, true], 3: { deep: { deeper: [] } } }, Object.create(null), Object.create({ inherited: 1 }, { hidden: { value: 2 } })]"],
    ['identity and cycles', '{ const a = { name: "a" }; const b = [a, a]; a.self = a; a.list = b; [a, b, b[0], { a, b }]; }'],
    ['accessors and flags', '{ const get = Object.getOwnPropertyDescriptor(Map.prototype, "size").get; [Object.defineProperty({}, "x", { get, configurable: true }), Object.freeze([1, { a: 1 }]), Object.seal({ s: 1 }), Object.preventExtensions({})]; }'],
    ['symbols as keys', '{ const own = Symbol("own"); [own, { [own]: 1, [Symbol.toStringTag]: "Tagged", [Symbol.for("x")]: own }]; }'],
    ['typed arrays over one buffer', '{ const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer; [new Uint8Array(buffer, 2, 3), new Float32Array(buffer), new DataView(buffer, 1), buffer, new BigInt64Array(1), new Uint8ClampedArray(0)]; }'],
    ['dates, maps, sets, errors', "[new Date(5), new Date(NaN), new Map([[{ k: 1 }, 'v'], ['x', new Set([1, 'two', {}])]]), Object.assign(new RangeError('far'), { code: 'ECODE' }), new AggregateError([new Error('in')], 'all', { cause: 7 })]"],
    ['what fs gives', '{ fs.mkdirSync("/d"); let error; try { fs.statSync("/none"); } catch (caught) { error = caught; } [fs.statSync("/d"), error, fs.readdirSync("/")]; }'],
    ['a long list', '{ let list = null; for (let i = 0; i < 20000; i++) list = { next: list }; [list.next]; }'],
  ])('%s', (name, script) => {
    const made = makeProgram();
    hold(made, script);
    const to = moved(made.program);
    // The portrait is a recursive function.
    if (name !== 'a long list') expect(portrait(to)).toBe(portrait(made));
    expect(to.program.values.values.length).toBe(made.program.values.values.length);
  });

  it('keep their ids and counts, and the freed ids their order', () => {
    const made = makeProgram();
    hold(made, '{ const a = {}; [a, "b", {}, a, {}, "b"]; }');
    for (const id of [9, 10]) made.program.values.finalize(id);
    const to = moved(made.program);
    const { memory } = makeGuest(() => {});
    to.program.values.store(memory, 64, 'b');
    expect(memory.u32(64)).toBe(8);
    to.program.values.store(memory, 64, 'new');
    expect(memory.u32(64)).toBe(10);
    expect(to.program.values.counts.slice(FIRST)).toEqual([2, 3, 0, 1]);
  });

  it('stand for the same Go functions, with their properties', () => {
    const made = makeProgram();
    const go = made.program.values.values[6] as { _makeFuncWrapper(id: number): object };
    const list = made.js('globalThis.list = []') as unknown[];
    list.push(go._makeFuncWrapper(3), go._makeFuncWrapper(4), go._makeFuncWrapper(5));
    made.js('list[2] = { nested: list[2] }; list[1].extra = list[0]; list.push(Reflect.construct(Object, [], list[0])); delete globalThis.list;');
    const { memory } = makeGuest(() => {});
    for (const value of list) made.program.values.store(memory, 64, value);
    const { program } = moved(made.program);
    const [f, g, holder, instance] = program.values.values.slice(FIRST) as [{ prototype: object }, { extra: unknown }, { nested: unknown }, object];
    expect(g.extra).toBe(f);
    expect(Object.getPrototypeOf(instance)).toBe(f.prototype);
    expect([f, g, holder.nested].map((wrapper) => (program as unknown as { wrappers: WeakMap<object, number> }).wrappers.get(wrapper as object))).toEqual([3, 4, 5]);
  });

  it.each([
    ['a function', '() => 1', 'a JavaScript function'],
    ['a function inside', '({ method() {} })', 'a JavaScript function'],
    ['a promise', 'Promise.resolve()', 'a JavaScript object with a state of its own'],
    ['a proxy', 'new Proxy({}, {})', 'a JavaScript object with a state of its own'],
    ['a generator', '(function* () {})()', 'a JavaScript object with a state of its own'],
    ['a regular expression', '/x/', 'a JavaScript object with a state of its own'],
    ['a boxed number', 'new Number(1)', 'a JavaScript object with a state of its own'],
    ['a weak map', 'new WeakMap()', 'a JavaScript object with a state of its own'],
    ['an object with private fields', 'new TextDecoder()', 'an object of globalThis.TextDecoder.prototype'],
    ['a weak reference', 'new WeakRef({})', 'an object of globalThis.WeakRef.prototype'],
    ['an iterator', '[][Symbol.iterator]()', 'a JavaScript'],
    ['a buffer that can grow', 'new ArrayBuffer(1, { maxByteLength: 2 })', 'a resizable buffer'],
    ['a view of shared memory', 'new Uint8Array(new SharedArrayBuffer(1))', 'a view of shared memory'],
  ])('that are foreign stand in the way, by name: %s', (_, script, message) => {
    const made = makeProgram();
    hold(made, `['before', ${script}]`);
    expect(made.program.live().join()).toContain(`JavaScript value #8: ${message}`);
  });
});

describe('the rest of the state', () => {
  const call = (made: Made, name: string, ...params: Parameters<typeof callImport>[3]): void => {
    const guest = makeGuest(() => {});
    made.program.attach(guest);
    callImport(made.program, guest.memory, `syscall/js.${name}`, params);
  };

  it('is what the program has made of well-known objects', () => {
    const made = makeProgram();
    call(made, 'valueSet', { ref: made.realm.global }, { text: 'mine' }, { ref: made.js('({ of: [1] })') });
    call(made, 'valueSet', { ref: made.js('fs') }, { text: 'writeSync' }, { ref: made.js('Math.max') });
    call(made, 'valueDelete', { ref: made.js('fs') }, { text: 'lchown' });
    const to = moved(made.program);
    expect(to.js('[JSON.stringify(mine), fs.writeSync === Math.max, "lchown" in fs, typeof fs.open].join()')).toBe('{"of":[1]},true,false,function');
  });

  it('cannot be taken where a well-known object has become another kind of object', () => {
    const made = makeProgram();
    call(made, 'valueCall', { ref: made.js('Object') }, { text: 'freeze' }, { refs: [made.js('fs')] });
    expect(made.program.live()).toEqual(['globalThis.fs has another prototype or is sealed']);
  });

  it('is the timers, the callbacks that wait, the descriptors and the console', () => {
    const made = makeProgram();
    const go = made.program.values.values[6] as { _makeFuncWrapper(id: number): object };
    const { fs, setTimeout, setInterval } = made.realm.global as unknown as { fs: Record<string, (...args: unknown[]) => unknown>; setTimeout: (...args: unknown[]) => object; setInterval: (...args: unknown[]) => object };
    fs['mkdir']!('/d', 0o777, go._makeFuncWrapper(1));
    setTimeout(go._makeFuncWrapper(2), 20, 'argument');
    setInterval(go._makeFuncWrapper(3), 10);
    made.js('process.chdir("/d"); process.umask(0o77); console.group(); console.count("x"); fs.openSync("/d", 0)');
    const to = moved(made.program);
    expect(to.program.events.completions.map(({ args }) => [...args])).toEqual([[null]]);
    expect(to.program.events.timers.map(({ id, due }) => [id, due])).toEqual(made.program.events.timers.map(({ id, due }) => [id, due]));
    const [first, second] = to.program.events.timers as unknown as { self: { _id: number; close(): void }; args: unknown[] }[];
    expect([second!.args, first!.self._id]).toEqual([['argument'], 2]);
    first!.self.close();
    expect(to.program.events.timers).toHaveLength(1);
    to.js('console.count("x")');
    expect(to.output[1]).toBe('  x: 2\n');
    expect(to.js('process.cwd() + process.umask()')).toBe('/d63');
  });

  it('cannot be taken in the real world, nor with promise jobs about', () => {
    expect(makeProgram({ world: 'real' }).program.live()).toHaveLength(1);
    expect(() => makeProgram({ world: 'real' }).program.save()).toThrow('virtual clock');
    const made = makeProgram();
    call(made, 'valueCall', { ref: made.js('Promise') }, { text: 'resolve' }, { refs: [1] });
    expect(made.program.live()).toContain('promise jobs of JavaScript may be waiting');
  });

  it('is refused where the realm lacks what it names', () => {
    const made = makeProgram();
    hold(made, '[fs]');
    const state = made.program.save() as { js: { nodes: { of?: string }[] } };
    const broken = { ...state, js: { ...state.js, nodes: state.js.nodes.map((node) => (node.of === 'globalThis.fs' ? { ...node, of: 'globalThis.elsewhere' } : node)) } } as unknown as Data;
    expect(() => makeProgram().program.load(broken)).toThrow('the JavaScript realm here has no globalThis.elsewhere');
  });
});
