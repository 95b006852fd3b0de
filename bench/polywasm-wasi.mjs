// @ts-check
// Runs a WASI command on polywasm: node polywasm-wasi.mjs MODULE [args…]. node:wasi takes only memories of Node's own
// engine, so here is as much of WASI as the benchmark programs need; whatever else they call answers ENOSYS.
import { randomFillSync } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
// @ts-expect-error it has no types of its own
import { WebAssembly } from 'polywasm';

const EBADF = 8;
const ENOSYS = 52;
const MONOTONIC = 1;

/** How a guest ends itself. */
class Exit {
  /** @param {number} code */
  constructor(code) {
    this.code = code;
  }
}

const [file, ...rest] = /** @type {[string, ...string[]]} */ (process.argv.slice(2));
const args = [file, ...rest].map((text) => Buffer.from(`${text}\0`));

/** @type {{ readonly buffer: ArrayBuffer }} */
let memory;
const view = () => new DataView(memory.buffer);

/** @type {Record<string, (...args: number[]) => number>} */
const calls = {
  args_sizes_get(count, size) {
    view().setUint32(/** @type {number} */ (count), args.length, true);
    view().setUint32(/** @type {number} */ (size), Buffer.concat(args).length, true);
    return 0;
  },
  args_get(pointers, bytes) {
    let [pointer, at] = /** @type {[number, number]} */ ([pointers, bytes]);
    for (const arg of args) {
      view().setUint32(pointer, at, true);
      new Uint8Array(memory.buffer).set(arg, at);
      pointer += 4;
      at += arg.length;
    }
    return 0;
  },
  environ_sizes_get(count, size) {
    view().setUint32(/** @type {number} */ (count), 0, true);
    view().setUint32(/** @type {number} */ (size), 0, true);
    return 0;
  },
  environ_get: () => 0,
  clock_time_get(id, _precision, at) {
    view().setBigUint64(/** @type {number} */ (at), id === MONOTONIC ? process.hrtime.bigint() : BigInt(Date.now()) * 1_000_000n, true);
    return 0;
  },
  random_get(at, length) {
    randomFillSync(new Uint8Array(memory.buffer, at, length));
    return 0;
  },
  fd_write(fd, vectors, count, written) {
    let total = 0;
    for (let i = 0; i < /** @type {number} */ (count); i++) {
      const at = /** @type {number} */ (vectors) + 8 * i;
      total += writeSync(/** @type {number} */ (fd), new Uint8Array(memory.buffer, view().getUint32(at, true), view().getUint32(at + 4, true)));
    }
    view().setUint32(/** @type {number} */ (written), total, true);
    return 0;
  },
  fd_fdstat_get(fd, at) {
    if (/** @type {number} */ (fd) > 2) return EBADF;
    new Uint8Array(memory.buffer, at, 24).fill(0);
    view().setUint8(/** @type {number} */ (at), 2); // a character device
    return 0;
  },
  fd_fdstat_set_flags: () => 0,
  fd_prestat_get: () => EBADF,
  sched_yield: () => 0,
  proc_exit(code) {
    throw new Exit(/** @type {number} */ (code));
  },
};

const imports = { wasi_snapshot_preview1: new Proxy(calls, { get: (known, name) => known[String(name)] ?? (() => ENOSYS) }) };
const { instance } = await WebAssembly.instantiate(readFileSync(file), imports);
const exported = /** @type {{ memory: typeof memory, _start: () => void }} */ (/** @type {unknown} */ (instance.exports));
({ memory } = exported);
try {
  exported._start();
} catch (error) {
  if (!(error instanceof Exit)) throw error;
  process.exitCode = error.code;
}
