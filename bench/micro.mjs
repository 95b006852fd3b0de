// @ts-check
// Micro-benchmarks of the machine's inner parts, as operations a second: npm run bench:micro
import Benchmark from 'benchmark';
import { assemble, BufferedInput, decode, i32, loadModule, Program, validate } from '../dist/index.js';

/** Each loop runs `n` times; what is in it is what is measured. */
const source = `(module
  (memory 1)
  (table 1 funcref)
  (elem (i32.const 0) $leaf)
  (type $leaf (func (param i32) (result i32)))
  (func $leaf (type $leaf) local.get 0 i32.const 1 i32.add)
  ${loop('dispatch', 'i32', 'i32.const 3 i32.mul i32.const 7 i32.add i32.const 5 i32.xor')}
  ${loop('i64', 'i64', 'i64.const 6364136223846793005 i64.mul i64.const 1442695040888963407 i64.add i64.const 13 i64.rotl')}
  ${loop('floats', 'f64', 'f64.const 1.0001 f64.mul f64.const 0.5 f64.add')}
  ${loop('memory', 'i32', 'i32.const 0xfffc i32.and i32.load i32.const 16 i32.add local.tee 2 i32.const 0xfffc i32.and local.get 2 i32.store local.get 2')}
  ${loop('calls', 'i32', 'call $leaf')}
  ${loop('indirect calls', 'i32', 'i32.const 0 call_indirect (type $leaf)')})`;

/** @param {string} name @param {string} type @param {string} body */
function loop(name, type, body) {
  return `(func (export "${name}") (param i32) (result ${type}) (local ${type}) (local i32)
    loop local.get 1 ${body} local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1)`;
}

const bytes = assemble(source).bytes;
const module = loadModule(bytes);
const streams = { stdin: new BufferedInput(new Uint8Array()), write: () => {}, isTerminal: () => false };
const program = new Program(module, { world: { args: ['micro'], clock: 'virtual', random: 0, streams } });

const TURNS = 100_000;
const suite = new Benchmark.Suite();
for (const { name } of module.exports) {
  const { address } = program.exportedFunction(name);
  suite.add(`${name}, ${TURNS} turns`, () => program.driver.call(address, [i32(TURNS)]));
}
suite.add('decode and validate a small module', () => validate(decode(bytes)));
suite.add('snapshot and restore', () => program.machine.restore(program.machine.snapshot()));
suite.on('cycle', (/** @type {{ target: unknown }} */ event) => console.log(String(event.target)));
suite.run();
