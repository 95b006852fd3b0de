// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where `name` is on PATH, or undefined. @param {string} name */
export function onPath(name) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

/**
 * One run of a command to its end. `cpu` is user and system time of the whole process; both are seconds.
 * @param {readonly string[]} command
 * @returns {{ wall: number, cpu: number, stdout: string }}
 */
export function runProcess(command) {
  const timed = spawnSync('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" 2>/dev/null', 'bash', ...command], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const times = timed.stderr.trim().split('\n').at(-1)?.split(' ').map(Number);
  if (timed.status !== 0 || times === undefined || times.length !== 3) {
    throw new Error(`${command.join(' ')} ended with ${timed.status ?? timed.signal}: ${timed.stderr.slice(-500)}`);
  }
  const [wall, user, system] = /** @type {[number, number, number]} */ (times);
  return { wall, cpu: user + system, stdout: timed.stdout };
}

/**
 * Seconds from the start of a command to its first output.
 * @param {readonly string[]} command
 * @returns {Promise<number>}
 */
export function timeToOutput(command) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const [file, ...args] = command;
    const child = spawn(/** @type {string} */ (file), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    /** @type {number | undefined} */
    let first;
    child.stdout.on('data', () => {
      first ??= (performance.now() - start) / 1000;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (first === undefined) reject(new Error(`${command.join(' ')} wrote nothing and ended with ${code}`));
      else resolve(first);
    });
  });
}

/** The value below which the share `p` of `values` lies. @param {readonly number[]} values @param {number} p */
export function quantile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const low = /** @type {number} */ (sorted[Math.floor(at)]);
  const high = /** @type {number} */ (sorted[Math.ceil(at)]);
  return low + (high - low) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * Columns, the first one to the left and the others to the right.
 * @param {readonly (readonly string[])[]} rows
 */
export function table(rows) {
  const widths = /** @type {readonly string[]} */ (rows[0]).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')).join('\n');
}
