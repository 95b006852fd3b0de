import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, fstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { retunwind } from '../support/command-line.js';
import { loadProgram } from '../support/programs.js';

/** tools/check-replay.mjs asks for more than what is quick. */
const KILLS = Number(process.env['REPLAY_KILLS'] ?? 3);

const folder = mkdtempSync(join(tmpdir(), 'replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string): string => join(folder, name);
function moduleFile(name: string): string {
  const path = inFolder(`${name}.wasm`);
  if (!existsSync(path)) writeFileSync(path, loadProgram(name));
  return path;
}

/** Makes it impossible to make a realm, and so anything of a Go program's JavaScript world. */
const NO_REALMS = `import vm from 'node:vm'; import { syncBuiltinESMExports } from 'node:module';
vm.createContext = vm.runInContext = vm.runInNewContext = () => { throw new Error('a realm is made'); }; syncBuiltinESMExports();`;

const hello = moduleFile('zig-wasi');
const recording = inFolder('hello.rec');

describe('record and replay', () => {
  it('give the same output and exit code', () => {
    const recorded = retunwind(['record', '-o', recording, hello, 'work']);
    const replayed = retunwind(['replay', '--verify', recording]);
    expect(replayed.stdout).toBe(recorded.stdout);
    expect(replayed.code).toBe(recorded.code);
    expect(replayed.stderr).toMatch(/the state was the same at \d+ checkpoints?\n$/);
  });

  it('know a guest that trapped, and one that ran out of instructions', () => {
    const trap = inFolder('trap.wat');
    writeFileSync(trap, '(module (memory 1) (func $inner (drop (i32.load (i32.const -1)))) (func (export "_start") (call $inner)))');
    for (const options of [[], ['--max-instructions', '1']]) {
      const recorded = retunwind(['record', '-o', inFolder('trap.rec'), ...options, trap]);
      const replayed = retunwind(['replay', inFolder('trap.rec')]);
      expect(replayed).toEqual(recorded);
      expect(replayed.code).toBe(options.length === 0 ? 134 : 124);
    }
  });

  it('print what an export returned', () => {
    const add = inFolder('add.wat');
    writeFileSync(add, '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))');
    expect(retunwind(['record', '-o', inFolder('add.rec'), '--invoke', 'add', add, '1', '2']).stdout).toBe('i32:3\n');
    expect(retunwind(['replay', inFolder('add.rec')]).stdout).toBe('i32:3\n');
  });

  it('need neither the files that the program read nor the streams', () => {
    const world = inFolder('world');
    mkdirSync(world);
    const program = moduleFile('go1.27-wasip1');
    const file = inFolder('files.rec');
    for (const [args, input] of [[['files'], ''], [['stdin'], 'one\ntwo\n']] as const) {
      const recorded = retunwind(['record', '-o', file, '--dir', `${world}::/sandbox`, program, ...args], { input, cwd: world });
      rmSync(world, { recursive: true });
      const replayed = retunwind(['replay', '--verify', file], { cwd: folder });
      expect(replayed.stdout).toBe(recorded.stdout);
      expect(recorded.stdout).not.toBe('');
      expect(replayed.code).toBe(0);
      mkdirSync(world);
    }
  });

  it('need none of the JavaScript values that the program used', () => {
    const program = moduleFile('go1.27-js');
    for (const scenario of ['js-values', 'js-callbacks']) {
      const file = inFolder('js.rec');
      const recorded = retunwind(['record', '-o', file, program, scenario]);
      expect(recorded.stdout).not.toBe('');
      // Nothing of the host for js is there when what it would be made of is missing.
      const replayed = retunwind(['replay', '--verify', file], { node: ['--import', `data:text/javascript,${encodeURIComponent(NO_REALMS)}`] });
      expect(replayed.stdout).toBe(recorded.stdout);
      expect(replayed.code).toBe(recorded.code);
      expect(replayed.stderr).toContain('the state was the same');
    }
  });

  it('find the module that has moved, and refuse another one with both hashes', () => {
    const gone = inFolder('gone.wasm');
    copyFileSync(hello, gone);
    retunwind(['record', '-o', inFolder('gone.rec'), gone]);
    rmSync(gone);
    const lost = retunwind(['replay', inFolder('gone.rec')]);
    expect(lost.code).toBe(127);
    expect(lost.stderr).toContain('--module');
    expect(retunwind(['replay', '--module', hello, inFolder('gone.rec')]).stdout).toContain('Hello from Zig');
    const foreign = retunwind(['replay', '--module', moduleFile('c-wasi'), inFolder('gone.rec')]);
    expect(foreign.code).toBe(125);
    expect(foreign.stderr.match(/[0-9a-f]{64}/g)).toHaveLength(2);
  });
});

describe('a file that is no recording, or no whole one,', () => {
  const refused = (content: Uint8Array | string, text: string): void => {
    const path = inFolder('bad.rec');
    writeFileSync(path, content);
    const { code, stderr, stdout } = retunwind(['replay', path]);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('    at ');
  };

  it('is refused in one line', () => {
    refused('', 'cut off within its first line');
    refused('retunwind rec', 'cut off within its first line');
    refused('hello, world: this is no recording at all', 'is no recording');
    refused(readFileSync(hello), 'is no recording');
    refused('retunwind recording 9\n', 'version 9, and this retunwind knows version 2');
    const whole = readFileSync(recording);
    refused(whole.subarray(0, 26), 'cut off within its head');
    const bent = Uint8Array.from(whole);
    bent[40]! ^= 1;
    refused(bent, 'its head, from byte 22 on, is damaged');
    expect(retunwind(['replay', inFolder('none.rec')]).code).toBe(127);
  });

  it('is replayed up to where it is damaged, whatever byte it is', () => {
    const whole = readFileSync(recording);
    const { stdout } = retunwind(['replay', recording]);
    for (let i = 0; i < 4; i++) {
      const bent = Uint8Array.from(whole);
      const at = 400 + Math.floor(((whole.length - 400) * i) / 4);
      bent[at]! ^= 0x10;
      writeFileSync(inFolder('bent.rec'), bent);
      const ran = retunwind(['replay', '--verify', inFolder('bent.rec')]);
      if (ran.code === 0) expect(ran.stderr).toMatch(/before the program did: .*from byte \d+ on.* (is damaged|is not whole)/);
      else expect(ran.code).toBe(125);
      expect(stdout.startsWith(ran.stdout)).toBe(true);
      expect(ran.stderr).not.toContain('    at ');
    }
  });
});

describe('a process that is killed while it records', () => {
  it(`leaves all that it has shown (${KILLS} times)`, async () => {
    const program = moduleFile('go1.27-wasip1');
    const main = join(import.meta.dirname, '../../dist/cli/main.js');
    for (let i = 0; i < KILLS; i++) {
      const file = inFolder('killed.rec');
      rmSync(file, { force: true });
      const out = openSync(inFolder('killed.out'), 'w');
      const child = spawn(process.execPath, [main, 'record', '-o', file, program, 'mix', '20'], { stdio: ['ignore', out, 'ignore'] });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      while (!existsSync(file) || statSync(file).size < 1000) await sleep(10);
      await sleep(Math.random() * 2500);
      child.kill('SIGKILL');
      await ended;
      const shown = fstatSync(out).size;
      closeSync(out);
      const { stdout, stderr, code } = retunwind(['replay', '--verify', file]);
      expect(code).toBe(0);
      const before = readFileSync(inFolder('killed.out'), 'latin1');
      expect(before.length).toBe(shown);
      expect(Buffer.from(stdout).toString('latin1').startsWith(before)).toBe(true);
      expect(stderr).toMatch(/the state was the same at \d+ checkpoints?/);
    }
  });
});
