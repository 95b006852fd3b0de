// @ts-check
// What is run: programs of spec-tests/programs, unpacked into a folder of this run's own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const built = new URL('../spec-tests/programs/built/', import.meta.url);

/** A folder for the modules of one run of a benchmark; gone when the process ends. */
export class Workplace {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'retunwind-bench-'));
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** The path of a program that was built by tools/build-programs.mjs. @param {string} name */
  module(name) {
    const file = join(this.folder, `${name}.wasm`);
    writeFileSync(file, brotliDecompressSync(readFileSync(new URL(`${name}.wasm.br`, built))));
    return file;
  }

  /** @param {string} name */
  file(name) {
    return join(this.folder, name);
  }
}

export const GO_BENCH = 'bench-go1.27-wasip1';

/**
 * The kernels of `rounds`, and how much work a round is: some milliseconds for an optimising compiler. The mean is taken
 * over the nine; a round of `switches` is so many goroutine switches.
 */
export const KERNELS = /** @type {const} */ ({
  fib: 40, sha256: 100, sort: 40, json: 20, channels: 150, matrix: 6, sieve: 12, hash: 40, map: 20,
});
export const SWITCHES = /** @type {const} */ ({ switches: 100_000 });
