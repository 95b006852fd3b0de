// @ts-check
// Micro-benchmarks of the machine's inner parts, in both tiers and, as the measure, in Node's own engine.
import { openSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname } from 'node:path';
import { WASI } from 'node:wasi';
import Benchmark from 'benchmark';
import { nodeAt } from './engines.mjs';
import { machine } from './machine.mjs';
import { command, OUTPUT } from './options.mjs';
import { readProgram } from './programs.mjs';
import { digits, markdownTable, Progress, table } from './report.mjs';
import { libraryAt, virtualOptions } from './world.mjs';

/** How often a loop turns in one call. */
const TURNS = 100_000;
/** Frames that an unwinding loses. */
const DEPTH = 20;
/** Round trips between two goroutines in one call: four switches each. */
const TRIPS = 250;

/** @param {string} type @param {string} body works on local 1, with local 2 to spare */
const loop = (type, body) => `
  (func (export "run") (param i32) (result ${type}) (local ${type}) (local i32)
    loop local.get 1 ${body} local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1)`;

const leaf = '(type $leaf (func (param i32) (result i32))) (func $leaf (type $leaf) local.get 0 i32.const 1 i32.add)';
const fib = `
  (func $fib (export "run") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))`;
/** As Go's functions do: who is told to unwind returns at once, and so does its caller. */
const deep = `
  (func $deep (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (if (call $deep (i32.sub (local.get 0) (i32.const 1))) (then (return (i32.const 1))))
    (i32.const 0))`;
const throwing = `
  (tag $lost)
  (func $throwing (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $lost)))
    (call $throwing (i32.sub (local.get 0) (i32.const 1))))
  (func $caught (param i32) (result i32)
    (block $handler (try_table (catch $lost $handler) (call $throwing (i32.const ${DEPTH}))))
    (local.get 0))`;
const store = (/** @type {string} */ offset) =>
  `i32.const 0xfffc i32.and i32.load ${offset} i32.const 16 i32.add local.tee 2 i32.const 0xfffc i32.and local.get 2 i32.store ${offset} local.get 2`;

/**
 * The export that is called, with which argument, and what that is. Each has a module of its own, so that the profile
 * of one does not colour another.
 * @type {readonly { name: string, about: string, argument: number, export: string, bytes: () => Uint8Array }[]}
 */
const CASES = [
  wat('dispatch', `${TURNS} turns of three i32 operations`, TURNS, loop('i32', 'i32.const 3 i32.mul i32.const 7 i32.add i32.const 5 i32.xor')),
  wat('i64', `${TURNS} turns: multiply, add, rotate`, TURNS, loop('i64', 'i64.const 6364136223846793005 i64.mul i64.const 1442695040888963407 i64.add i64.const 13 i64.rotl')),
  wat('division', `${TURNS} turns: i64 add, divide`, TURNS, loop('i64', 'i64.const 1000003 i64.add i64.const 97 i64.div_u')),
  wat('floats', `${TURNS} turns: f64 multiply, add`, TURNS, loop('f64', 'f64.const 1.0001 f64.mul f64.const 0.5 f64.add')),
  wat('memory', `${TURNS} turns: a load and a store`, TURNS, `(memory 1) ${loop('i32', store(''))}`),
  wat('unaligned', `${TURNS} turns: a load and a store, unaligned`, TURNS, `(memory 1) ${loop('i32', store('offset=1'))}`),
  wat('calls', `${TURNS} calls`, TURNS, `${leaf} ${loop('i32', 'call $leaf')}`),
  wat('indirect', `${TURNS} indirect calls`, TURNS, `(table 1 funcref) (elem (i32.const 0) $leaf) ${leaf} ${loop('i32', 'i32.const 0 call_indirect (type $leaf)')}`),
  wat('recursion', 'fib(20), 21,891 calls', 20, fib),
  wat('unwinding', `1000 times ${DEPTH} frames return at once`, 1000, `${deep} ${loop('i32', `i32.const ${DEPTH} call $deep i32.add`)}`),
  wat('exceptions', `1000 exceptions through ${DEPTH} frames`, 1000, `${throwing} ${loop('i32', 'call $caught')}`),
  { name: 'goroutines', about: `${TRIPS} questions and answers over channels, in Go`, argument: TRIPS, export: 'block', bytes: () => readProgram('go1.27-library') },
];

