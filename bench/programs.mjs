// @ts-check
// What is run: programs of spec-tests/programs, unpacked into a folder of this run's own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const built = new URL('../spec-tests/programs/built/', import.meta.url);

/** A module that tools/build-programs.mjs built. @param {string} name */
export const readProgram = (name) => new Uint8Array(brotliDecompressSync(readFileSync(new URL(`${name}.wasm.br`, built))));

/** A folder for the modules of one run of a benchmark; gone when the process ends. */
export class Workplace {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'retunwind-bench-'));
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** The path of a program, unpacked. @param {string} name */
  module(name) {
    const file = join(this.folder, `${name}.wasm`);
    writeFileSync(file, readProgram(name));
    return file;
  }

  /** @param {string} name */
  file(name) {
    return join(this.folder, name);
  }
}

export const GO_BENCH = 'bench-go1.27-wasip1';
const C_BENCH = 'bench-c';

/**
 * Whole programs; `size` is how much of its work a program does, at 100 percent.
 * @type {readonly { id: string, title: string, module: string, words: readonly string[], size: number }[]}
 */
export const PROGRAMS = [
  { id: 'mix', title: 'Go: fib, sha256, sort, json, channels', module: GO_BENCH, words: ['mix'], size: 100 },
  { id: 'goroutines', title: 'Go: crowds of goroutines', module: GO_BENCH, words: ['kernel', 'goroutines'], size: 150 },
  { id: 'trees', title: 'Go: trees, maps, strings for the collector', module: GO_BENCH, words: ['kernel', 'trees'], size: 40 },
  { id: 'integers', title: 'C: lists, matrices, a state machine, CRC', module: C_BENCH, words: ['integers'], size: 5000 },
  { id: 'nbody', title: 'C: n-body, floating point', module: C_BENCH, words: ['nbody'], size: 500_000 },
  { id: 'mandelbrot', title: 'C: mandelbrot, floating point', module: C_BENCH, words: ['mandelbrot'], size: 1000 },
  { id: 'spectral', title: 'C: spectral norm, floating point', module: C_BENCH, words: ['spectral'], size: 12 },
];

/**
 * The kernels of `rounds`, and how much work a round is: some milliseconds for an optimising compiler. The mean is taken
 * over the nine; a round of `switches` is so many goroutine switches.
 */
export const KERNELS = /** @type {const} */ ({
  fib: 40, sha256: 100, sort: 40, json: 20, channels: 150, matrix: 6, sieve: 12, hash: 40, map: 20,
});
export const SWITCHES = /** @type {const} */ ({ switches: 100_000 });
