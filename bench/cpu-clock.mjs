// @ts-check
// Preloaded (node --import) it gives the program that runs a clock of processor time, user and system of the whole
// process, so that figures can be had on a busy machine: to retunwind as the system's clock, to node:wasi as WASI's.
import { WASI } from 'node:wasi';

/** Nanoseconds. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return BigInt(user + system) * 1000n;
}

process.hrtime.bigint = processorTime;

const { getImportObject, start } = WASI.prototype;
/** @type {{ readonly buffer: ArrayBuffer }} */
let memory;
WASI.prototype.start = function (instance) {
  ({ memory } = /** @type {{ exports: { memory: typeof memory } }} */ (instance).exports);
  return start.call(this, instance);
};
WASI.prototype.getImportObject = function () {
  const imports = /** @type {{ wasi_snapshot_preview1: Record<string, unknown> }} */ (getImportObject.call(this));
  imports.wasi_snapshot_preview1['clock_time_get'] = (/** @type {number} */ _id, /** @type {bigint} */ _precision, /** @type {number} */ at) => {
    new DataView(memory.buffer).setBigUint64(at, processorTime(), true);
    return 0;
  };
  return imports;
};
