// @ts-check
// Instructions a second of ours, left alone and under observation: how much of the Go CPU mix (percent) is run in each way.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { builtMain } from './engines.mjs';
import { ratios, spreadOf } from './statistics.mjs';

/** @typedef {{ how: string, about: string, percent: number }} Way */

/** @type {readonly Way[]} */
export const WAYS = [
  { how: 'plain', about: 'left alone', percent: 100 },
  { how: 'rare probe', about: 'a probe where it hardly ever comes', percent: 100 },
  { how: 'probe', about: 'a probe at a function called 3 million times', percent: 100 },
  { how: 'watch', about: 'a watched word of memory', percent: 50 },
  { how: 'traced', about: 'traced: goroutines, unwindings, host …', percent: 50 },
  { how: 'calls traced', about: 'traced: every call', percent: 3 },
  { how: 'every instruction', about: 'a probe before every instruction', percent: 3 },
  { how: 'recorded', about: 'recorded', percent: 100 },
];

/**
 * @typedef {object} Observed
 * @property {string} tier
 * @property {Way} way
 * @property {number[]} speed millions of instructions a second of processor time, one for each round
 * @property {import('./statistics.mjs').Spread | undefined} cost time for an instruction, against the same round left alone
 * @property {string | undefined} problem
 */

/**
 * Every round runs every way in turn.
 * @param {string} node
 * @param {readonly string[]} tiers
 * @param {string} module the Go program
 * @param {{ rounds: number, share: number, main?: string | undefined, begins: (what: string) => void }} how `share` of the work, 0 to 1
 */
export function observeAll(node, tiers, module, { rounds, share, main = builtMain, begins }) {
  const script = join(import.meta.dirname, 'observe.mjs');
  const dist = dirname(dirname(main));
  return tiers.flatMap((tier) => {
    /** @type {Observed[]} */
    const all = WAYS.map((way) => ({ tier, way, speed: [], cost: undefined, problem: undefined }));
    for (let round = 0; round < rounds; round++) {
      for (const one of all) {
        begins(`${one.way.about} (${tier})`);
        if (one.problem !== undefined) continue;
        const percent = Math.max(1, Math.round(one.way.percent * share));
        try {
          const text = execFileSync(node, [script, dist, one.way.how, tier, module, 'mix', String(percent)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
          const { instructions, cpu } = /** @type {{ instructions: number, cpu: number }} */ (JSON.parse(text));
          one.speed.push(instructions / 1e6 / cpu);
        } catch (error) {
          one.problem = /** @type {Error} */ (error).message.split('\n').slice(-3).join(' ');
          one.speed = [];
        }
      }
    }
    const plain = /** @type {Observed} */ (all[0]).speed;
    for (const one of all) if (one.speed.length === plain.length && plain.length > 0) one.cost = spreadOf(ratios(plain, one.speed));
    return all;
  });
}
