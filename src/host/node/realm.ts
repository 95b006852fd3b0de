import * as fs from 'node:fs';
import * as path from 'node:path';
import * as types from 'node:util/types';
import * as vm from 'node:vm';
import type { ObjectClass, Realm } from '../gojs/realm.js';

/** Loaded where it is needed: together they take longer than a short program. */
const util = () => process.getBuiltinModule('node:util');
const nodeModule = () => process.getBuiltinModule('node:module');

function classOf(value: object): ObjectClass {
  if (types.isProxy(value)) return 'other';
  if (typeof value === 'function') return 'function';
  if (Array.isArray(value)) return 'array';
  if (types.isDate(value)) return 'date';
  if (types.isNativeError(value)) return 'error';
  if (types.isMap(value)) return 'map';
  if (types.isSet(value)) return 'set';
  if (types.isArrayBuffer(value)) return 'buffer';
  if (ArrayBuffer.isView(value)) return 'view';
  const special =
    types.isArgumentsObject(value) ||
    types.isBoxedPrimitive(value) ||
    types.isExternal(value) ||
    types.isGeneratorObject(value) ||
    types.isMapIterator(value) ||
    types.isModuleNamespaceObject(value) ||
    types.isPromise(value) ||
    types.isRegExp(value) ||
    types.isSetIterator(value) ||
    types.isSharedArrayBuffer(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value);
  return special ? 'other' : 'plain';
}

/** Who wants to hear of the rejected promises that have this constructor. */
interface Hearer {
  readonly type: PromiseConstructor;
  readonly listener: (reason: unknown) => void;
}

/** Realms come and go; what listens to one lives as long as its realm. */
const hearers = new Set<WeakRef<Hearer>>();

/** Node has one place for the promises of all realms, and where nobody listens, it ends the process. */
function onUnhandledRejection(reason: unknown, promise: Promise<unknown>): void {
  for (const entry of hearers) {
    const hearer = entry.deref();
    if (hearer === undefined) hearers.delete(entry);
    else if (promise instanceof hearer.type) {
      hearer.listener(reason);
      return;
    }
  }
  if (process.listenerCount('unhandledRejection') === 1) throw reason;
}

/** What a realm needs to pass on its rejections, and to keep the listener alive with itself. */
function rejections(type: PromiseConstructor): Required<Pick<Realm, 'onRejection'>> & { hearers: Hearer[] } {
  const kept: Hearer[] = [];
  return {
    hearers: kept,
    onRejection: (listener) => {
      if (hearers.size === 0) process.on('unhandledRejection', onUnhandledRejection);
      const hearer = { type, listener };
      kept.push(hearer);
      hearers.add(new WeakRef(hearer));
    },
  };
}

/**
 * A realm with nothing in it but ECMAScript. Its global object is an ordinary one, not Node's usual window onto an object
 * of the host. As confined as `node:vm` is, and no more.
 */
export function freshRealm(): Realm {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    name: 'go',
    codeGeneration: { strings: true, wasm: false },
  });
  const evaluate = (script: string): unknown => vm.runInContext(script, context);
  return {
    global: evaluate('globalThis') as object,
    fresh: true,
    evaluate,
    classOf,
    ...rejections(evaluate('Promise') as PromiseConstructor),
    // Inspectors that a value brings along would be called with objects of the host.
    format: (values) => util().formatWithOptions({ customInspect: false }, ...values),
  };
}

/** Node's own global object, with what Go's host for Node adds to it. The program can do whatever Node can. */
export function nodeRealm(): Realm {
  Object.assign(globalThis, { require: nodeModule().createRequire(path.join(process.cwd(), '/')), fs, path });
  const present = globalThis as { crypto?: unknown };
  present.crypto ??= process.getBuiltinModule('node:crypto').webcrypto;
  const evaluate = (script: string): unknown => vm.runInThisContext(script);
  return { global: globalThis, fresh: false, evaluate, classOf, ...rejections(Promise) };
}
