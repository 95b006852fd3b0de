// @ts-check
// Differential fuzzing: random modules in this machine and in the own engine of a Node, every export called with
// seeded arguments; results, traps, logs, globals, tables and memories compared after each call.
//
//   node tools/fuzz.mjs [--count N] [--seed N] [--minutes N] [--tier interp|compiled|auto] [--node PATH] [--out FOLDER]
//
// --node is the Node whose engine is asked; without it, `node26` of the PATH, or what `npx --package node@26` brings,
// in this order. Every difference is written to the folder (default: fuzz-findings), as SEED.wasm and SEED.txt.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { commandLine, refuse } from './command-line.mjs';

const { words, numbers, texts } = commandLine({ count: 1000, seed: 1, minutes: 600 }, [], ['tier', 'node', 'out']);
const { tier = 'auto', out = 'fuzz-findings' } = texts;
if (words.length > 0) refuse(`there is nothing to do with "${words[0]}"`);
if (!['interp', 'compiled', 'auto'].includes(tier)) refuse(`--tier is interp, compiled or auto, not "${tier}"`);

/** @returns {string[]} the command of a Node with the newest engine there is */
function newestNode() {
  if (texts.node !== undefined) return [texts.node];
  if (spawnSync('node26', ['--version']).status === 0) return ['node26'];
  return ['npx', '--yes', '--package', 'node@26', '--', 'node'];
}

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'retunwind-fuzz-'));
const campaign = join(folder, 'campaign.mjs');
const wasmOpt = join(dirname(createRequire(import.meta.url).resolve('binaryen/package.json')), 'bin/wasm-opt');
const [node = process.execPath, ...nodeArgs] = newestNode();

const first = numbers.seed;
const end = first + numbers.count;
let stopped = false;
const deadline = Date.now() + numbers.minutes * 60_000;
const started = Date.now();
const totals = { modules: 0, calls: 0, bytes: 0, differences: 0, untouched: 0, crashes: 0 };
/** @type {Record<string, number>} */
const excluded = {};

function summary() {
  const { modules, calls, bytes, differences, untouched, crashes } = totals;
  const rate = Math.round((modules * 60_000) / (Date.now() - started));
  return `${modules} modules (${Math.round(bytes / 1024)} KiB, ${untouched} of them compared in full), ${calls} calls, ${differences} differences, ${crashes} crashes; ${rate} a minute`;
}

/** Runs from a seed on, and answers with the seed to go on from. @param {number} seed @returns {Promise<number>} */
async function run(seed) {
  const args = [...nodeArgs, campaign, wasmOpt, String(seed), String(end - seed), String(deadline), tier, out];
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // Interrupted, it still says what it has done so far.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      stopped = true;
      child.kill();
    });
  }
  const exited = new Promise((resolve) => child.on('close', resolve));
  let next = seed;
  let begun = seed - 1;
  for await (const line of createInterface({ input: child.stdout })) {
    const report = JSON.parse(line);
    if (report.node !== undefined && seed === first) {
      const without = report.missing.length === 0 ? '' : `, whose engine lacks ${report.missing.join(', ')}`;
      console.log(`against Node ${report.node}${without}; tier ${tier}, seeds from ${first}`);
    }
    if (report.begun !== undefined) begun = report.begun;
    if (report.seed === undefined) continue;
    next = report.seed + 1;
    totals.modules++;
    totals.calls += report.calls;
    totals.bytes += report.size;
    if (Object.keys(report.excluded).length === 0) totals.untouched++;
    for (const [reason, times] of Object.entries(report.excluded)) excluded[reason] = (excluded[reason] ?? 0) + times;
    if (report.difference !== undefined) {
      totals.differences++;
      console.log(`${process.stdout.isTTY ? '\r\x1b[K' : ''}seed ${report.seed}: ${report.difference}`);
    }
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${summary()}`);
    else if (totals.modules % 500 === 0) console.log(summary());
  }
  const status = await exited;
  if (stopped) return Infinity;
  if (status === 0) return Date.now() < deadline ? end : Infinity;
  totals.crashes++;
  console.log(`seed ${begun}: the process ended with ${status}`);
  return Math.max(next, begun + 1);
}

try {
  await build({ entryPoints: [join(root, 'spec-tests/fuzz/campaign.ts')], bundle: true, platform: 'node', format: 'esm', outfile: campaign, logLevel: 'error' });
  for (let seed = first; seed < end && Date.now() < deadline; ) seed = await run(seed);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${summary()}`);
for (const [reason, times] of Object.entries(excluded).sort(([, a], [, b]) => b - a)) console.log(`  not compared, ${times} times: ${reason}`);
process.exitCode = totals.differences + totals.crashes > 0 ? 1 : 0;
