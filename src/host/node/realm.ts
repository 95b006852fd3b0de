import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { performance } from 'node:perf_hooks';
import * as util from 'node:util';
import * as vm from 'node:vm';
import type { Realm } from '../gojs/realm.js';

const isProxy = (value: object): boolean => util.types.isProxy(value);

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
    isProxy,
    // Inspectors that a value brings along would be called with objects of the host.
    format: (values) => util.formatWithOptions({ customInspect: false }, ...values),
  };
}

/** Node's own global object, with what Go's host for Node adds to it. The program can do whatever Node can. */
export function nodeRealm(): Realm {
  Object.assign(globalThis, { require: createRequire(path.join(process.cwd(), '/')), fs, path });
  const present = globalThis as { performance?: unknown; crypto?: unknown };
  present.performance ??= performance;
  present.crypto ??= crypto.webcrypto;
  const evaluate = (script: string): unknown => vm.runInThisContext(script);
  return { global: globalThis, fresh: false, evaluate, isProxy };
}
