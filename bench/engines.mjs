// @ts-check
// The engines that are compared, and how each is asked to run a WASI command.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { onPath } from './measure.mjs';

const here = import.meta.dirname;
export const builtMain = join(here, '../dist/cli/main.js');

/**
 * @typedef {object} Engine
 * @property {string} id what `--engines` calls it
 * @property {string} name
 * @property {string | undefined} node the Node binary that it runs on; undefined for a native engine
 * @property {(module: string, args: readonly string[]) => string[]} command
 *
 * @typedef {{ id: string, name: string, why: string }} Absent
 * @typedef {{ path: string, label: string }} Node
 */

export const TIERS = /** @type {const} */ (['interp', 'compiled', 'auto']);
const TIER_NAMES = { interp: 'retunwind, interpreter', compiled: 'retunwind, compiled', auto: 'retunwind, auto' };

/** What runs on Node: once for each Node binary. @type {readonly { id: string, name: string, command: (main: string) => string[] }[]} */
const ON_NODE = [
  ...TIERS.map((tier) => ({ id: tier, name: TIER_NAMES[tier], command: (/** @type {string} */ main) => [main, 'run', '--tier', tier] })),
  { id: 'node', name: "Node's own engine", command: () => [join(here, 'v8-wasi.mjs')] },
];

/** What must be on PATH. @type {readonly { id: string, name: string, program: string, words: readonly string[] }[]} */
const NATIVE = [
  { id: 'wazero', name: 'wazero, compiler', program: 'wazero', words: ['run'] },
  { id: 'wazero-interp', name: 'wazero, interpreter', program: 'wazero', words: ['run', '-interpreter'] },
  { id: 'wasmtime', name: 'wasmtime', program: 'wasmtime', words: ['run'] },
  { id: 'wasmer', name: 'wasmer', program: 'wasmer', words: ['run'] },
  { id: 'wasm3', name: 'wasm3', program: 'wasm3', words: [] },
  { id: 'wasmi', name: 'wasmi', program: 'wasmi_cli', words: [] },
  { id: 'iwasm', name: 'iwasm', program: 'iwasm', words: [] },
  { id: 'wasmedge', name: 'wasmedge', program: 'wasmedge', words: [] },
];

export const ENGINE_IDS = [...ON_NODE, ...NATIVE].map(({ id }) => id);

/** @param {string} path @returns {Node} */
export function nodeAt(path) {
  const { stdout, status } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${path} is not a Node binary`);
  return { path, label: `Node ${stdout.trim().replace(/^v/, '')}` };
}

/**
 * The engines of `ids` that are there, in this order, and those that are not.
 * @param {readonly string[]} ids
 * @param {readonly Node[]} nodes
 * @param {object} [how]
 * @param {string | undefined} [how.main] the command line of ours
 * @param {readonly string[]} [how.flags] for Node
 */
export function findEngines(ids, nodes, { main = builtMain, flags = [] } = {}) {
  /** @type {Engine[]} */
  const engines = [];
  /** @type {Absent[]} */
  const absent = [];
  for (const { path, label } of nodes) {
    for (const { id, name, command } of ON_NODE) {
      if (!ids.includes(id)) continue;
      const prefix = [path, '--no-warnings', ...flags, ...command(main)];
      engines.push({ id, name: nodes.length === 1 ? name : `${name} (${label})`, node: path, command: (module, args) => [...prefix, module, ...args] });
    }
  }
  for (const { id, name, program, words } of NATIVE) {
    if (!ids.includes(id)) continue;
    const file = onPath(program);
    if (file === undefined) absent.push({ id, name, why: `no ${program} on PATH` });
    else engines.push({ id, name, node: undefined, command: (module, args) => [file, ...words, module, ...args] });
  }
  engines.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  return { engines, absent };
}
