// Runs the test programs under other engines and records what they print: spec-tests/programs/oracles/NAME.json.
//
//   node tools/record-oracles.mjs [NAME…]        default: every program
//
// js: Go's own wasm_exec_node.js of the same toolchain on this Node. wasip1: wazero, with node:wasi as the second
// opinion. Programs that import `test`, calls of exports, C and Zig: this Node's own engine through oracle-host.mjs.
// Every run happens twice. A stream on which the two disagree, after spec-tests/programs/normalise.json, is recorded
// as null: nothing to compare with.
//
// Needs GO_TOOLCHAINS=DIR (DIR/go-1.27/lib/wasm and so on) and wazero (WAZERO overrides the command).
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const folder = new URL('../spec-tests/programs/', import.meta.url).pathname;
const hostScript = new URL('oracle-host.mjs', import.meta.url).pathname;
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const programs = read('programs.json');
const { arguments: given, signatures, calls } = read('runs.json');
const rules = read('normalise.json').map(({ pattern, to }) => [new RegExp(pattern, 'gm'), to]);
const work = mkdtempSync(join(tmpdir(), 'oracles-'));
// Below the operating system's own limit for the stack of a process, which is usually 8 MiB.
const nodeFlags = ['--stack-size=6000', '--no-warnings'];
const guestFolder = '/sandbox';
const timeout = 120_000;

function normalise(text) {
  return rules.reduce((result, [pattern, to]) => result.replace(pattern, to), text);
}

/** A copy of Go's scripts for Node, as CommonJS whatever lies above the toolchain. */
function wasmFolder(toolchain) {
  const copy = join(work, `scripts-${toolchain}`);
  if (existsSync(copy)) return copy;
  if (!process.env.GO_TOOLCHAINS) throw new Error('GO_TOOLCHAINS is not set');
  const root = join(process.env.GO_TOOLCHAINS, `go-${toolchain}`);
  const scripts = ['lib/wasm', 'misc/wasm'].map((part) => join(root, part)).find((path) => existsSync(join(path, 'wasm_exec.js')));
  if (scripts === undefined) throw new Error(`no wasm_exec.js in ${root}`);
  cpSync(scripts, copy, { recursive: true, dereference: true });
  writeFileSync(join(copy, 'package.json'), '{ "type": "commonjs" }');
  return copy;
}

/** All three streams are files: on a pipe that a guest made non-blocking, writes may fail when the reader is slow. */
function spawn(command, args, { stdin = '', env = {} }) {
  const paths = ['stdin', 'stdout', 'stderr'].map((name) => join(work, name));
  writeFileSync(paths[0], stdin);
  const stdio = paths.map((path, fd) => openSync(path, fd === 0 ? 'r' : 'w'));
  const done = spawnSync(command, args, { stdio, env, timeout });
  stdio.forEach(closeSync);
  if (done.error) throw done.error;
  return { stdout: readFileSync(paths[1], 'utf8'), stderr: readFileSync(paths[2], 'utf8'), exitCode: done.status };
}

let sandboxes = 0;
function sandbox() {
  const path = join(work, `sandbox-${sandboxes++}`);
  mkdirSync(path);
  return path;
}

function goNode(program, wasm, run) {
  const script = join(wasmFolder(program.toolchain), 'wasm_exec_node.js');
  const args = run.folder ? [...run.args, sandbox()] : run.args;
  // Go 1.19's script puts its own `crypto` into the global object, where Node 20 has one that cannot be replaced.
  const flags = program.toolchain === '1.19' ? [...nodeFlags, '--no-experimental-global-webcrypto'] : nodeFlags;
  return spawn(process.execPath, [...flags, script, wasm, ...args], run);
}

function wazero(program, wasm, run) {
  const env = Object.entries(run.env ?? {}).flatMap(([key, value]) => ['-env', `${key}=${value}`]);
  const mount = run.folder ? [`-mount=${sandbox()}:${guestFolder}`] : [];
  const done = spawn(process.env.WAZERO ?? 'wazero', ['run', '-cachedir', join(work, 'wazero'), ...env, ...mount, wasm, ...run.args], {
    stdin: run.stdin,
    env: { PATH: process.env.PATH },
  });
  const trap = /error instantiating module: [^]*?wasm error: (.*)\n[^]*$/.exec(done.stderr);
  if (trap) return { stdout: done.stdout, stderr: done.stderr.slice(0, trap.index), trap: trap[1] };
  return done;
}

