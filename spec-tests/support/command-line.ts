import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The built command line. */
export const main: string = join(import.meta.dirname, '../../dist/cli/main.js');

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; null after a signal. */
  readonly code: number | null;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options for node itself. */
  readonly node?: readonly string[];
  readonly cwd?: string;
  /** Another program of the package instead of `main.js`. */
  readonly program?: string;
}

/** Runs the built command line in a process of its own. */
export function retunwind(args: readonly string[], { input = '', env, node = [], cwd, program }: RunOptions = {}): Ran {
  const file = program === undefined ? main : join(main, '..', program);
  if (!existsSync(file)) throw new Error('dist is missing: run npm run build first, or npm test');
  const { stdout, stderr, status, error } = spawnSync(process.execPath, [...node, file, ...args], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
    cwd,
    maxBuffer: 1 << 28,
    timeout: 55_000,
  });
  if (error !== undefined) throw error;
  return { stdout, stderr, code: status };
}
