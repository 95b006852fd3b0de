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
 * @property {string} name with the Node where there are several
 * @property {string} title without
 * @property {boolean} isOurs
 * @property {string | undefined} node the Node binary that it runs on; undefined for a native engine
 * @property {(module: string, args: readonly string[]) => string[]} command
 *
 * @typedef {{ id: string, name: string, why: string }} Absent
 * @typedef {{ path: string, label: string }} Node
 */

export const TIERS = /** @type {const} */ (['interp', 'compiled', 'auto']);
/** @param {string} id */
const isTier = (id) => /** @type {readonly string[]} */ (TIERS).includes(id);
const TIER_NAMES = { interp: 'retunwind, interpreter', compiled: 'retunwind, compiled', auto: 'retunwind, auto' };

/** What runs on Node, once for each Node binary; `needs` is a package. @type {readonly { id: string, name: string, needs?: string, command: (main: string) => string[] }[]} */
const ON_NODE = [
  ...TIERS.map((tier) => ({ id: tier, name: TIER_NAMES[tier], command: (/** @type {string} */ main) => [main, 'run', '--stats', '--tier', tier] })),
  { id: 'node', name: "Node's own engine", command: () => [join(here, 'v8-wasi.mjs')] },
  { id: 'polywasm', name: 'polywasm', needs: 'polywasm', command: () => [join(here, 'polywasm-wasi.mjs')] },
];

/** What must be on PATH, by one of these names. @type {readonly { id: string, name: string, programs: readonly string[], words: readonly string[] }[]} */
const NATIVE = [
  { id: 'wazero', name: 'wazero, compiler', programs: ['wazero'], words: ['run'] },
  { id: 'wazero-interp', name: 'wazero, interpreter', programs: ['wazero'], words: ['run', '-interpreter'] },
  { id: 'wasmtime', name: 'wasmtime', programs: ['wasmtime'], words: ['run'] },
  { id: 'wasmer', name: 'wasmer', programs: ['wasmer'], words: ['run'] },
  { id: 'wasm3', name: 'wasm3', programs: ['wasm3'], words: [] },
  { id: 'wasmi', name: 'wasmi', programs: ['wasmi', 'wasmi_cli'], words: [] },
  { id: 'iwasm', name: 'iwasm', programs: ['iwasm'], words: [] },
  { id: 'wasmedge', name: 'wasmedge', programs: ['wasmedge'], words: ['run'] },
  { id: 'wasm-interp', name: 'wasm-interp', programs: ['wasm-interp'], words: ['--wasi'] },
];

export const ENGINE_IDS = [...ON_NODE, ...NATIVE].map(({ id }) => id);

/** @param {string} name of a package */
function isInstalled(name) {
  try {
    return import.meta.resolve(name) !== '';
  } catch {
    return false;
  }
}

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
  for (const { id, name, needs, command } of ON_NODE.filter((engine) => ids.includes(engine.id))) {
    if (needs !== undefined && !isInstalled(needs)) {
      absent.push({ id, name, why: `the package ${needs} is not installed` });
      continue;
    }
    for (const { path, label } of nodes) {
      const prefix = [path, '--no-warnings', ...flags, ...command(main)];
      engines.push({ id, isOurs: isTier(id), title: name, name: nodes.length === 1 ? name : `${name} (${label})`, node: path, command: (module, args) => [...prefix, module, ...args] });
    }
  }
  for (const { id, name, programs, words } of NATIVE.filter((engine) => ids.includes(engine.id))) {
    const file = programs.map(onPath).find((path) => path !== undefined);
    if (file === undefined) absent.push({ id, name, why: `no ${programs.join(' or ')} on PATH` });
    else engines.push({ id, name, title: name, isOurs: false, node: undefined, command: (module, args) => [file, ...words, module, ...args] });
  }
  engines.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  return { engines, absent };
}
