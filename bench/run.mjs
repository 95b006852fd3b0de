// @ts-check
// The comparison with other engines: whole processes, their times and outputs. What they print must be the same; an
// engine that is absent, fails, or prints something else is named.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { drawChart } from './chart.mjs';
import { runAll, typical, withRatios } from './compare.mjs';
import { ENGINE_IDS, findEngines, TIERS } from './engines.mjs';
import { machine } from './machine.mjs';
import { observeAll, WAYS } from './observing.mjs';
import { command, NODES, OUTPUT, positive } from './options.mjs';
import { PROGRAMS, Workplace } from './programs.mjs';
import { digits, markdownTable, Progress, showHeading, showSpread, table } from './report.mjs';
import { geometricMean, median } from './statistics.mjs';

const PARTS = /** @type {const} */ (['programs', 'observed', 'memory']);

const options = await command('bench', 'Compares retunwind with other engines: whole processes, medians over interleaved rounds, ratios with their quartiles.')
  .option('only', { type: 'string', array: true, choices: PROGRAMS.map(({ id }) => id), default: PROGRAMS.map(({ id }) => id), describe: 'these programs' })
  .option('engines', { type: 'string', array: true, choices: ENGINE_IDS, default: ENGINE_IDS, describe: 'these engines' })
  .option('parts', { type: 'string', array: true, choices: PARTS, default: PARTS, describe: 'programs on all engines; speed under observation; memory of a loaded module' })
  .option('node', NODES)
  .option('runs', positive('runs', 'rounds', '5'))
  .option('percent', positive('percent', 'how much of the work', '100'))
  .option('baseline', { type: 'string', choices: ENGINE_IDS, default: 'auto', describe: 'what the ratios are to' })
  .option('big', { type: 'string', describe: 'a module of 14 MB for the memory part, such as esbuild.wasm of the npm package esbuild-wasm' })
  .option('big-args', { type: 'string', array: true, default: ['--minify', '--loader=js'], describe: 'its arguments' })
  .option('svg', { type: 'string', describe: 'a file for a chart of the elapsed times' })
  .option('summary', { type: 'boolean', default: false, describe: 'one table for all programs, none for each' })
  .options(OUTPUT)
  .example('$0 --quick', 'does everything work?')
  .example('$0 --only mix --engines auto node wazero', 'one program, three engines')
  .example('$0 --node node $HOME/node26/bin/node', 'on two Nodes')
  .example('$0 --json bench.json --svg bench.svg', 'all figures, a chart')
  .epilogue('More: npm run bench:steady (kernels after warm-up), bench:micro (single operations), bench:replay (recording and going back), bench:startup (to the first output), bench:readme (the figures of the README).')
  .parse();

const usual = options.quick ? { rounds: 1, percent: 5 } : { rounds: 5, percent: 100 };
const rounds = options.runs ?? usual.rounds;
const percent = options.percent ?? usual.percent;
const show = options.markdown ? markdownTable : table;
const nodes = options.node;
const firstNode = /** @type {import('./engines.mjs').Node} */ (nodes[0]);
const { engines, absent } = findEngines(options.engines, nodes, { main: options.main });
const tiers = TIERS.filter((tier) => options.engines.includes(tier));
const programs = PROGRAMS.filter(({ id }) => options.only.includes(id));
const has = (/** @type {typeof PARTS[number]} */ part) => options.parts.includes(part);
const workplace = new Workplace();

/** @param {string} title */
const heading = (title) => console.log(showHeading(title, options.markdown));
/** @param {number | undefined} seconds */
const time = (seconds) => (seconds === undefined ? '—' : `${digits(seconds)} s`);
/** @typedef {import('./compare.mjs').Compared} Compared */
/** @typedef {{ id: string, title: string, instructions: number | undefined, engines: Compared[] }} Result */

