// Runs one program under Node's own engine and says what it did; the child process of record-oracles.mjs.
//
//   node oracle-host.mjs JOB RESULT      both JSON files
//
// JOB: { wasm, target, args, env, preopens, wasmExec?, steps?, uninitialised?, signatures }. The guest's output is this
// process's own; RESULT gets { exitCode } or { trap }, and the results of the steps.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { WASI } from 'node:wasi';
import { testImports } from './oracle-imports.mjs';

const [jobPath, resultPath] = process.argv.slice(2);
const job = JSON.parse(readFileSync(jobPath, 'utf8'));
const module = new WebAssembly.Module(readFileSync(job.wasm));
const guest = {};
const result = { results: [] };

class Exit {
  constructor(code) {
    this.code = code;
  }
}

function finish() {
  writeFileSync(resultPath, JSON.stringify(result));
}

function failed(error) {
  if (error instanceof Exit) result.exitCode = error.code;
  else if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) result.trap = error.message;
  else result.error = error.message;
}

function argument(word, type) {
  if (word.startsWith('$')) return guest.values[Number(word.slice(1))];
  return type === 'i64' ? BigInt(word) : Number(word);
}

function shown(value, type) {
  if (type === 'i32') return `i32:${value | 0}`;
  if (type === 'f32') return `f32:${Math.fround(value)}`;
  return `${type}:${value}`;
}

/** Pointers are not recorded: they are the one result that another run need not repeat. */
const unrecorded = new Set(['allocate', 'buffer']);

function step([name, ...words]) {
  if (name === 'write') {
    new Uint8Array(guest.memory.buffer, argument(words[0]), words[1].length).set(Buffer.from(words[1]));
    return undefined;
  }
  if (name === 'read') {
    result.results.push(Buffer.from(guest.memory.buffer, argument(words[0]), Number(words[1])).toString('hex'));
    return undefined;
  }
  const [parameters, results] = job.signatures[name].split(':').map((part) => part.trim().split(' ').filter(Boolean));
  const value = guest.exports[name](...words.map((word, i) => argument(word, parameters[i])));
  result.results.push(results.length === 0 || unrecorded.has(name) ? '' : shown(value, results[0]));
  return value;
}

function runWasi() {
  const wasi = new WASI({ version: 'preview1', args: job.args, env: job.env, preopens: job.preopens });
  const exit = (code) => {
    throw new Exit(code);
  };
  const { test } = testImports(guest);
  const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: { ...wasi.wasiImport, proc_exit: exit }, test });
  guest.exports = exports;
  guest.memory = exports.memory;
  if (exports.memory) wasi.initialize({ exports: { memory: exports.memory } });
  try {
    if (!job.uninitialised) (exports._start ?? exports._initialize)?.();
    guest.values = [];
    for (const one of job.steps ?? []) guest.values.push(step(one));
    result.exitCode ??= 0;
  } catch (error) {
    failed(error);
  }
  finish();
}

async function runGo() {
  const require = createRequire(import.meta.url);
  globalThis.require = require;
  globalThis.fs = require('node:fs');
  globalThis.path = require('node:path');
  require(job.wasmExec);
  const go = new globalThis.Go();
  go.argv = job.args;
  go.env = job.env;
  const { test, stack } = testImports(guest);
  const imports = { ...go.importObject, test };
  for (const name of ['go', 'gojs']) if (imports[name]) imports[name] = { ...imports[name], ...stack };
  go.exit = (code) => {
    result.exitCode = code;
    finish();
    process.exit(0);
  };
  const instance = new WebAssembly.Instance(module, imports);
  guest.exports = instance.exports;
  guest.memory = instance.exports.mem;
  process.on('uncaughtException', (error) => {
    failed(error);
    finish();
    process.exit(0);
  });
  process.on('exit', () => {
    if ('exitCode' in result || 'trap' in result || 'error' in result) return;
    go._pendingEvent = { id: 0 };
    try {
      go._resume();
    } catch (error) {
      failed(error);
      finish();
    }
  });
  try {
    await go.run(instance);
  } catch (error) {
    failed(error);
    finish();
    process.exit(0);
  }
}

if (job.target === 'js') await runGo();
else runWasi();
