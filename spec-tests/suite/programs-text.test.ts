import { expect, it } from 'vitest';
import { decode } from '../../src/wasm/binary/decode.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { printModule } from '../../src/wasm/text/printer.js';
import { loadProgram, programs } from '../support/programs.js';

/**
 * What compilers write, to text and back: linkers pad their numbers, so the bytes may differ; the text, which holds every
 * instruction, name and custom section, must not. One of the Go programs stands for all: each makes 30 to 95 MB of text.
 */
const GO = 'abi-go1.27-wasip1';

it.each(programs.filter(({ name, language }) => language !== 'go' || name === GO).map(({ name }) => name))('%s', { timeout: 120_000 }, (name) => {
  const text = printModule(decode(loadProgram(name)));
  // Compared as a whole, but never shown as a whole.
  expect(printModule(decode(assemble(text).bytes)) === text).toBe(true);
});