function comparePrograms() {
  const progress = new Progress(programs.length * rounds * engines.length);
  const modules = new Map(programs.map(({ module }) => [module, workplace.module(module)]));
  /** @type {Result[]} */
  const results = programs.map(({ id, title, module, words, size }) => {
    const path = /** @type {string} */ (modules.get(module));
    const args = [...words, String(Math.max(1, Math.round((size * percent) / 100)))];
    const all = runAll(engines, path, args, rounds, (engine) => progress.step(`${id}: ${engine.name}`));
    const compared = withRatios(all, options.baseline);
    return { id, title, instructions: compared.find(({ instructions }) => instructions !== undefined)?.instructions, engines: compared };
  });
  progress.end();
  return results;
}

/** @param {Result} result */
function showProgram({ title, instructions, engines: compared }) {
  heading(`${title}${instructions === undefined ? '' : ` (${(instructions / 1e9).toFixed(2)} billion instructions)`}`);
  const rows = compared.map(({ engine, wall, cpu, wallRatio, cpuRatio }) => {
    const elapsed = typical(wall);
    return [
      engine,
      time(elapsed),
      time(typical(cpu)),
      wallRatio === undefined ? '' : showSpread(wallRatio),
      cpuRatio === undefined ? '' : showSpread(cpuRatio),
      elapsed === undefined || instructions === undefined ? '' : digits(instructions / 1e6 / elapsed),
    ];
  });
  console.log(show([['', 'elapsed', 'CPU', `elapsed ÷ ${options.baseline}`, `CPU ÷ ${options.baseline}`, 'M instructions/s'], ...rows]));
  for (const { engine, problem } of compared) if (problem !== undefined) console.log(`\n${engine}: ${problem}`);
}

/** One table of all programs. @param {readonly Result[]} results */
function showSummary(results) {
  heading(`Elapsed seconds, and the geometric means of the ratios to ${options.baseline}`);
  const rows = engines.map((engine, i) => {
    const all = results.map((result) => /** @type {Compared} */ (result.engines[i]));
    const mean = (/** @type {'wallRatio' | 'cpuRatio'} */ kind) =>
      all.every((one) => one[kind] !== undefined) ? digits(geometricMean(all.map((one) => /** @type {import('./statistics.mjs').Spread} */ (one[kind]).median))) : '';
    const seconds = all.map(({ wall, problem }) => (wall.length === 0 ? '—' : `${digits(median(wall))}${problem === undefined ? '' : '!'}`));
    return [engine.name, ...seconds, mean('wallRatio'), mean('cpuRatio')];
  });
  console.log(show([['', ...results.map(({ id }) => id), 'elapsed ratio', 'CPU ratio'], ...rows]));
  if (!options.summary) return;
  for (const problem of problemsOf(results)) console.log(`\n${problem}`);
}

/** What is wrong with whom, each said once for all programs it is true of. @param {readonly Result[]} results */
function problemsOf(results) {
  /** @type {Map<string, string[]>} */
  const programsOf = new Map();
  for (const { id, engines: compared } of results) {
    for (const { engine, problem } of compared) {
      if (problem === undefined) continue;
      const key = `${engine}: ${problem}`;
      programsOf.set(key, [...(programsOf.get(key) ?? []), id]);
    }
  }
  return [...programsOf].map(([problem, ids]) => `${problem} (${ids.join(', ')})`);
}

/** @param {readonly Result[]} results @param {string} file */
function writeChart(results, file) {
  const panels = results.map(({ title, engines: compared }) => ({
    title,
    bars: compared.map(({ engine, id, wall, problem }) => {
      const value = typical(wall);
      const [low, high] = value === undefined ? [] : [Math.min(...wall), Math.max(...wall)];
      /** @type {import('./chart.mjs').Bar['tone']} */
      const tone = /** @type {readonly string[]} */ (TIERS).includes(id) ? 'ours' : id === 'node' ? 'base' : 'other';
      const text = value === undefined ? 'does not run it' : `${digits(value)} s${problem === undefined ? '' : ', other output'}`;
      return { label: engine, value, ...(low !== undefined && high !== undefined && { low, high }), text, tone };
    }),
  }));
  const missing = absent.length === 0 ? '' : ` Not here: ${absent.map(({ name }) => name).join(', ')}.`;
  writeFileSync(file, drawChart({ title: 'Elapsed seconds of whole programs', note: `${machine(nodes)}; ${rounds} rounds, medians and extremes.${missing}`, panels }));
}

