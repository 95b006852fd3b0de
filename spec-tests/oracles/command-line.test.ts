import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { retunwind } from '../support/command-line.js';
import { normalise, oracleOf, SANDBOX } from '../support/oracles.js';
import { loadProgram, programs } from '../support/programs.js';

/**
 * A part of the recorded runs once more, by the built command line as a process of its own, where Node's WebAssembly
 * does not exist, with the real clock and real folders.
 */
const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  'go1.19-js': ['hello', 'deadlock'],
  'go1.21-wasip1': ['stdin', 'panic'],
  'go1.24-js': ['stdin', 'iterators'],
  'go1.27-js': ['args', 'env', 'stdin', 'files', 'folders', 'links', 'exit', 'sleep', 'js-async', 'js-callbacks', 'panic', 'deadlock-mutex', 'wasmexport'],
  'go1.27-wasip1': ['args', 'env', 'stdin', 'files', 'folders', 'links', 'exit', 'sleep', 'channels', 'panic', 'lost-wakeup'],
  'c-wasi': ['args', 'env', 'file', 'input', 'trap', 'x'],
  'zig-wasi': ['work', 'file', 'error'],
};

const folder = mkdtempSync(join(tmpdir(), 'oracles-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
let sandboxes = 0;

for (const [name, scenarios] of Object.entries(CHOSEN)) {
  describe(name, () => {
    const path = join(folder, `${name}.wasm`);
    writeFileSync(path, loadProgram(name));
    const isJs = programs.some((program) => program.name === name && program.target === 'js');
    for (const run of oracleOf(name).runs.filter(({ args }) => scenarios.includes(args[0]!))) {
      // On a machine so busy that a process gets no turn for 60 ms, sleepers may wake in another order.
      test(run.args.join(' '), { retry: run.args[0] === 'sleep' ? 2 : 0 }, () => {
        const options = Object.entries(run.env ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
        const args = [...run.args];
        if (run.folder) {
          const sandbox = join(folder, `sandbox-${sandboxes++}`);
          mkdirSync(sandbox);
          options.push('--dir', `${sandbox}::${SANDBOX}`);
          if (isJs) args.push(SANDBOX);
        }
        const { stdout, stderr, code } = retunwind(['run', ...options, path, ...args], { input: run.stdin ?? '', node: ['--no-expose-wasm'] });
        if (run.stdout !== null) expect(normalise(stdout)).toBe(run.stdout);
        if (run.trap === undefined) {
          if (run.stderr !== null) expect(normalise(stderr)).toBe(run.stderr);
          expect(code).toBe(run.exitCode);
        } else {
          expect(normalise(stderr).startsWith(run.stderr ?? '')).toBe(true);
          expect(stderr).toContain('retunwind: ');
          expect(code).toBe(134);
        }
      });
    }
  });
}
