// @ts-check
// What loading one module costs: node --expose-gc load.mjs FILE prints one JSON line. Memory is what stays after a
// forced collection, less what an empty run holds, and without the guest's own memory, which loading does not make.
import { readFileSync } from 'node:fs';
import { decode, validate } from '../dist/index.js';
import { median } from './measure.mjs';

const file = /** @type {string} */ (process.argv[2]);
const collect = /** @type {() => void} */ (globalThis.gc);

function held() {
  collect();
  collect();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
}

/** A module of 8 bytes loads all the code first. */
validate(decode(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
const before = held();
const bytes = new Uint8Array(readFileSync(file));
const module = decode(bytes);
validate(module);
const memoryRatio = (held() - before) / bytes.length;

/** @type {number[]} */
const decoding = [];
/** @type {number[]} */
const both = [];
for (let round = 0; round < 5; round++) {
  const start = performance.now();
  const again = decode(bytes);
  const decoded = performance.now();
  validate(again);
  decoding.push(decoded - start);
  both.push(performance.now() - start);
}
const speed = (/** @type {number[]} */ times) => bytes.length / 1e6 / (median(times) / 1e3);
console.log(JSON.stringify({ bytes: module.bytes.length, decodeMBs: speed(decoding), bothMBs: speed(both), memoryRatio }));
