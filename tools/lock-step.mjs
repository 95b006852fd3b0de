// Runs a WASI program in both tiers at once, stops them at random clocks, and compares clock, calls and state hash.
// Usage: node tools/lock-step.mjs [--seed=N] [--mean=INSTRUCTIONS] MODULE.wasm [ARGUMENT…]
// Needs a build (`npm run build`). Exit code 1 at the first difference.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Program } from '../dist/program/program.js';
import { decode } from '../dist/wasm/binary/decode.js';
import { validate } from '../dist/wasm/validate/validate.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '7' }, mean: { type: 'string', default: '500000' } },
});
const [path, ...args] = positionals;
const module = decode(new Uint8Array(readFileSync(path)));
validate(module);

function start(tier) {
  let output = '';
  const streams = { isTerminal: () => false, stdin: { read: () => 'eof' }, write: (_fd, bytes) => void (output += Buffer.from(bytes).toString('latin1')) };
  const program = new Program(module, { tier, world: { args: [path, ...args], clock: 'virtual', random: 1, streams } });
  program.start();
  return { program, view: () => ({ clock: program.machine.clock, calls: program.machine.calls, hash: program.machine.hash(), output }) };
}

let state = Number(values.seed) | 1;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

const compiled = start('compiled');
const interpreted = start('interp');
let stops = 0;
for (let clock = 0; ; stops++) {
  // Short stretches run in the interpreter for the most part, long ones compiled.
  clock += 1 + Math.floor(random() * Number(values.mean) * (random() < 0.3 ? 0.001 : 2));
  const [ours, theirs] = [compiled, interpreted].map(({ program, view }) => JSON.stringify([program.advance(clock).kind, view()]));
  if (ours !== theirs) {
    console.error(`different at clock ${clock}:\n  compiled    ${ours}\n  interpreted ${theirs}`);
    process.exit(1);
  }
  if (!ours.startsWith('["stopped"')) break;
}
const { compiled: functions, entries, departures } = compiled.program.machine.compilation;
console.log(`the same at ${stops} stops and at the end; ${functions} functions compiled, entered ${entries} times, left ${departures} times`);
