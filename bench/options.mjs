// @ts-check
// The options that the benchmarks share.
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { builtMain, nodeAt } from './engines.mjs';

/** @param {string} script of package.json @param {string} about what it measures */
export const command = (script, about) =>
  yargs(hideBin(process.argv))
    .scriptName(`npm run ${script} --`)
    .usage(`$0 [options]\n\n${about}`)
    .option('quick', { type: 'boolean', default: false, describe: 'roughly: does everything work?' })
    .option('main', { type: 'string', default: builtMain, defaultDescription: 'dist/cli/main.js', describe: 'the command line of another build of retunwind' })
    .strict()
    .version(false)
    .wrap(110);

/** Node binaries, looked at. */
export const NODES = /** @type {const} */ ({
  type: 'string',
  array: true,
  default: [process.execPath],
  describe: 'Node binaries to run on',
  coerce: (/** @type {string[]} */ paths) => paths.map(nodeAt),
});

/** What becomes of the figures. */
export const OUTPUT = /** @type {const} */ ({
  json: { type: 'string', describe: 'a file for all figures' },
  markdown: { type: 'boolean', default: false, describe: 'tables to be pasted' },
});

/** A number that must be positive. @param {string} name @param {string} describe @param {string} usual */
export const positive = (name, describe, usual) =>
  /** @type {const} */ ({
    type: 'number',
    describe,
    defaultDescription: usual,
    coerce: (/** @type {number} */ value) => {
      if (!(value > 0)) throw new Error(`--${name} takes a positive number`);
      return value;
    },
  });
