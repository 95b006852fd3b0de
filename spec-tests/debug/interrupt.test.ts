import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../support/command-line.js';

/** Ctrl-C gives the prompt back within half a second, whatever the guest does. */

const PROGRAMS = {
  'a tight loop': '(module (func (export "_start") (loop (br 0))))',
  'poll_oneoff, which sleeps for an hour': `(module (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)
    (func (export "_start") (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 3600000000000))
      (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))`,
  'a recursion of 900,000 frames': `(module (func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (loop (br 0)))))
    (func (export "_start") (call $down (i32.const 900000))))`,
};

/** What may pass before the prompt is back, in milliseconds: of the processor's time, so that other work does not count. */
const AT_MOST = 500;
/** Rounds of continue and Ctrl-C. */
const ROUNDS = 3;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'retunwind-interrupt-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Milliseconds of processor time; where the system does not tell, of the wall clock. */
function time(pid: number): number {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return performance.now();
  const fields = readFileSync(stat, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

it.each(Object.entries(PROGRAMS))('in %s', interrupted);

async function interrupted(_: string, text: string): Promise<void> {
  const file = join(folder, 'program.wat');
  writeFileSync(file, text);
  const child = spawn(process.execPath, [main, 'debug', '--clock', 'real', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  let heard = (): void => {};
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
    heard();
  });
  const until = async (words: string): Promise<string> => {
    while (!output.includes(words)) await new Promise<void>((resolve) => (heard = resolve));
    const before = output;
    output = '';
    return before;
  };
  const took: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      child.stdin.write('continue\n');
      await until('(retunwind) continue\n');
      await new Promise((resolve) => setTimeout(resolve, 400 * (round + 1)));
      const start = time(child.pid!);
      child.kill('SIGINT');
      expect(await until('(clock ')).toContain('stopped\n> ');
      took.push(time(child.pid!) - start);
    }
    child.stdin.write('stack 1\nprint clock\n');
    expect(await until('print clock\n')).toContain('at byte 0x');
  } finally {
    child.kill('SIGKILL');
  }
  expect(Math.max(...took)).toBeLessThan(AT_MOST);
}
