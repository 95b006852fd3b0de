import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { retunwind } from './support/command-line.js';

/** What the command line says of functions that are not compiled. */

const TEXT = `(module
  (func $vectors (param i32) (result i32) (local v128) (i32.add (local.get 0) (i32.const 1)))
  (func (export "count") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (call $vectors (local.get 1)))
      (br_if $again (i32.lt_u (local.get 1) (local.get 0))))
    (local.get 1)))`;

let folder: string;
let module: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'retunwind-compilation-'));
  module = join(folder, 'count.wat');
  writeFileSync(module, TEXT);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = ['run', '--tier', 'compiled', '--stats', '--invoke', 'count'];
const stats = (stderr: string): Record<string, unknown> => JSON.parse(/^retunwind: stats (.*)$/m.exec(stderr)![1]!) as Record<string, unknown>;

it('--stats names the functions that stay interpreted, with the reason', () => {
  const { stdout, stderr, code } = retunwind([...run, module, '1000000']);
  expect({ stdout, code }).toEqual({ stdout: 'i32:1000000\n', code: 0 });
  expect(stats(stderr)).toMatchObject({ tier: 'compiled', compiled: 1, refused: [{ function: 'vectors', why: 'vectors' }] });
});

it('where code cannot be made from text the machine goes on interpreted, and says so once', () => {
  const { stdout, stderr, code } = retunwind([...run, module, '1000000'], { node: ['--disallow-code-generation-from-strings'] });
  expect({ stdout, code }).toEqual({ stdout: 'i32:1000000\n', code: 0 });
  expect(stderr.match(/forbids making code/g)).toHaveLength(1);
  expect(stats(stderr)).toMatchObject({ tier: 'interp', compiled: 0 });
});
