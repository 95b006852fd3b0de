import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Arguments, askYargs } from './command.js';
import { run } from './commands/run.js';
import { trace } from './commands/trace.js';
import { plainArguments } from './plain-arguments.js';

const WORDS = [
  ...Object.keys(run.options).map((name) => `--${name}`), '--help', '--version', '--sats', '--no-stats', '--tier=auto', '--', '-', '-o', '--toString', '--__proto__',
  'app.wasm', 'auto', 'virtual', 'true', 'false', '0', '-1', '', '"quoted"', "'", 'K=V', 'a::b', ' ',
];
const OPTIONS = Object.entries(run.options).map(([name, { type }]) => (type === 'boolean' ? [`--${name}`] : [`--${name}`, 'value']));

const lines = fc.oneof(
  fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }),
  fc.tuple(fc.array(fc.constantFrom(...OPTIONS), { maxLength: 5 }), fc.array(fc.constantFrom(...WORDS), { maxLength: 3 })).map(([options, rest]) => [...options.flat(), ...rest]),
);

it.each([run, trace])('what is understood without yargs, yargs understands in the same way: $name', async (command) => {
  let understood = 0;
  await fc.assert(fc.asyncProperty(lines, async (line) => {
    const plain = plainArguments(command, line);
    if (plain === undefined) return;
    understood++;
    const { options, words }: Arguments = await askYargs(command, line);
    expect({ options: { ...options }, words }).toEqual(plain);
  }), { numRuns: 1000, seed: 1 });
  expect(understood).toBeGreaterThan(200);
});
