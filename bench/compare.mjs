// @ts-check
// Whole processes against each other. Every round runs every engine once, in turn, so that a slow moment of the machine
// strikes all of them; what counts are the ratios within a round.
import { runProcess } from './measure.mjs';
import { median, ratios, spreadOf } from './statistics.mjs';

/**
 * @typedef {import('./engines.mjs').Engine} Engine
 * @typedef {import('./statistics.mjs').Spread} Spread
 *
 * @typedef {object} Compared One engine on one program; times in seconds, of the whole process.
 * @property {string} engine
 * @property {string} id
 * @property {number[]} wall one for each round
 * @property {number[]} cpu
 * @property {Spread | undefined} wallRatio to the baseline in the same round
 * @property {Spread | undefined} cpuRatio
 * @property {number | undefined} instructions how many the program completed; ours count them
 * @property {string | undefined} problem why there are no times, or what is wrong with the output
 */

/** @param {Engine} engine @returns {Compared} */
export const nothingYet = ({ name, id }) => ({ engine: name, id, wall: [], cpu: [], wallRatio: undefined, cpuRatio: undefined, instructions: undefined, problem: undefined });

/** From what `--stats` makes ours say. @param {string} stderr */
function instructionsIn(stderr) {
  const count = /"instructions":(\d+)/.exec(stderr)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** Ours come first, so that the others' output is held against ours. @param {readonly Engine[]} engines */
const oursFirst = (engines) => [...engines].sort((a, b) => Number(b.isOurs) - Number(a.isOurs));

/**
 * Runs a program on every engine, `rounds` times. An engine that fails is not asked again; one with another output
 * keeps its times and says so.
 * @param {readonly Engine[]} engines
 * @param {string} module
 * @param {readonly string[]} args
 * @param {number} rounds
 * @param {(engine: Engine) => void} [begins]
 * @param {typeof runProcess} [run]
 */
export function runAll(engines, module, args, rounds, begins = () => {}, run = runProcess) {
  /** @type {Map<Engine, Compared>} */
  const results = new Map(engines.map((engine) => [engine, nothingYet(engine)]));
  /** @type {{ stdout: string, engine: string } | undefined} */
  let expected;
  for (let round = 0; round < rounds; round++) {
    for (const engine of oursFirst(engines)) {
      const result = /** @type {Compared} */ (results.get(engine));
      begins(engine);
      if (result.problem !== undefined && result.wall.length === 0) continue;
      try {
        const { wall, cpu, stdout, stderr } = run(engine.command(module, args));
        expected ??= { stdout, engine: engine.name };
        if (stdout !== expected.stdout) result.problem = `another output than ${expected.engine}`;
        result.instructions ??= instructionsIn(stderr);
        result.wall.push(wall);
        result.cpu.push(cpu);
      } catch (error) {
        result.problem = /** @type {Error} */ (error).message;
        result.wall = [];
        result.cpu = [];
      }
    }
  }
  return results;
}

/**
 * What `engine` is measured against: the baseline on the same Node, the one on the first Node for native engines.
 * @param {readonly Engine[]} engines
 * @param {string} id
 * @param {Engine} engine
 */
export const baselineOf = (engines, id, engine) => engines.find((other) => other.id === id && (engine.node === undefined || other.node === engine.node));

/** @param {Map<Engine, Compared>} results @param {string} baseline an engine's id */
export function withRatios(results, baseline) {
  const engines = [...results.keys()];
  for (const [engine, own] of results) {
    const base = baselineOf(engines, baseline, engine);
    const theirs = base && results.get(base);
    if (theirs === undefined || own.wall.length === 0 || own.wall.length !== theirs.wall.length) continue;
    own.wallRatio = spreadOf(ratios(own.wall, theirs.wall));
    own.cpuRatio = spreadOf(ratios(own.cpu, theirs.cpu));
  }
  return [...results.values()];
}

/** Seconds, or nothing where an engine has failed. @param {readonly number[]} times */
export const typical = (times) => (times.length === 0 ? undefined : median(times));
