// Compiled code that the command line keeps for the next process: seen in processes, because within one V8 remembers.
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

let root: string;
let cli: string;
let module: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'retunwind-kept-'));
  cli = join(root, 'cli');
  cpSync(join(import.meta.dirname, '../dist/cli'), cli, { recursive: true });
  module = join(root, 'trap.wat');
  writeFileSync(module, '(module (func unreachable) (start 0))');
});
afterAll(() => rmSync(root, { recursive: true }));

const kept = (): string[] => readdirSync(cli).filter((name) => name.includes('.cache'));
const content = (): Buffer => readFileSync(join(cli, kept()[0]!));
const parts = (): string => content().toString('latin1').split('\n').at(-1)!;
beforeEach(() => {
  for (const name of kept()) rmSync(join(cli, name), { recursive: true });
});

function run(command: 'run' | 'trace' = 'run'): void {
  const { stderr, status } = spawnSync(process.execPath, [join(cli, 'main.js'), command, module], { encoding: 'utf8' });
  expect(stderr).toContain('retunwind: trap: unreachable\n');
  expect(status).toBe(134);
}

it('is used by later processes, and grows with the parts that they use', () => {
  run();
  expect(kept()).toHaveLength(1);
  expect(parts()).toBe('run plain');
  const first = content();
  run();
  expect(content().equals(first)).toBe(true);
  run('trace');
  expect(parts()).toBe('run plain trace');
  const both = content();
  run('trace');
  run();
  expect(content().equals(both)).toBe(true);
  expect(kept()).toHaveLength(1);
});

it.each([
  ['empty', (path: string) => truncateSync(path, 0)],
  ['cut off', (path: string) => truncateSync(path, 100_000)],
  ['too long', (path: string) => appendFileSync(path, '\nrun plain')],
  ['something else', (path: string) => writeFileSync(path, 'no code\nrun plain')],
])('is made again where it is %s', (_, damage) => {
  run();
  const whole = content().length;
  damage(join(cli, kept()[0]!));
  run();
  expect(Math.abs(content().length - whole)).toBeLessThan(whole / 10);
});

it('is done without where it cannot be written', () => {
  run();
  const [name] = kept();
  rmSync(join(cli, name!));
  // Not even root writes a file over a folder.
  mkdirSync(join(cli, name!));
  run();
  run();
  expect(kept()).toEqual([name]);
});
