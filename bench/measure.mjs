// @ts-check
// Processes and their times.
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

/** How a command ended, with the last that it said. @param {number | string | null} how @param {string} stderr */
function failure(how, stderr) {
  const said = stderr.trim().split('\n').slice(-3).join(' / ').slice(-300);
  return `ended with ${how}${said === '' ? '' : `: ${said}`}`;
}

/** Processor time after which a command has failed, in seconds. */
const PATIENCE = 600;
/** What `time` says goes to descriptor 3, apart from the command's own standard error. */
const TIMED = `ulimit -t ${PATIENCE}; ` + 'TIMEFORMAT="%R %U %S"; { time "$@" 2>&4 3>&- 4>&-; } 4>&2 2>&3';

/**
 * One run of a command to its end. `cpu` is user and system time of the whole process; both are seconds. Throws when
 * the command fails, with the last that it said.
 * @param {readonly string[]} command
 * @returns {{ wall: number, cpu: number, stdout: string, stderr: string }}
 */
export function runProcess(command) {
  const { status, signal, output } = spawnSync('bash', ['-c', TIMED, 'bash', ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, times] = /** @type {string[]} */ (output);
  if (status !== 0) {
    throw new Error(failure(status ?? signal, stderr ?? ''));
  }
  const [wall, user, system] = /** @type {[number, number, number]} */ ((times ?? '').trim().split(' ').map(Number));
  return { wall, cpu: user + system, stdout: stdout ?? '', stderr: stderr ?? '' };
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
    const child = spawn(/** @type {string} */ (file), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {number | undefined} */
    let first;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
    child.stdout.on('data', () => {
      first ??= (performance.now() - start) / 1000;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (first === undefined || code !== 0) reject(new Error(`${first === undefined ? 'wrote nothing and ' : ''}${failure(code, said)}`));
      else resolve(first);
    });
  });
}
