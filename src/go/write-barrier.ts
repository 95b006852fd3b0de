import type { Module } from '../wasm/module.js';
import { type FuncType, I64 } from '../wasm/types.js';
import { globalLayout } from './recognise.js';

/**
 * The functions of the collector's write barrier, by their positions in the function index space; none in a module that
 * is not Go's. They are known by what they take and answer, which no other function that Go's code calls does: up to Go
 * 1.20 a place and a pointer (`runtime.gcWriteBarrier`), then nothing, for room in the buffer of `runtime.wbBuf`
 * (`runtime.gcWriteBarrier1` to `8`). Code that stores pointers has a branch to them, which nothing takes before the
 * first collection.
 */
export function writeBarriers(module: Module): number[] {
  if (globalLayout(module) === undefined) return [];
  const types = new Set(module.types.flatMap(({ comp }, i) => (comp.kind === 'func' && isBarrier(comp) ? [i] : [])));
  return module.funcs.flatMap(({ type }, i) => (types.has(type) ? [module.imported.funcs + i] : []));
}

function isBarrier({ params, results }: FuncType): boolean {
  if (params.length === 0) return results.length === 1 && results[0] === I64;
  return params.length === 2 && params[0] === I64 && params[1] === I64 && results.length === 0;
}
