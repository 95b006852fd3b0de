// @ts-check
// What loading and running one module costs: node --expose-gc load.mjs DIST TIER FILE [args…] prints one JSON line.
//
// Memory is what is still held after a forced collection, less what it was with all the code loaded and an empty module
// decoded, and without the guest's own memory: once with the module ready to run, once after it has run to its end.
import { readFileSync } from 'node:fs';
import { median } from './statistics.mjs';
import { libraryAt, virtualOptions } from './world.mjs';

const [dist, tier, file, ...args] = /** @type {[string, import('./world.mjs').Tier, string, ...string[]]} */ (process.argv.slice(2));
const collect = /** @type {() => void} */ (globalThis.gc);
const library = await libraryAt(dist);

function held() {
  collect();
  collect();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
}

library.validate(library.decode(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
/** In a function of its own, so that nothing of how it was read stays. */
const read = () => new Uint8Array(readFileSync(file));
const before = held();
const bytes = read();
const module = library.decode(bytes);
library.validate(module);
const loaded = held() - before;

/** Something to do for a program that reads: this file. */
const input = readFileSync(new URL(import.meta.url), 'utf8');
const program = new library.Program(module, virtualOptions(library, module, args, tier, input));
const guest = () => program.store.memories.reduce((sum, memory) => sum + memory.u8.buffer.byteLength, 0);
program.start();
const ready = held() - before - guest();
const outcome = await program.run();
const run = held() - before - guest();
if (outcome.kind !== 'exited' || outcome.code !== 0) throw new Error(`the program ended otherwise: ${outcome.kind === 'failed' ? outcome.error.message : JSON.stringify(outcome)}`);

/** @type {number[]} */
const decoding = [];
/** @type {number[]} */
const both = [];
for (let round = 0; round < 5; round++) {
  const start = performance.now();
  const again = library.decode(bytes);
  const decoded = performance.now();
  library.validate(again);
  decoding.push(decoded - start);
  both.push(performance.now() - start);
}
const speed = (/** @type {number[]} */ times) => bytes.length / 1e6 / (median(times) / 1e3);
const ratio = (/** @type {number} */ size) => size / bytes.length;
console.log(JSON.stringify({ bytes: module.bytes.length, decodeMBs: speed(decoding), bothMBs: speed(both), loaded: ratio(loaded), ready: ratio(ready), run: ratio(run) }));
