import type { Catalogue } from './catalogue.js';
import type { GoObject } from './inside/intrinsics.js';
import type { Realm } from './realm.js';

/**
 * Knows what a program's calls into JavaScript may have left where nobody can look, or changed where one has to.
 *
 * A promise job is invisible: all must have run before the next event, and while there are any a snapshot would lose
 * them. A job comes from a promise, or from a function that was compiled from source text at run time and so may do
 * anything. A function is taken to call whatever it is called on or given.
 */
export class ScriptWatch {
  /** Whether there may be promise jobs now. */
  jobs = false;
  /** Whether the program has compiled JavaScript. */
  compiled: boolean;
  /** Whether the program may have changed an object of the catalogue. */
  changed = false;
  /** Whether the program may have given a typed array properties beside its elements. */
  adorned = false;
  private readonly catalogue: Catalogue | undefined;
  private readonly compilers = new Set<unknown>();
  private readonly promising = new Set<unknown>();
  private readonly harmless = new Set<unknown>();

  constructor(realm: Realm, go: GoObject, catalogue: Catalogue | undefined) {
    this.catalogue = catalogue;
    this.compiled = !realm.fresh;
    if (!realm.fresh) return;
    const [compilers, promising, harmless] = realm.evaluate(`{
      const functions = (objects) => objects
        .flatMap((object) => [object, ...Object.values(Object.getOwnPropertyDescriptors(object)).map(({ value }) => value)])
        .filter((value) => typeof value === 'function');
      const compilers = [() => {}, async () => {}, function* () {}, async function* () {}].map((f) => f.constructor);
      const generator = async function* () {}.prototype;
      const promising = [Promise, Promise.prototype, generator, Object.getPrototypeOf(generator), { queueMicrotask, next: process.nextTick }];
      if (Array.fromAsync !== undefined) promising.push({ fromAsync: Array.fromAsync });
      [[eval, ...compilers], functions(promising), functions([fs, path, process, crypto, performance, console])];
    }`) as readonly (readonly unknown[])[];
    for (const func of compilers!) this.compilers.add(func);
    for (const func of promising!) if (!this.compilers.has(func)) this.promising.add(func);
    this.harmless.add(go._makeFuncWrapper);
    for (const func of harmless!) if (!this.promising.has(func)) this.harmless.add(func);
  }

  /** A function is about to be called. */
  calling(func: unknown, self: unknown, args: readonly unknown[]): void {
    const harmless = this.harmless.has(func);
    this.note(func);
    if (self !== undefined) this.note(self);
    if (!harmless) this.changing(self);
    for (const arg of args) {
      this.note(arg);
      if (!harmless) this.changing(arg);
    }
    if (this.compiled) this.jobs = this.changed = this.adorned = true;
  }
  private note(value: unknown): void {
    if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return;
    if (this.compilers.has(value)) this.compiled = true;
    else if (this.promising.has(value)) this.jobs = true;
  }

  /** A property of an object is about to be set or deleted, or a function given the object. */
  changing(target: unknown): void {
    if (this.compiled) this.changed = this.adorned = true;
    else if (ArrayBuffer.isView(target)) this.adorned = true;
    else if (this.catalogue?.has(target)) this.changed = true;
  }
}
