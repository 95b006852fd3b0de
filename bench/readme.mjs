// @ts-check
// Takes the figures that the project's README shows and puts them between its marks, with the chart beside it.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, NODES } from './options.mjs';

const BEGIN = '<!-- figures: npm run bench:readme -->';
const END = '<!-- end of the figures -->';
const root = join(import.meta.dirname, '..');
const readme = join(root, 'README.md');

const options = await command('bench:readme', 'Measures everything (twenty minutes for each Node on a quiet machine) and writes README.md and bench/figures.svg.')
  .option('node', NODES)
  .option('big', { type: 'string', describe: 'a module of 14 MB, such as esbuild.wasm of the npm package esbuild-wasm' })
  .option('print', { type: 'boolean', default: false, describe: 'print the text, write nothing' })
  .example('$0 --node node $HOME/node26/bin/node --big esbuild.wasm', 'all figures')
  .parse();

const common = ['--markdown', '--node', ...options.node.map(({ path }) => path), '--main', options.main, ...(options.quick ? ['--quick'] : [])];
const chart = options.print ? [] : ['--svg', join(root, 'bench/figures.svg')];
const big = options.big === undefined ? [] : ['--big', options.big];

const rounds = options.quick ? [] : ['--runs', '3'];
// json compiles for most of ten seconds.
const steady = ['--engines', 'node', 'compiled', ...(options.quick ? [] : ['--runs', '1', '--seconds', '15'])];

/** What a benchmark prints. @param {string} script @param {readonly string[]} args */
function figures(script, args) {
  const { stdout, status, error } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (error !== undefined) throw error;
  if (status !== 0) console.error(`${script} found something wrong: read what it says before you commit it`);
  return stdout.trim();
}

const text = ['![Elapsed seconds of whole programs](bench/figures.svg)', figures('run.mjs', [...common, '--summary', ...rounds, ...chart, ...big]), figures('steady.mjs', [...common, ...steady]), figures('startup.mjs', common)].join('\n\n');
if (options.print) console.log(text);
else {
  const before = readFileSync(readme, 'utf8');
  const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no marks ${BEGIN} … ${END}`);
  writeFileSync(readme, `${before.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${before.slice(end)}`);
}
