import type { LeafFunction } from '../engine/host-function.js';
import type { Extern, Store } from '../engine/store.js';
import { f32, f64, i32, i64, NULL_HANDLE, type Value } from '../engine/value.js';
import { F32, F64, FUNCREF, I32, I64, type AddressType, type ValType } from '../wasm/types.js';

/** Called with what a `print` function was called with: its name and how many arguments it took. */
const PRINTS: readonly (readonly [string, readonly ValType[]])[] = [
  ['print', []],
  ['print_i32', [I32]],
  ['print_i64', [I64]],
  ['print_f32', [F32]],
  ['print_f64', [F64]],
  ['print_i32_f32', [I32, F32]],
  ['print_f64_f64', [F64, F64]],
];

/** The module `spectest` that the scripts of the official suite import from. Its functions print nothing. */
export function createSpectest(store: Store): ReadonlyMap<string, Extern> {
  const externs = new Map<string, Extern>();
  for (const [name, params] of PRINTS) {
    const host: LeafFunction = { kind: 'leaf', type: { kind: 'func', params, results: [] }, name: `spectest.${name}`, call: () => {} };
    externs.set(name, { kind: 'func', address: store.addHost(host) });
  }
  const globals: readonly (readonly [string, Value])[] = [
    ['global_i32', i32(666)],
    ['global_i64', i64(666n)],
    ['global_f32', f32(666.6)],
    ['global_f64', f64(666.6)],
  ];
  for (const [name, value] of globals) {
    externs.set(name, { kind: 'global', address: store.addGlobal({ value: value.type, mutable: false }, value) });
  }
  const table = (address: AddressType): Extern => ({
    kind: 'table',
    address: store.addTable({ limits: { min: 10n, max: 20n }, address, element: FUNCREF }, NULL_HANDLE),
  });
  externs.set('table', table(I32));
  externs.set('table64', table(I64));
  const memory = (shared: boolean): Extern => ({
    kind: 'memory',
    address: store.addMemory({ limits: { min: 1n, max: 2n }, address: I32, shared, pageSizeLog2: 16 }),
  });
  externs.set('memory', memory(false));
  externs.set('shared_memory', memory(true));
  return externs;
}