function ownHost(program, wasm, run) {
  const job = join(work, 'job.json');
  const outcome = join(work, 'result.json');
  rmSync(outcome, { force: true });
  const wasmExec = program.target === 'js' ? join(wasmFolder(program.toolchain), 'wasm_exec.js') : undefined;
  const args = [program.target === 'js' ? 'js' : program.name, ...(run.args ?? [])];
  const preopens = run.folder ? { [guestFolder]: sandbox() } : {};
  const { steps, uninitialised } = run;
  writeFileSync(job, JSON.stringify({ wasm, target: program.target, args, env: run.env ?? {}, preopens, wasmExec, signatures, steps, uninitialised }));
  const { stdout, stderr, exitCode } = spawn(process.execPath, [...nodeFlags, hostScript, job, outcome], { stdin: run.stdin });
  if (!existsSync(outcome)) throw new Error(`${program.name} ${args.join(' ')}: the host ended with ${exitCode} and no result: ${stderr}`);
  const { results, ...end } = JSON.parse(readFileSync(outcome, 'utf8'));
  return { stdout, stderr, ...end, ...(steps ? { results } : {}) };
}

function runOnce(oracle, program, wasm, run) {
  const done = oracle(program, wasm, run);
  return { ...done, stdout: normalise(done.stdout), stderr: normalise(done.stderr) };
}

/** Runs twice; what the two agree on. Timers of a busy machine are late, so a disagreement gets another chance or two. */
function record(oracle, program, wasm, run, chances = 3) {
  const one = runOnce(oracle, program, wasm, run);
  const two = runOnce(oracle, program, wasm, run);
  const agreed = {};
  for (const key of Object.keys(one)) agreed[key] = JSON.stringify(one[key]) === JSON.stringify(two[key]) ? one[key] : null;
  return Object.values(agreed).includes(null) && chances > 1 ? record(oracle, program, wasm, run, chances - 1) : agreed;
}

/** What node:wasi does otherwise than `expected`; undefined if nothing. */
function secondOpinion(program, wasm, run, expected) {
  let other;
  try {
    other = runOnce(ownHost, program, wasm, run);
  } catch {
    return { failed: 'no result' };
  }
  const differing = ['stdout', 'stderr', 'exitCode', 'trap'].filter((key) => expected[key] !== null && other[key] !== expected[key]);
  return differing.length === 0 ? undefined : Object.fromEntries(differing.map((key) => [key, other[key] ?? null]));
}

function scenarioNames(program, wasm) {
  if (program.source !== 'go/scenarios' && program.source !== 'go/abi') return undefined;
  const oracle = program.imports ? ownHost : program.target === 'js' ? goNode : wazero;
  const { stdout, stderr } = oracle(program, wasm, { args: ['list'] });
  if (stdout === '') throw new Error(`${program.name} list: ${stderr}`);
  return stdout.split('\n').map((line) => line.split(' ')[0]).filter((name) => name !== '' && name !== 'main');
}

function runsOf(program, wasm) {
  if (program.mode === 'library') return [];
  const names = scenarioNames(program, wasm);
  if (names === undefined) return (given[program.source] ?? [{}]).map((run) => ({ args: [], ...run }));
  return names.flatMap((name) => (given[program.source]?.[name] ?? [{}]).map((run) => ({ ...run, args: [name, ...(run.args ?? [])] })));
}

function callsOf(program) {
  const isExporting = program.language !== 'go' || (program.mode === 'library' ? true : program.target === 'wasip1' && !['1.19', '1.21'].includes(program.toolchain));
  if (!isExporting || (program.source === 'go/abi' && program.mode !== 'library')) return [];
  return calls[program.source] ?? [];
}

const names = process.argv.slice(2);
mkdirSync(join(folder, 'oracles'), { recursive: true });
try {
  for (const program of programs) {
    if (names.length > 0 && !names.includes(program.name)) continue;
    const wasm = join(work, `${program.name}.wasm`);
    writeFileSync(wasm, brotliDecompressSync(readFileSync(join(folder, 'built', `${program.name}.wasm.br`))));
    const first = program.imports || program.language !== 'go' ? ownHost : program.target === 'js' ? goNode : wazero;
    const report = { sha256: program.sha256, oracle: first.name, second: [], runs: [], calls: [] };
    for (const run of runsOf(program, wasm)) {
      const expected = record(first, program, wasm, run);
      report.runs.push({ ...run, ...expected });
      const open = Object.keys(expected).filter((key) => expected[key] === null);
      if (open.length > 0) console.log(`${program.name} ${run.args.join(' ')}: ${open.join(', ')} differ from run to run`);
      if (first === wazero) {
        const other = secondOpinion(program, wasm, run, expected);
        if (other !== undefined) {
          report.second.push({ oracle: 'node:wasi', args: run.args, ...other });
          console.log(`${program.name} ${run.args.join(' ')}: node:wasi disagrees: ${JSON.stringify(other).slice(0, 200)}`);
        }
      }
    }
    for (const call of callsOf(program)) report.calls.push({ ...call, ...record(ownHost, program, wasm, call) });
    writeFileSync(join(folder, 'oracles', `${program.name}.json`), `${JSON.stringify(report, null, 1)}\n`);
    console.log(`${program.name}: ${report.runs.length} runs, ${report.calls.length} call sequences`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
