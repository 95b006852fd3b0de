import * as path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VIRTUAL_START } from '../../src/host/clock.js';
import { makeProgram } from '../support/go-program.js';

const { js } = makeProgram();

describe('a realm of its own', () => {
  it('holds ECMAScript and what Go asks for, nothing of Node and no second engine', () => {
    expect(js('[typeof require, typeof Buffer, typeof WebAssembly, typeof global, typeof module, typeof fetch].join()')).toBe(Array(6).fill('undefined').join());
    expect(js('[typeof fs, typeof process, typeof path, typeof crypto, typeof performance, typeof console].join()')).toBe(Array(6).fill('object').join());
    expect(js('globalThis instanceof Object && Object.getPrototypeOf(async () => {}) !== null')).toBe(true);
  });

  it('leads nowhere by the constructors of what is in it', () => {
    const escaped = js(`{
      const seen = new Set();
      const found = [];
      const visit = (value, name) => {
        if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
        if (seen.has(value)) return;
        seen.add(value);
        if (!(value instanceof Object) && Object.getPrototypeOf(value) !== null && value !== Object.prototype) found.push(name);
        for (const key of Reflect.ownKeys(value)) {
          const { value: inner, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
          for (const next of [inner, get, set]) visit(next, name + '.' + String(key));
        }
        visit(Object.getPrototypeOf(value), name + '.__proto__');
      };
      visit(globalThis, 'globalThis');
      found.concat(typeof fs.open.constructor('return typeof process.binding')() === 'string' ? [] : ['code']).join();
    }`);
    expect(escaped).toBe('');
    expect(js(`fs.open.constructor('return typeof process.binding')()`)).toBe('undefined');
  });

  it.each([
    ['fs.openSync("/absent", 0)', 'ENOENT'],
    ['fs.readSync(99, new Uint8Array(1))', 'EBADF'],
    ['fs.openSync(Symbol())', 'EINVAL'],
    ['process.chdir("/absent")', 'ENOENT'],
    ['process.chdir(1)', 'ERR_INVALID_ARG_TYPE'],
    ['fs.open("/")', 'ERR_INVALID_ARG_TYPE'],
    ['path.resolve(1)', 'ERR_INVALID_ARG_TYPE'],
    ['new TextDecoder("utf-16")', 'ERR_ENCODING_NOT_SUPPORTED'],
    ['new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.of(0xff))', 'ERR_ENCODING_INVALID_ENCODED_DATA'],
    ['crypto.getRandomValues(new Float64Array(1))', 17],
    ['crypto.getRandomValues(new Uint8Array(65537))', 22],
  ])('throws errors of its own: %s', (script, code) => {
    expect(js(`{ let caught; try { ${script}; } catch (error) { caught = error; } [caught instanceof Error, caught.code]; }`)).toEqual([true, code]);
  });

  it('throws errors of its own where the JavaScript stack ends within the host', () => {
    const overflowed = js(`{
      const kinds = new Set();
      const descend = (act) => { try { descend(act); } catch (error) { kinds.add(error instanceof Error); } act(); };
      for (const act of [() => process.cwd(), () => fs.statSync('/'), () => path.resolve('x'), () => performance.now()]) {
        try { descend(act); } catch (error) { kinds.add(error instanceof Error); }
      }
      [...kinds].join();
    }`);
    expect(overflowed).toBe('true');
  });

  it('knows no garbage collection', () => {
    expect(js('new WeakRef([7]).deref()[0]')).toBe(7);
    expect(js('new FinalizationRegistry(() => {}).register({}, 1)')).toBe(undefined);
    expect(js('typeof gc')).toBe('undefined');
    expect(js('{ let caught; try { new WeakRef(1); } catch (error) { caught = error; } caught instanceof TypeError; }')).toBe(true);
  });
});

