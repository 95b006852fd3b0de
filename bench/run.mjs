// @ts-check
// Whole-process comparisons. Every round runs every engine once, in turn, so that a slow moment of the machine strikes
// all of them; what counts is the median over the rounds of each engine's ratio to ours in the same round.
//
//   npm run bench -- [--rounds N] [--percent N] [--big FILE] [--json FILE]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { median, onPath, quantile, runProcess, table, timeToOutput } from './measure.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    percent: { type: 'string', default: '100' },
    big: { type: 'string' },
    json: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const root = join(import.meta.dirname, '..');
const main = join(root, 'dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'retunwind-bench-'));

/** @typedef {{ name: string, command: (module: string, args: readonly string[]) => string[] }} Engine */

/** @type {Engine[]} */
const ours = [{ name: 'retunwind (interpreter)', command: (module, args) => [process.execPath, main, 'run', '--tier', 'interp', module, ...args] }];

/** Other engines: what must be on PATH, and how each is asked to run a WASI command. */
const RIVALS = [
  { name: "Node's own engine", program: process.execPath, command: (/** @type {string} */ node) => [node, '--no-warnings', join(import.meta.dirname, 'v8-wasi.mjs')] },
  { name: 'wazero, interpreter', program: 'wazero', command: (/** @type {string} */ file) => [file, 'run', '-interpreter'] },
  { name: 'wazero, compiler', program: 'wazero', command: (/** @type {string} */ file) => [file, 'run'] },
  { name: 'wasmtime', program: 'wasmtime', command: (/** @type {string} */ file) => [file, 'run'] },
  { name: 'wasmer', program: 'wasmer', command: (/** @type {string} */ file) => [file, 'run'] },
  { name: 'wasm3', program: 'wasm3', command: (/** @type {string} */ file) => [file] },
  { name: 'wasmi', program: 'wasmi_cli', command: (/** @type {string} */ file) => [file] },
  { name: 'iwasm', program: 'iwasm', command: (/** @type {string} */ file) => [file] },
  { name: 'wasmedge', program: 'wasmedge', command: (/** @type {string} */ file) => [file] },
];

/** @type {string[]} */
const absent = [];
/** @type {Engine[]} */
const rivals = [];
for (const { name, program, command } of RIVALS) {
  const file = program === process.execPath ? program : onPath(program);
  if (file === undefined) absent.push(`${name} (no ${program} on PATH)`);
  else rivals.push({ name, command: (module, args) => [...command(file), module, ...args] });
}

/** @param {string} name */
function unpack(name) {
  const file = join(folder, `${name}.wasm`);
  writeFileSync(file, brotliDecompressSync(readFileSync(join(root, `spec-tests/programs/built/${name}.wasm.br`))));
  return file;
}

/** @param {number} value */
const seconds = (value) => `${value.toFixed(3)} s`;
/** @param {readonly number[]} ratios */
const spread = (ratios) => `${median(ratios).toFixed(2)} (${quantile(ratios, 0.25).toFixed(2)}-${quantile(ratios, 0.75).toFixed(2)})`;

/** Runs every engine `rounds` times in turn. @param {string} module @param {readonly string[]} args */
function compareWhole(module, args) {
  const engines = [...ours, ...rivals];
  /** @type {Map<string, { wall: number[], cpu: number[] }>} */
  const times = new Map(engines.map(({ name }) => [name, { wall: [], cpu: [] }]));
  /** @type {string | undefined} */
  let expected;
  for (let round = 0; round < rounds; round++) {
    for (const { name, command } of engines) {
      const { wall, cpu, stdout } = runProcess(command(module, args));
      expected ??= stdout;
      if (stdout !== expected) throw new Error(`${name} gave another output`);
      times.get(name)?.wall.push(wall);
      times.get(name)?.cpu.push(cpu);
    }
  }
  const base = /** @type {{ wall: number[], cpu: number[] }} */ (times.get(/** @type {Engine} */ (ours[0]).name));
  return engines.map(({ name }) => {
    const own = /** @type {{ wall: number[], cpu: number[] }} */ (times.get(name));
    const ratio = (/** @type {'wall' | 'cpu'} */ kind) => own[kind].map((value, i) => value / /** @type {number} */ (base[kind][i]));
    return { name, wall: median(own.wall), cpu: median(own.cpu), wallRatio: ratio('wall'), cpuRatio: ratio('cpu') };
  });
}

async function firstOutput() {
  const module = unpack('hello-go1.27-wasip1');
  const v8 = [process.execPath, '--no-warnings', join(import.meta.dirname, 'v8-wasi.mjs'), module];
  const own = [process.execPath, main, 'run', module];
  /** @type {number[]} */
  const ourTimes = [];
  /** @type {number[]} */
  const theirTimes = [];
  for (let round = 0; round < rounds * 2; round++) {
    ourTimes.push(await timeToOutput(own));
    theirTimes.push(await timeToOutput(v8));
  }
  return { ours: median(ourTimes), v8: median(theirTimes), ratio: ourTimes.map((time, i) => time / /** @type {number} */ (theirTimes[i])) };
}

/** @param {string} file */
function loading(file) {
  return /** @type {{ bytes: number, decodeMBs: number, bothMBs: number, memoryRatio: number }} */ (
    JSON.parse(execFileSync(process.execPath, ['--expose-gc', join(import.meta.dirname, 'load.mjs'), file], { encoding: 'utf8' }))
  );
}

try {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}`;
  console.log(`${machine}; ${rounds} rounds, medians\n`);

  const mix = compareWhole(unpack('go1.27-wasip1'), ['mix', options.percent]);
  console.log(`Go CPU mix (fib, sha256, sort, json, channels; ${options.percent} %), whole process`);
  console.log(table([
    ['', 'wall', 'CPU', 'wall ÷ ours (quartiles)', 'CPU ÷ ours'],
    ...mix.map(({ name, wall, cpu, wallRatio, cpuRatio }) => [name, seconds(wall), seconds(cpu), spread(wallRatio), spread(cpuRatio)]),
  ]));
  if (absent.length > 0) console.log(`absent: ${absent.join(', ')}`);

  const hello = await firstOutput();
  console.log(`\nGo's hello world, start of the process to first output: ${seconds(hello.ours)}, Node's own engine ${seconds(hello.v8)}, ratio ${spread(hello.ratio)}`);

  const files = [unpack('go1.27-js'), ...(options.big === undefined ? [] : [options.big])];
  const loads = files.map((file) => ({ file: file.replace(/^.*[/\\]/, ''), ...loading(file) }));
  console.log('\nLoading');
  console.log(table([
    ['module', 'bytes', 'decode', 'decode and validate', 'memory ÷ size'],
    ...loads.map(({ file, bytes, decodeMBs, bothMBs, memoryRatio }) => [file, String(bytes), `${decodeMBs.toFixed(0)} MB/s`, `${bothMBs.toFixed(0)} MB/s`, memoryRatio.toFixed(2)]),
  ]));
  if (options.big === undefined) console.log('absent: a module of 14 MB (give one with --big FILE, such as the esbuild.wasm of the npm package esbuild-wasm)');

  if (options.json !== undefined) {
    const { version } = /** @type {{ version: string }} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    writeFileSync(options.json, `${JSON.stringify({ version, machine, rounds, percent: Number(options.percent), mix, absent, hello, loads }, null, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
