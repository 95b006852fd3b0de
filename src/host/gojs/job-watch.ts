import type { Realm } from './realm.js';

/**
 * Knows when JavaScript may have queued promise jobs, which no program can see: they must have run before the next
 * event, and while there are any a snapshot would lose them. A job comes from a promise, or from a function that was
 * compiled from source text at run time and so may do anything.
 */
export class JobWatch {
  /** Whether there may be jobs now. */
  pending = false;
  /** Whether the program has compiled JavaScript. */
  compiled: boolean;
  private readonly compilers = new Set<unknown>();
  private readonly promising = new Set<unknown>();

  constructor(realm: Realm) {
    this.compiled = !realm.fresh;
    if (!realm.fresh) return;
    const [compilers, promising] = realm.evaluate(`[
      [eval, ...[() => {}, async () => {}, function* () {}, async function* () {}].map((f) => f.constructor)],
      [Promise, Promise.prototype, (async function* () {}).prototype, Object.getPrototypeOf(async function* () {}).prototype]
        .flatMap((o) => [o, ...Object.values(Object.getOwnPropertyDescriptors(o)).map((d) => d.value)])
        .concat(Array.fromAsync, globalThis.queueMicrotask, globalThis.process?.nextTick)
        .filter((f) => typeof f === 'function'),
    ]`) as [readonly unknown[], readonly unknown[]];
    for (const func of compilers) this.compilers.add(func);
    for (const func of promising) if (!this.compilers.has(func)) this.promising.add(func);
  }

  /** A function is about to be called; it may call whatever it is called on or given. */
  calling(func: unknown, self: unknown, args: readonly unknown[]): void {
    this.note(func);
    this.note(self);
    for (const arg of args) this.note(arg);
    if (this.compiled) this.pending = true;
  }
  private note(value: unknown): void {
    if (typeof value !== 'function') return;
    if (this.compilers.has(value)) this.compiled = true;
    else if (this.promising.has(value)) this.pending = true;
  }
}
