import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, retunwind } from './support/command-line.js';

/** What is not in the standard is switched on by name, by every command that reads a module. */

let folder: string;
const path = (name: string): string => join(folder, name);
const WAIT = `(module (memory 1 1 shared)
  (func (export "add") (param i32) (result i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (local.get 0))) (i32.atomic.load (i32.const 0)))
  (func (export "wait") (param i64) (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (local.get 0))))`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'retunwind-features-'));
  writeFileSync(path('threads.wat'), WAIT);
  writeFileSync(path('wide.wat'), '(module (func (export "f") (result i64 i64) (i64.mul_wide_u (i64.const -1) (i64.const -1))))');
});
afterAll(() => rmSync(folder, { recursive: true }));

function ok(...args: string[]): string {
  const { stdout, stderr, code } = retunwind(args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout;
}
function refused(code: number, ...args: string[]): Ran {
  const ran = retunwind(args);
  expect({ stdout: ran.stdout, code: ran.code }).toEqual({ stdout: '', code });
  return ran;
}

describe('--features', () => {
  it('is named by the message that refuses a module without it', () => {
    const text = refused(126, 'run', '--invoke', 'add', path('threads.wat'), '1').stderr.split('\n');
    expect(text[0]).toContain('threads.wat:1:21: unexpected token: found shared');
    expect(text[3]).toBe('retunwind: it needs what is not in the standard: --features threads');
    expect(refused(126, 'run', '--invoke', 'f', path('wide.wat')).stderr).toContain('--features wide-arithmetic');
    expect(refused(126, 'run', '--features', 'threads', '--invoke', 'f', path('wide.wat')).stderr).toContain('--features wide-arithmetic');
    expect(refused(125, 'run', '--features', 'thread', path('wide.wat')).stderr).toContain('did you mean threads?');
    writeFileSync(path('wrong.wat'), '(module (func (result i32)))');
    expect(refused(126, 'run', path('wrong.wat')).stderr).not.toContain('--features');
  });

  it('admits what it names, in either format', () => {
    expect(ok('run', '--features', 'threads,wide-arithmetic', '--invoke', 'f', path('wide.wat'))).toBe('i64:1\ni64:-2\n');
    expect(refused(1, 'wat2wasm', path('threads.wat'), '-o', path('no.wasm')).stderr).toContain('--features threads');
    ok('wat2wasm', '--features', 'threads', path('threads.wat'), '-o', path('threads.wasm'));
    expect(refused(126, 'run', '--invoke', 'add', path('threads.wasm'), '1').stderr).toContain('--features threads');
    expect(ok('run', '--features', 'threads', '--invoke', 'add', path('threads.wasm'), '3')).toBe('i32:3\n');
    expect(refused(1, 'wasm2wat', path('threads.wasm')).stderr).toContain('--features threads');
    expect(ok('wasm2wat', '--features', 'threads', path('threads.wasm'))).toContain('i32.atomic.rmw.add');
    expect(ok('inspect', '--features', 'threads', path('threads.wasm'))).toContain('(memory 1 1 shared)');
  });

  it('is remembered by recordings and snapshots', () => {
    expect(ok('record', '--features', 'threads', '-o', path('wait.rec'), '--clock', 'virtual', '--invoke', 'wait', path('threads.wat'), '5')).toBe('i32:2\n');
    expect(ok('replay', path('wait.rec'))).toBe('i32:2\n');
    ok('run', '--features', 'threads', '--snapshot-at', '3', '-o', path('add.snapshot'), '--invoke', 'add', path('threads.wat'), '4');
    expect(ok('resume', path('add.snapshot'))).toBe('i32:4\n');
  });

  it('lets the only thread wait: for a time that passes, or for ever, which is a deadlock', () => {
    const wait = ['run', '--features', 'threads', '--clock', 'virtual', '--invoke', 'wait', path('threads.wat')];
    expect(ok(...wait, '3600000000000')).toBe('i32:2\n');
    expect(refused(134, ...wait, '-1').stderr).toContain('deadlock: the only thread waits for ever');
  });
});
