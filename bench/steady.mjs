// @ts-check
// Steady state: a kernel of Go's, round after round in one process, timed by the program itself. The first round holds
// the warm-up; the figure is the median of the second half of the rounds. Engines take turns.
import { writeFileSync } from 'node:fs';
import { baselineOf } from './compare.mjs';
import { ENGINE_IDS, findEngines } from './engines.mjs';
import { machine } from './machine.mjs';
import { runProcess } from './measure.mjs';
import { command, NODES, OUTPUT, positive } from './options.mjs';
import { GO_BENCH, KERNELS, SWITCHES, Workplace } from './programs.mjs';
import { digits, markdownTable, Progress, showHeading, showSpread, table } from './report.mjs';
import { geometricMean, median, ratios, spreadOf } from './statistics.mjs';

const ROUNDS = { ...KERNELS, ...SWITCHES };
const BASELINE = 'node';

const options = await command('bench:steady', "Milliseconds a round after warm-up, and how many times as many as Node's own engine on the same Node takes.")
  .option('only', { type: 'string', array: true, choices: Object.keys(ROUNDS), default: Object.keys(ROUNDS), describe: 'these kernels' })
  .option('engines', { type: 'string', array: true, choices: ENGINE_IDS, default: ['node', 'interp', 'compiled'], describe: 'these engines' })
  .option('node', NODES)
  .option('runs', positive('runs', 'processes for each kernel and engine', '3'))
  .option('seconds', positive('seconds', 'how long each process goes on', '3'))
  .option('cpu', { type: 'boolean', default: false, describe: 'processor time in place of elapsed time, for a busy machine; engines on Node only' })
  .option('best', { type: 'boolean', default: false, describe: 'the fastest round in place of the median' })
  .options(OUTPUT)
  .example('$0 --quick --only json fib', 'two kernels, roughly')
  .example('$0 --node node $HOME/node26/bin/node', 'the same on two Nodes')
  .parse();

const usual = options.quick ? { runs: 1, seconds: 1 } : { runs: 3, seconds: 3 };
const runs = options.runs ?? usual.runs;
const seconds = options.seconds ?? usual.seconds;
const kernels = /** @type {(keyof typeof ROUNDS)[]} */ (options.only);
const show = options.markdown ? markdownTable : table;
const nodes = options.node;
const { engines, absent } = findEngines(options.engines, nodes, { main: options.main, flags: options.cpu ? ['--import', import.meta.resolve('./cpu-clock.mjs')] : [] });
const native = options.cpu ? engines.find(({ node }) => node === undefined) : undefined;
if (native !== undefined) {
  console.error(`${native.name} has no clock of processor time: --cpu is for engines on Node`);
  process.exit(1);
}
const module = new Workplace().module(GO_BENCH);

/** @typedef {{ kernel: string, engine: string, id: string, node: string | undefined, ms: number[], first: number[] }} Measured */

/** @type {Map<string, Measured>} */
const measured = new Map();
/** @type {string[]} */
const problems = [];
/** @param {string} kernel @param {string} engine */
const key = (kernel, engine) => `${kernel} ${engine}`;

/** One process: what a round took in the end, and the first one; milliseconds. @param {string} text */
function read(text) {
  const [checksum, line] = text.split('\n');
  const times = (line ?? '').split(' ').map((ns) => Number(ns) / 1e6);
  const late = times.slice(Math.floor(times.length / 2));
  return { checksum, first: /** @type {number} */ (times[0]), ms: options.best ? Math.min(...times) : median(late) };
}

const progress = new Progress(kernels.length * runs * engines.length);
for (const kernel of kernels) {
  /** @type {string | undefined} */
  let expected;
  for (let run = 0; run < runs; run++) {
    for (const engine of engines) {
      progress.step(`${kernel}: ${engine.name}`);
      try {
        const { stdout } = runProcess(engine.command(module, ['rounds', kernel, String(ROUNDS[kernel]), String(Math.ceil(seconds))]));
        const { checksum, ms, first } = read(stdout);
        expected ??= checksum;
        if (checksum !== expected) throw new Error(`another result: ${checksum} in place of ${expected}`);
        const row = measured.get(key(kernel, engine.name)) ?? { kernel, engine: engine.name, id: engine.id, node: engine.node, ms: [], first: [] };
        measured.set(key(kernel, engine.name), row);
        row.ms.push(ms);
        row.first.push(first);
      } catch (error) {
        problems.push(`${engine.name}, ${kernel}: ${/** @type {Error} */ (error).message}`);
      }
    }
  }
}
progress.end();

/** @param {string} kernel @param {import('./engines.mjs').Engine} engine @param {'ms' | 'first'} what */
function ratiosOf(kernel, engine, what) {
  const base = baselineOf(engines, BASELINE, engine);
  const own = measured.get(key(kernel, engine.name));
  const theirs = base && measured.get(key(kernel, base.name));
  return own === undefined || theirs === undefined || theirs === own || own.ms.length !== theirs.ms.length ? undefined : ratios(own[what], theirs[what]);
}

/** @param {string} kernel @param {import('./engines.mjs').Engine} engine @param {'ms' | 'first'} what */
function cell(kernel, engine, what) {
  const own = measured.get(key(kernel, engine.name));
  if (own === undefined) return '—';
  const ratio = ratiosOf(kernel, engine, what);
  return ratio === undefined ? digits(median(own[what])) : `${digits(median(own[what]))}  ${showSpread(spreadOf(ratio))}×`;
}

/** @param {import('./engines.mjs').Engine} engine @param {'ms' | 'first'} what */
function mean(engine, what) {
  const all = kernels.filter((kernel) => kernel in KERNELS).map((kernel) => ratiosOf(kernel, engine, what));
  return all.length === 0 || all.includes(undefined) ? '' : `${digits(geometricMean(all.map((ratio) => median(/** @type {number[]} */ (ratio)))))}×`;
}

/** Of one Node; native engines stand with the first. @param {import('./engines.mjs').Node} node @param {'ms' | 'first'} what */
function rowsOf(node, what) {
  const columns = engines.filter((engine) => (engine.node ?? nodes[0]?.path) === node.path);
  const row = (/** @type {string} */ title, /** @type {string} */ kernel) => [title, ...columns.map((engine) => cell(kernel, engine, what))];
  return [
    ['', ...columns.map(({ title }) => title)],
    ...kernels.filter((kernel) => kernel in KERNELS).map((kernel) => row(kernel, kernel)),
    ['geometric mean', ...columns.map((engine) => mean(engine, what))],
    ...(kernels.includes('switches') ? [row('100,000 goroutine switches', 'switches')] : []),
  ];
}

console.log(`${machine(nodes)}; ${runs} × ${seconds} s, ${options.cpu ? 'processor time, ' : ''}${options.best ? 'fastest rounds' : 'medians'}`);
for (const node of nodes) {
  console.log(showHeading(`${node.label}: milliseconds a round in steady state, and how many times as many as in Node's own engine`, options.markdown));
  console.log(show(rowsOf(node, 'ms')));
  console.log(showHeading(`${node.label}: the first round, warm-up included`, options.markdown));
  console.log(show(rowsOf(node, 'first')));
}
for (const { name, why } of absent) console.log(`\nabsent: ${name} (${why})`);
for (const problem of problems) console.log(`\nfailed: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine: machine(nodes), runs, seconds, measured: [...measured.values()], absent, problems }, null, 2)}\n`);
