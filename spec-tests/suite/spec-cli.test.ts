import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retunwind } from '../support/command-line.js';

/** `retunwind spec`, and what the text format says of bad input, by the command line. */

const OWN = join(import.meta.dirname, '../wast');
let folder: string;
const file = (name: string, content?: string): string => {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'retunwind-spec-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly files: readonly { readonly path: string; readonly profile: string; readonly passed: number; readonly skipped: number }[];
}
const report = (...args: string[]): Report => JSON.parse(retunwind(['spec', '--json', ...args]).stdout) as Report;

describe('spec', () => {
  it('runs a folder, proposals only where they are admitted, through snapshots or not', () => {
    const all = report('--proposals', 'all', OWN);
    expect(all).toMatchObject({ failed: 0, skipped: 0 });
    expect(report('--proposals', 'all', '--snapshots', '3', OWN)).toEqual(all);
    const standard = report(OWN);
    expect(standard.failed).toBe(0);
    expect(standard.passed + standard.skipped).toBe(all.passed);
    expect(standard.skipped).toBeGreaterThan(0);
    expect(standard.files.every(({ profile, passed, skipped }) => (profile === 'wasm-3.0' ? skipped : passed) === 0)).toBe(true);
  });

  it('runs every Nth file of a shard', () => {
    const paths = report(OWN).files.map(({ path }) => path);
    const shards = [1, 2, 3].flatMap((i) => report('--shard', `${i}/3`, OWN).files.map(({ path }) => path));
    expect(shards.sort()).toEqual(paths);
  });

  it('tells failures by their place, and goes on after them, in the file and in the next one', () => {
    const bad = file('bad.wast', '(assert_return (invoke "f"))\n(module (func (export "f") (result i32) (i32.const 1)))\n(assert_return (invoke "f") (i32.const 2))\n(module\n  (func (bogus)))\n(module quote "(func")\n  (bogus\n');
    const good = file('good.wast', '(module (func (export "f")))\n(assert_return (invoke "f"))\n');
    const { stdout, code } = retunwind(['spec', bad, good]);
    expect(stdout.split('\n')).toEqual([
      `${bad}:1:1: assert_return: there is no module instance`,
      '  (assert_return (invoke "f"))',
      '  ^',
      `${bad}:3:1: assert_return: expected (i32.const 2), got (i32.const 1)`,
      '  (assert_return (invoke "f") (i32.const 2))',
      '  ^',
      `${bad}:5:10: module: SyntaxError: unknown operator bogus`,
      '    (func (bogus)))',
      '           ^',
      `${bad}:6:1: module: SyntaxError: unexpected token: found the end of the text, expected an instruction`,
      '  (module quote "(func")',
      '  ^',
      `${bad}:7:4: bogus: SyntaxError: unknown operator bogus`,
      '    (bogus',
      '     ^',
      '1 passed, 5 failed, 0 skipped in 2 files',
      '',
    ]);
    expect(code).toBe(1);
  });

  it('looks for all of its files first', () => {
    const good = file('good.wast', '(module (func (export "f")))\n(assert_return (invoke "f"))\n');
    const missing = file('missing.wast');
    expect(retunwind(['spec', good, missing])).toEqual({ stdout: '', stderr: `retunwind: there is no file ${missing}\n`, code: 2 });
    expect(retunwind(['spec', '--proposals', 'thread', good])).toMatchObject({ stdout: '', code: 2 });
  });

  it('refuses a deep nesting, and what follows still runs', () => {
    const depth = 200_000;
    const deep = file('deep.wast', `(module (func ${'(block '.repeat(depth)}${')'.repeat(depth)}))\n(module (func (export "f")))(assert_return (invoke "f"))`);
    const { stdout } = retunwind(['spec', deep]);
    expect(stdout).toContain('deep.wast:1:1: module: ValidationError: more than 100000 blocks inside each other');
    expect(stdout).toContain('1 passed, 1 failed, 0 skipped');
  });
});

describe('text that is wrong', () => {
  it.each([
    ['(module\n  (func (result i32)\n    i32.cnst 1))\n', '3:5: unknown operator i32.cnst', '      i32.cnst 1))', '      ^'],
    ['(module (func $f) (func $f))', '1:25: duplicate func $f', '  (module (func $f) (func $f))', '                          ^'],
    ['('.repeat(500_000), '1:2: unexpected token', `  ${'('.repeat(20)}`, '   ^'],
    ['(;'.repeat(500_000), '1:1: unclosed comment', '  (;(;(;', '  ^'],
    [`(module ${'(func (nop))'.repeat(20_000)}(bogus))`, '1:240010: unknown operator bogus', '(bogus))', '^'],
    ['\0asn', '1:1: illegal character', '', '^'],
  ])('is shown with its place, the line and a caret: case %#', (text, place, line, caret) => {
    const path = file('bad.wat', text);
    const { stderr, stdout, code } = retunwind(['wat2wasm', path, '-o', file('out.wasm')]);
    const lines = stderr.trimEnd().split('\n').map((one) => one.replace('retunwind: ', ''));
    expect(lines[0]).toContain(`${path}:${place}`);
    expect(lines[1]).toContain(line);
    expect(lines[2]).toMatch(/^ *\^$/);
    expect(lines[2]).toContain(caret);
    expect(lines).toHaveLength(3);
    expect({ stdout, code, short: stderr.length < 500 }).toEqual({ stdout: '', code: 1, short: true });
  });
});
