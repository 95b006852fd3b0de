// @ts-check
// From the start of a process to its first output, and the processor time of the whole of a short program: Go's hello
// world on each tier and on Node's own engine. Engines take turns.
import { writeFileSync } from 'node:fs';
import { baselineOf, nothingYet, withRatios } from './compare.mjs';
import { ENGINE_IDS, findEngines } from './engines.mjs';
import { machine } from './machine.mjs';
import { runProcess, timeToOutput } from './measure.mjs';
import { command, NODES, OUTPUT, positive } from './options.mjs';
import { Workplace } from './programs.mjs';
import { markdownTable, Progress, showHeading, showSpread, table } from './report.mjs';
import { median } from './statistics.mjs';

const BASELINE = 'node';

const options = await command('bench:startup', "Go's hello world: milliseconds to its first output, processor time of the process, and both as multiples of Node's own engine.")
  .option('engines', { type: 'string', array: true, choices: ENGINE_IDS, default: ['node', 'interp', 'compiled', 'auto'], describe: 'these engines' })
  .option('node', NODES)
  .option('runs', positive('runs', 'rounds', '15'))
  .options(OUTPUT)
  .example('$0 --engines node auto wazero', 'with one more')
  .parse();

const runs = options.runs ?? (options.quick ? 2 : 15);
const { engines, absent } = findEngines(options.engines, options.node, { main: options.main });
const module = new Workplace().module('hello-go1.27-wasip1');

const results = new Map(engines.map((engine) => [engine, nothingYet(engine)]));
const progress = new Progress(runs * engines.length);
for (let run = 0; run < runs; run++) {
  for (const [engine, result] of results) {
    progress.step(engine.name);
    if (result.problem !== undefined) continue;
    try {
      const line = engine.command(module, []);
      result.wall.push(await timeToOutput(line));
      result.cpu.push(runProcess(line).cpu);
    } catch (error) {
      result.problem = /** @type {Error} */ (error).message;
      result.wall = [];
    }
  }
}
progress.end();

const compared = withRatios(results, BASELINE);
const ms = (/** @type {number[]} */ seconds) => (seconds.length === 0 ? '—' : (median(seconds) * 1e3).toFixed(0));
const ratio = (/** @type {import('./statistics.mjs').Spread | undefined} */ spread) => (spread === undefined ? '' : `${showSpread(spread)}×`);
const hasBaseline = engines.some((engine) => baselineOf(engines, BASELINE, engine) !== undefined);
console.log(`${machine(options.node)}; ${runs} rounds, medians (quartiles)`);
console.log(showHeading("Go's hello world: from the start of the process to its first output, and processor time of the whole", options.markdown));
console.log((options.markdown ? markdownTable : table)([
  ['', 'first output, ms', 'CPU, ms', ...(hasBaseline ? ["first output ÷ Node's own", 'CPU ÷'] : [])],
  ...compared.map(({ engine, wall, cpu, wallRatio, cpuRatio }) => [engine, ms(wall), ms(cpu), ratio(wallRatio), ratio(cpuRatio)]),
]));
for (const { engine, problem } of compared) if (problem !== undefined) console.log(`\n${engine}: ${problem}`);
for (const { name, why } of absent) console.log(`\nabsent: ${name} (${why})`);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine: machine(options.node), runs, compared, absent }, null, 2)}\n`);