describe('the virtual world', () => {
  it('begins at its fixed instant, in UTC, whatever the zone here', () => {
    const start = Number(VIRTUAL_START / 1_000_000n);
    expect(js('Date.now()')).toBe(start);
    expect(js('new Date().getTimezoneOffset()')).toBe(0);
    expect(js('String(new Date())')).toBe('Wed Jan 01 2020 00:00:00 GMT+0000 (Coordinated Universal Time)');
    expect(js('Date()')).toBe(js('new Date().toString()'));
    expect(js('new Date(2024, 1, 29, 12, 30).toISOString()')).toBe('2024-02-29T12:30:00.000Z');
    expect(js('new Date("2024-02-29T12:30").getTime()')).toBe(Date.UTC(2024, 1, 29, 12, 30));
    expect(js('new Date("Feb 29 2024 12:30").getTime()')).toBe(Date.UTC(2024, 1, 29, 12, 30));
    expect(js('new Date("2024-02-29T12:30+02:00").getTime()')).toBe(Date.UTC(2024, 1, 29, 10, 30));
    expect(js('new Date("2024-02-29").getTime()')).toBe(Date.UTC(2024, 1, 29));
    expect(js('{ const d = new Date(0); d.setHours(5); d.getHours() * 100 + d.getUTCHours(); }')).toBe(505);
    expect(js('new Date(0).toLocaleString()')).toMatch(/^1\/1\/1970, 12:00:00\sAM$/);
    expect(js('new Intl.DateTimeFormat().resolvedOptions().timeZone + new Intl.NumberFormat().resolvedOptions().locale')).toBe('UTCen-US');
    expect(js('(1234.5).toLocaleString() + (12345n).toLocaleString()')).toBe('1,234.512,345');
  });

  it('keeps Date what it is', () => {
    expect(js('[Date.name, Date.length, new Date(0) instanceof Date, new Date(NaN).toString(), Date.prototype.constructor === Date].join()')).toBe('Date,7,true,Invalid Date,true');
    expect(js('class Late extends Date { later() { return this.getTime() + 1; } } new Late(1).later()')).toBe(2);
    expect(js('new Date(new Date(5)).getTime()')).toBe(5);
    expect(js('{ let caught; try { Date.prototype.getHours.call({}); } catch (error) { caught = error; } caught instanceof TypeError; }')).toBe(true);
  });

  it('has the chance that the seed gives', () => {
    const draws = (seed: number): unknown => makeProgram({ seed }).js('[Math.random(), Math.random(), ...crypto.getRandomValues(new Uint16Array(3))].join()');
    expect(draws(1)).toBe(draws(1));
    expect(draws(1)).not.toBe(draws(2));
    expect(js('{ const x = Math.random(); x >= 0 && x < 1; }')).toBe(true);
  });

  it('shows no stack, which would tell where the host is', () => {
    expect(js('new Error("told").stack')).toBe('Error: told');
  });
});

describe('what is made like Node', () => {
  const segment = fc.constantFrom('', '.', '..', 'a', 'b.c', '.d', 'e.', '/', '/f', 'g/', '//h', 'i/../j', '../../k', 'l//', '/../m/.');
  const call = (name: string, args: readonly string[]): unknown => js(`path.${name}(...${JSON.stringify(args)})`);

  it.each(['basename', 'dirname', 'extname', 'normalize', 'isAbsolute'] as const)('path.%s', (name) => {
    const text = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(text, (given) => {
        expect(call(name, [given])).toBe(path.posix[name](given));
      }),
      { seed: 1 },
    );
  });
  // The working directory here is another one, so what depends on it starts at the root.
  it.each([
    ['join', ''],
    ['resolve', '/'],
    ['relative', '/'],
  ] as const)('path.%s', (name, root) => {
    const parts = fc.array(segment, { minLength: 2, maxLength: 2 }).map((all) => all.map((part) => root + part));
    fc.assert(
      fc.property(parts, ([a, b]) => {
        expect(call(name, [a!, b!])).toBe(path.posix[name](a!, b!));
      }),
      { seed: 1 },
    );
    expect(call('join', [])).toBe('.');
    expect(call('resolve', ['a', '../b'])).toBe('/b');
  });

  it('decodes a stream of UTF-8 cut anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(12), (bytes, cut) => {
        const native = new TextDecoder();
        const parts = [bytes.slice(0, cut), bytes.slice(cut)];
        const expected = native.decode(parts[0], { stream: true }) + native.decode(parts[1]);
        const got = js(`{ const d = new TextDecoder(); d.decode(Uint8Array.of(${[...parts[0]!].join()}), { stream: true }) + d.decode(Uint8Array.of(${[...parts[1]!].join()})); }`);
        expect(got).toBe(expected);
      }),
      { seed: 1 },
    );
    expect(js('new TextDecoder().decode(new TextEncoder().encode("\\u{feff}ünï\\u{1f600}"))')).toBe('ünï\u{1f600}');
    expect(js('new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode("\\u{feff}x"))')).toBe('\u{feff}x');
    expect(js('JSON.stringify(new TextEncoder().encodeInto("aü€", new Uint8Array(4)))')).toBe('{"read":2,"written":3}');
  });

  it('prints as Node does, objects too', () => {
    const { js: run, output } = makeProgram();
    run(`
      console.log('%s has %d', 'a', 3, { b: [1, 'two', null], c: new Map([[1, 2]]) });
      console.error(new Uint8Array(2), undefined, -0);
      console.group('inner');
      console.log('one\\ntwo');
      console.groupEnd();
      console.assert(false, 'told');
      for (let i = 0; i < 2; i++) console.count('times');
    `);
    expect(output[1]).toBe("a has 3 { b: [ 1, 'two', null ], c: Map(1) { 1 => 2 } }\ninner\n  one\n  two\ntimes: 1\ntimes: 2\n");
    expect(output[2]).toBe('Uint8Array(2) [ 0, 0 ] undefined -0\nAssertion failed told\n');
  });
});
