/**
 * Runs inside a fresh realm (see `runInside`), on the virtual clock only: takes from the realm what differs from one
 * machine or run to the next, which is the time and its zone, chance, the language, and stack traces.
 */

export interface RepeatableHost {
  /** Whole milliseconds since 1970. */
  now(): number;
  /** 8 random bytes. */
  random(into: Uint8Array): void;
}

export function makeRepeatable(host: RepeatableHost): void {
  'use strict';
  const { BigInt, Error, Intl, Math, Number, Object, Proxy, Reflect, RegExp, String, Symbol, Uint8Array, Uint32Array, Array } = globalThis;
  const NativeDate = globalThis.Date;
  const LANGUAGE = 'en-US';
  const ZONE = 'UTC';
  const define = (target: object, name: PropertyKey, value: unknown): void => {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  };

  // A stack trace would show where the host's own functions are.
  (Error as { stackTraceLimit?: number }).stackTraceLimit = 0;

  define(Math, 'random', function random(): number {
    const bytes = new Uint8Array(8);
    host.random(bytes);
    const [low, high] = new Uint32Array(bytes.buffer) as unknown as [number, number];
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  });

  // -- Date in UTC

  type Native = Record<string, (...args: unknown[]) => unknown>;
  const native = { ...Object.getOwnPropertyDescriptors(NativeDate.prototype) } as unknown as Record<string, { value: (...args: unknown[]) => unknown }>;
  const call = (name: string, self: unknown, args: readonly unknown[] = []): unknown => Reflect.apply(native[name]!.value, self, args);
  const timeOf = (self: unknown): number => call('getTime', self) as number;
  /** A text that says its zone, or is a date alone in ISO form, which means UTC anyway (§21.4.3.2). */
  const ABSOLUTE = new RegExp(/(?:z|[+-]\d\d(?::?\d\d)?|gmt|utc?|[ecmp][sd]t)\s*(?:\([^)]*\))?\s*$|^[+-]?\d{4,6}(?:-\d\d){0,2}$/i);
  const parse = (text: string): number => {
    const time = NativeDate.parse(text);
    if (Number.isNaN(time) || ABSOLUTE.test(text.trim())) return time;
    const local = new NativeDate(time);
    const field = (name: string): number => call(name, local) as number;
    const shifted = NativeDate.UTC(field('getFullYear'), field('getMonth'), field('getDate'), field('getHours'), field('getMinutes'), field('getSeconds'));
    return shifted + field('getMilliseconds');
  };
  const fromValue = (value: unknown): number => {
    if (typeof value === 'object' && value !== null) {
      try {
        return timeOf(value);
      } catch {
        // Not a Date.
      }
    }
    const primitive = typeof value === 'object' && value !== null ? toPrimitive(value) : value;
    return typeof primitive === 'string' ? parse(primitive) : Number(primitive);
  };
  const toPrimitive = (value: object): unknown => {
    const method = (value as Record<symbol, unknown>)[Symbol.toPrimitive];
    if (typeof method === 'function') return Reflect.apply(method, value, ['default']);
    const plain = (value as { valueOf(): unknown }).valueOf();
    return typeof plain === 'object' ? String(value) : plain;
  };
  const VirtualDate = function (this: unknown, ...args: unknown[]): unknown {
    const time =
      new.target === undefined || args.length === 0
        ? host.now()
        : args.length === 1
          ? fromValue(args[0])
          : Reflect.apply(NativeDate.UTC, undefined, args);
    if (new.target === undefined) return call('toString', new NativeDate(time));
    return Reflect.construct(NativeDate, [time], new.target);
  } as unknown as DateConstructor;
  define(VirtualDate, 'name', 'Date');
  Object.defineProperty(VirtualDate, 'length', { value: 7, configurable: true });
  Object.defineProperty(VirtualDate, 'prototype', { value: NativeDate.prototype, writable: false });
  define(VirtualDate, 'now', function now(): number {
    return host.now();
  });
  define(VirtualDate, 'parse', (text: unknown) => parse(String(text)));
  define(VirtualDate, 'UTC', NativeDate.UTC);
  define(NativeDate.prototype, 'constructor', VirtualDate);
  define(globalThis, 'Date', VirtualDate);

  const methods: Native = {};
  for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    methods[`get${part}`] = native[`getUTC${part}`]!.value;
    if (part !== 'Day') methods[`set${part}`] = native[`setUTC${part}`]!.value;
  }
  const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const two = (value: unknown): string => String(value).padStart(2, '0');
  const dateText = (self: unknown): string => {
    const year = call('getUTCFullYear', self) as number;
    const digits = String(Math.abs(year)).padStart(4, '0');
    const day = DAYS[call('getUTCDay', self) as number]!;
    const month = MONTHS[call('getUTCMonth', self) as number]!;
    return `${day} ${month} ${two(call('getUTCDate', self))} ${year < 0 ? `-${digits.padStart(6, '0')}` : digits}`;
  };
  const timeText = (self: unknown): string =>
    `${two(call('getUTCHours', self))}:${two(call('getUTCMinutes', self))}:${two(call('getUTCSeconds', self))} GMT+0000 (Coordinated Universal Time)`;
  const orInvalid =
    (text: (self: unknown) => string) =>
    (self: unknown): string =>
      Number.isNaN(timeOf(self)) ? 'Invalid Date' : text(self);
  const dateString = orInvalid(dateText);
  const timeString = orInvalid(timeText);
  const fullString = orInvalid((self) => `${dateText(self)} ${timeText(self)}`);
  methods['toDateString'] = function (this: unknown) {
    return dateString(this);
  };
  methods['toTimeString'] = function (this: unknown) {
    return timeString(this);
  };
  methods['toString'] = function (this: unknown) {
    return fullString(this);
  };
  methods['getTimezoneOffset'] = function (this: unknown) {
    return Number.isNaN(timeOf(this)) ? NaN : 0;
  };
  methods['getYear'] = function (this: unknown) {
    return (call('getUTCFullYear', this) as number) - 1900;
  };
  for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) {
    methods[name] = function (this: unknown, language: unknown = LANGUAGE, options?: unknown) {
      return call(name, this, [language, { timeZone: ZONE, ...(options as object) }]);
    };
  }
  for (const [name, method] of Object.entries(methods)) {
    const named = Object.defineProperty(method, 'name', { value: name, configurable: true });
    define(NativeDate.prototype, name, named);
  }

  // -- the default language and zone of Intl, and of what is built on it

  for (const name of Object.getOwnPropertyNames(Intl)) {
    const type = (Intl as unknown as Record<string, unknown>)[name];
    if (typeof type !== 'function' || type.prototype === undefined) continue;
    const defaults = (args: unknown[]): unknown[] => {
      const [language = LANGUAGE, options, ...rest] = args;
      if (name === 'Locale') return args;
      return name === 'DateTimeFormat' ? [language, { timeZone: ZONE, ...(options as object) }, ...rest] : [language, options, ...rest];
    };
    const wrapped: object = new Proxy(type, {
      construct: (target, args, newTarget) => Reflect.construct(target, defaults(args), newTarget === wrapped ? target : newTarget),
      apply: (target, self, args) => Reflect.apply(target as never, self, defaults(args)),
    });
    define(Intl, name, wrapped);
    define(type.prototype as object, 'constructor', wrapped);
  }
  const withLanguage = (prototype: object, name: string, position: number): void => {
    const method = (prototype as Record<string, unknown>)[name] as (...args: unknown[]) => unknown;
    const changed = {
      [name](this: unknown, ...args: unknown[]): unknown {
        while (args.length <= position) args.push(undefined);
        args[position] ??= LANGUAGE;
        return Reflect.apply(method, this, args);
      },
    };
    define(prototype, name, changed[name]);
  };
  withLanguage(Number.prototype, 'toLocaleString', 0);
  withLanguage(BigInt.prototype, 'toLocaleString', 0);
  withLanguage(Array.prototype, 'toLocaleString', 0);
  withLanguage(String.prototype, 'toLocaleLowerCase', 0);
  withLanguage(String.prototype, 'toLocaleUpperCase', 0);
  withLanguage(String.prototype, 'localeCompare', 1);
}