function observe() {
  const progress = new Progress(tiers.length * WAYS.length * rounds);
  const observed = observeAll(firstNode.path, tiers, workplace.module(PROGRAMS[0]?.module ?? ''), {
    rounds, share: percent / 100, main: options.main, begins: (what) => progress.step(what),
  });
  progress.end();
  heading(`Millions of instructions a CPU second under observation (Go CPU mix, ${firstNode.label}), and the cost as a multiple of being left alone`);
  const rows = WAYS.map((way) => [
    way.about,
    ...tiers.map((tier) => {
      const one = observed.find((other) => other.tier === tier && other.way === way);
      return one === undefined || one.speed.length === 0 ? '—' : `${digits(median(one.speed))}${one.cost === undefined || way.how === 'plain' ? '' : `  ${showSpread(one.cost)}×`}`;
    }),
  ]);
  console.log(show([['', ...tiers], ...rows]));
  for (const { tier, way, problem } of observed) if (problem !== undefined) console.log(`\n${tier}, ${way.about}: ${problem}`);
  return observed;
}

/** @typedef {{ file: string, tier: string, bytes: number, decodeMBs: number, bothMBs: number, loaded: number, ready: number, run: number, problem?: string }} Loaded */

function memory() {
  const asked = [
    { file: workplace.module(PROGRAMS[0]?.module ?? ''), args: ['mix', '5'] },
    ...(options.big === undefined ? [] : [{ file: options.big, args: options.bigArgs }]),
  ];
  const script = join(import.meta.dirname, 'load.mjs');
  const progress = new Progress(asked.length * tiers.length);
  /** @type {Loaded[]} */
  const loads = asked.flatMap(({ file, args }) =>
    tiers.map((tier) => {
      progress.step(`${basename(file)}: memory (${tier})`);
      const text = execFileSync(firstNode.path, ['--expose-gc', script, dirname(dirname(options.main)), tier, file, ...args], { encoding: 'utf8' });
      return { file: basename(file), tier, .../** @type {Omit<Loaded, 'file' | 'tier'>} */ (JSON.parse(text)) };
    }),
  );
  progress.end();
  heading(`Loading, and memory held beside the guest's own as a multiple of the module's size (${firstNode.label})`);
  console.log(show([
    ['module', 'tier', 'MB', 'decode', 'decode and validate', 'loaded', 'ready to run', 'after its run'],
    ...loads.map(({ file, tier, bytes, decodeMBs, bothMBs, loaded, ready, run }) =>
      [file, tier, (bytes / 1e6).toFixed(1), `${decodeMBs.toFixed(0)} MB/s`, `${bothMBs.toFixed(0)} MB/s`, `${digits(loaded)}×`, `${digits(ready)}×`, `${digits(run)}×`]),
  ]));
  if (options.big === undefined) console.log('\nabsent: a module of 14 MB (--big FILE)');
  return loads;
}

console.log(`${machine(nodes)}; ${rounds} rounds of ${percent} %, medians (quartiles)`);
const results = has('programs') ? comparePrograms() : [];
if (!options.summary) results.forEach(showProgram);
if (has('programs') && (options.summary || results.length > 1)) showSummary(results);
if (has('programs') && absent.length > 0) console.log(`\nabsent: ${absent.map(({ name, why }) => `${name} (${why})`).join(', ')}`);
if (options.svg !== undefined && has('programs')) writeChart(results, options.svg);
const observed = has('observed') ? observe() : [];
const loads = has('memory') ? memory() : [];

if (options.json !== undefined) {
  const { version } = /** @type {{ version: string }} */ (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));
  writeFileSync(options.json, `${JSON.stringify({ version, machine: machine(nodes), rounds, percent, baseline: options.baseline, programs: results, absent, observed, memory: loads }, null, 2)}\n`);
}
if (results.some((result) => result.engines.some(({ problem }) => problem?.startsWith('another output')))) process.exitCode = 1;
