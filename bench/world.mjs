// @ts-check
// The library as a benchmark uses it from inside a process: a program in a virtual world, whose output goes nowhere.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The library as it was built into a folder.
 * @param {string} dist
 */
export async function libraryAt(dist) {
  const from = (/** @type {string} */ file) => import(pathToFileURL(join(dist, file)).href);
  return {
    .../** @type {typeof import('../dist/index.js')} */ (await from('index.js')),
    .../** @type {typeof import('../dist/node.js')} */ (await from('node.js')),
    .../** @type {typeof import('../dist/replay/recorder.js')} */ (await from('replay/recorder.js')),
    .../** @type {typeof import('../dist/program/inspect.js')} */ (await from('program/inspect.js')),
  };
}

/**
 * @typedef {Awaited<ReturnType<typeof libraryAt>>} Library
 * @typedef {NonNullable<import('../dist/index.js').ProgramOptions['tier']>} Tier
 */

/**
 * What a program of `module` needs to run on the virtual clock with seed 0.
 * @param {Library} library
 * @param {import('../dist/index.js').Module} module
 * @param {readonly string[]} args
 * @param {Tier} tier
 * @param {string} [input] on its standard input
 * @returns {import('../dist/index.js').ProgramOptions}
 */
export function virtualOptions({ BufferedInput, MemoryFs, freshRealm, programKind }, module, args, tier, input = '') {
  return {
    tier,
    // As on the command line.
    ...(tier === 'compiled' && { patience: 1 }),
    world: {
      args: ['bench', ...args],
      clock: 'virtual',
      random: 0,
      streams: { stdin: new BufferedInput(new TextEncoder().encode(input)), write: () => {}, isTerminal: () => false },
      ...(programKind(module) === 'go-js' && { js: { realm: freshRealm(), fs: new MemoryFs({ realtime: () => 0n }) } }),
    },
  };
}
