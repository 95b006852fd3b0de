/**
 * A JavaScript world of its own: a global object with the standard built-ins, whose values stay what they are when
 * they cross over. Made by the embedder (`host/node/realm.ts`, an iframe in a browser) because the language has no way.
 */
export interface Realm {
  readonly global: object;
  /**
   * Whether the realm holds nothing but what the ECMAScript specification names, so that everything else (`fs`,
   * `process`, timers, ...) is for us to put there. Otherwise it belongs to the embedder and is left as it is.
   */
  readonly fresh: boolean;
  /** Runs a script there and gives its completion value. */
  evaluate(script: string): unknown;
  /** What an object is inside, whatever it pretends to be, where the embedder can tell; without it, no snapshots. */
  classOf?(value: object): ObjectClass;
  /** Tells of promises of the realm that were rejected and that nobody listens to, which end a program. */
  onRejection?(listener: (reason: unknown) => void): void;
  /** How `console.log` shows its arguments. */
  format?(values: readonly unknown[]): string;
}

/** The kinds of objects whose inside can be read and made again; `other` is all the rest: proxies, promises, generators, ... */
export type ObjectClass = 'plain' | 'array' | 'function' | 'date' | 'error' | 'map' | 'set' | 'buffer' | 'view' | 'other';

/**
 * Runs `script` inside the realm: its source text is evaluated there, so that everything it makes, the errors it throws
 * included, belongs to that realm. It must not refer to anything outside itself. The functions of `host` reach it behind
 * functions of the realm, so that no error object of ours comes through: what they throw is a full JavaScript stack.
 */
export function runInside<Host extends object, Result>(realm: Realm, script: (host: Host) => Result, host: Host): Result {
  const inside = realm.evaluate(`(${script.toString()})`) as typeof script;
  const behind = realm.evaluate(`(${guard.toString()})`) as typeof guard;
  return inside(behind(host));
}

function guard<Host extends object>(host: Host): Host {
  'use strict';
  const { Object, RangeError, Reflect } = globalThis;
  const { apply } = Reflect;
  const guarded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(host)) {
    guarded[name] =
      typeof value !== 'function'
        ? value
        : (...args: unknown[]): unknown => {
            try {
              return apply(value as never, undefined, args);
            } catch {
              throw new RangeError('Maximum call stack size exceeded');
            }
          };
  }
  return guarded as Host;
}