/** @param {string} name @param {string} about @param {number} argument @param {string} fields */
function wat(name, about, argument, fields) {
  return { name, about, argument, export: 'run', bytes: () => library.assemble(`(module ${fields})`).bytes };
}

const ENGINES = /** @type {const} */ (['interp', 'compiled', 'node']);
const NAMES = { interp: 'interpreter', compiled: 'compiled', node: "Node's own engine" };

const options = await command('bench:micro', 'Micro-benchmarks in both tiers and in the engine of this Node, in microseconds.')
  .option('only', { type: 'string', array: true, choices: CASES.map(({ name }) => name), default: CASES.map(({ name }) => name), describe: 'these ones' })
  .options(OUTPUT)
  .example('$0 --only dispatch calls', 'two of them')
  .parse();

const library = await libraryAt(dirname(dirname(options.main)));
/** What a guest says goes nowhere. */
const nowhere = openSync(devNull, 'w');

/** @typedef {(argument: number) => unknown} Call */

/** @param {Uint8Array} bytes @param {string} name @param {import('./world.mjs').Tier} tier @returns {Promise<Call>} */
async function ours(bytes, name, tier) {
  const module = library.loadModule(bytes);
  const program = new library.Program(module, virtualOptions(library, module, [], tier));
  program.start();
  await program.run();
  const { address } = program.exportedFunction(name);
  return (argument) => program.driver.call(address, [library.i32(argument)]);
}

/** @param {Uint8Array} bytes @param {string} name @returns {Call} */
function theirs(bytes, name) {
  const { Module, Instance } = /** @type {any} */ (globalThis).WebAssembly;
  const module = new Module(bytes);
  const wasi = new WASI({ version: 'preview1', stdout: nowhere });
  const instance = new Instance(module, wasi.getImportObject());
  if ('_initialize' in instance.exports) wasi.initialize(instance);
  return (argument) => instance.exports[name](argument);
}

/** Calls again and again for so many milliseconds, five times at least, so that what is measured is compiled. @param {() => unknown} call @param {number} ms */
function warm(call, ms) {
  const end = performance.now() + ms;
  for (let calls = 0; calls < 5 || performance.now() < end; calls++) call();
}

/** @typedef {{ name: string, about: string, us: Record<string, number | undefined>, error: Record<string, number> }} Row Microseconds and their relative error in percent. */

const cases = CASES.filter(({ name }) => options.only.includes(name));
/** @type {Row[]} */
const rows = [];
/** @type {string[]} */
const problems = [];
const progress = new Progress(cases.length * ENGINES.length);
for (const one of cases) {
  /** @type {Row} */
  const row = { name: one.name, about: one.about, us: {}, error: {} };
  rows.push(row);
  const bytes = one.bytes();
  for (const engine of ENGINES) {
    progress.step(`${one.name}: ${engine}`);
    try {
      const call = engine === 'node' ? theirs(bytes, one.export) : await ours(bytes, one.export, engine);
      warm(() => call(one.argument), options.quick ? 100 : 1000);
      const benchmark = new Benchmark(() => call(one.argument), options.quick ? { maxTime: 0.1, minSamples: 3 } : { maxTime: 2 });
      benchmark.run();
      if (benchmark.error !== undefined) throw benchmark.error;
      row.us[engine] = benchmark.stats.mean * 1e6;
      row.error[engine] = benchmark.stats.rme;
    } catch (error) {
      problems.push(`${one.name}, ${NAMES[engine]}: ${/** @type {Error} */ (error).message}`);
      // What Node's engine lacks is no fault of ours.
      if (engine !== 'node') process.exitCode = 1;
    }
  }
}
progress.end();

const where = machine([nodeAt(process.execPath)]);
const cell = (/** @type {Row} */ { us, error }, /** @type {typeof ENGINES[number]} */ engine) => {
  const [own, base] = [us[engine], us.node];
  if (own === undefined) return '—';
  return `${digits(own)} ±${(error[engine] ?? 0).toFixed(0)}%${engine === 'node' || base === undefined ? '' : `  ${digits(own / base)}×`}`;
};
console.log(`${where}; microseconds, × Node's own engine\n`);
console.log((options.markdown ? markdownTable : table)([['', ...ENGINES.map((engine) => NAMES[engine])], ...rows.map((row) => [`${row.name}: ${row.about}`, ...ENGINES.map((engine) => cell(row, engine))])]));
for (const problem of problems) console.log(`does not run: ${problem}`);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine: where, rows, problems }, null, 2)}\n`);
