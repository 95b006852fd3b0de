import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retunwind, type Ran } from './support/command-line.js';
import { loadProgram } from './support/programs.js';

/** The command line as a process: exit codes, what goes to which stream, and what every kind of wrong input gets. */

let folder: string;
const file = (name: string): string => join(folder, name);

const ARITHMETIC = `(module
  (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
  (func $inner (param i32) (result i32) i32.const 7 local.get 0 i32.div_s)
  (func (export "div") (param i32) (result i32) local.get 0 call $inner)
  (func (export "swap") (param i64 f64) (result f64 i64) local.get 1 local.get 0)
  (func (export "f32") (param f32) (result f32) local.get 0)
  (func (export "null") (param externref funcref) (result i32) local.get 0 ref.is_null local.get 1 ref.is_null i32.and)
  (func (export "spin") (loop br 0))
  (func $deep (export "deep") call $deep)
  (memory (export "memory") 1 10)
  (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))`;

const MISSING = `(module
  (import "env" "log" (func (param i32 f64)))
  (import "env" "memory" (memory 1 2))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32)))
  (import "env" "g" (global (mut i64)))
  (func (export "_start")))`;

const WRONG_TYPE = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i64) (result i32)))
  (func (export "_start")))`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'retunwind-cli-'));
  writeFileSync(file('arithmetic.wat'), ARITHMETIC);
  writeFileSync(file('missing.wat'), MISSING);
  writeFileSync(file('wrong.wat'), WRONG_TYPE);
  writeFileSync(file('hello.wasm'), loadProgram('hello-go1.27-wasip1'));
  writeFileSync(file('go.wasm'), loadProgram('go1.27-wasip1'));
  writeFileSync(file('js.wasm'), loadProgram('go1.27-js'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const invoke = (...args: string[]): Ran => retunwind(['run', '--invoke', ...args.slice(0, 1), file('arithmetic.wat'), ...args.slice(1)]);

describe('the guest', () => {
  it('has its own streams and exit code', () => {
    expect(retunwind(['run', file('hello.wasm')])).toEqual({ stdout: 'Hello from Go\n', stderr: '', code: 0 });
    expect(retunwind([file('go.wasm'), 'exit', '7'])).toMatchObject({ code: 7 });
    expect(retunwind(['run', file('js.wasm'), 'exit', '7'])).toMatchObject({ code: 7 });
  });

  it('gets everything after MODULE, dashes included', () => {
    const { stdout } = retunwind(['run', file('go.wasm'), 'args', '--help', '-x', '--', '--env', 'a b']);
    for (const word of ['--help', '-x', '--', '--env', 'a b']) expect(stdout).toContain(word);
  });

  it('runs where the host has no engine of its own', () => {
    const ran = retunwind(['run', file('hello.wasm')], { node: ['--no-expose-wasm'] });
    expect(ran).toEqual({ stdout: 'Hello from Go\n', stderr: '', code: 0 });
    expect(retunwind(['trace', '--events', 'goroutine', file('hello.wasm')], { node: ['--no-expose-wasm'] }).stderr).toContain('runtime.main');
  });

  it('gets stdin, and of the environment only what it is given', () => {
    const ran = retunwind(['run', '--env', 'SCENARIO_GREETING=hi there', '--env', 'EMPTY=', file('go.wasm'), 'env'], { env: { SCENARIO_SECRET: 'secret' } });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('hi there');
    expect(ran.stdout).not.toContain('secret');
    const echoed = retunwind(['run', file('go.wasm'), 'stdin'], { input: 'one\ntwo\n' });
    expect(echoed.stdout).toContain('two');
  });

  it.each(['go.wasm', 'js.wasm'])('reaches the folders of --dir and nothing else (%s)', (module) => {
    const inside = file(`inside-${module}`);
    mkdirSync(inside);
    writeFileSync(file('outside.txt'), 'outside');
    symlinkSync(file('outside.txt'), join(inside, 'link.txt'));
    expect(retunwind(['run', '--dir', `${inside}::/data`, file(module), 'files', '/data']).code).toBe(0);
    expect(retunwind(['run', file(module), 'files', inside]).code).not.toBe(0);
    const before = readdirSync(inside).length;
    expect(retunwind(['run', '--dir', `${inside}::/data`, file(module), 'files', '/data/..']).code).not.toBe(0);
    expect(readdirSync(inside).length).toBe(before);
  });
});

describe('--invoke', () => {
  it('types the arguments by the signature and prints the results', () => {
    expect(invoke('add', '3', '4')).toEqual({ stdout: 'i32:7\n', stderr: '', code: 0 });
    expect(invoke('add', '0xffffffff', '-1').stdout).toBe('i32:-2\n');
    expect(invoke('swap', '-9', 'nan:0x8000000000001').stdout).toBe('f64:nan:0x8000000000001\ni64:-9\n');
    // A signalling NaN goes through untouched.
    expect(invoke('f32', 'nan:0x200000').stdout).toBe('f32:nan:0x200000\n');
    expect(invoke('null', 'null', 'null').stdout).toBe('i32:1\n');
  });

  it('says what is wrong with them', () => {
    expect(invoke('add', '1')).toEqual({ stdout: '', stderr: 'retunwind: "add" takes 2 arguments (i32 i32), not 1\n', code: 125 });
    expect(invoke('add', '1', '4294967296').stderr).toBe('retunwind: argument 2 of "add": 4294967296 does not fit into 32 bits\n');
    expect(invoke('ad', '1', '2').stderr).toContain('did you mean "add"?');
  });

  it('lists the exports of a module that has no start', () => {
    const { stderr, code } = retunwind(['run', file('arithmetic.wat')]);
    expect(code).toBe(125);
    expect(stderr).toContain('--invoke NAME');
    expect(stderr).toContain('retunwind:   swap (func (param i64 f64) (result f64 i64))');
  });
});

describe('limits and failures', () => {
  it('stop exactly', () => {
    const { stderr, code } = retunwind(['run', '--max-instructions', '12345', '--stats', '--invoke', 'spin', file('arithmetic.wat')]);
    expect(code).toBe(124);
    expect(stderr).toContain('12345 instructions');
    expect(stderr).toMatch(/^retunwind: stats \{"instructions":12345,/m);
  });

  it('tell a trap with the functions on the stack', () => {
    const { stdout, stderr, code } = invoke('div', '0');
    expect({ stdout, code }).toEqual({ stdout: '', code: 134 });
    expect(stderr.split('\n').slice(0, 4)).toEqual([
      'retunwind: trap: integer divide by zero',
      'retunwind: wasm stack, innermost first:',
      expect.stringMatching(/^retunwind: {5}inner \(function 1, at byte 0x[0-9a-f]+\)$/),
      expect.stringMatching(/^retunwind: {5}div \(function 2, at byte 0x[0-9a-f]+\)$/),
    ]);
  });

  it('end a recursion without end, and leave out the middle of its stack', () => {
    const { stderr, code } = retunwind(['run', '--max-call-depth', '5000', '--invoke', 'deep', file('arithmetic.wat')]);
    expect(code).toBe(134);
    expect(stderr).toContain('retunwind: exhaustion: call stack exhausted');
    expect(stderr).toMatch(/… \d+ more …/);
    expect(stderr.split('\n').length).toBeLessThan(60);
    expect(invoke('deep').code).toBe(134);
  });

  it('keep memory below --max-memory', () => {
    const grow = (pages: number): string => retunwind(['run', '--max-memory', String(3 * 65536), '--invoke', 'grow', file('arithmetic.wat'), String(pages)]).stdout;
    expect(grow(2)).toBe('i32:1\n');
    expect(grow(3)).toBe('i32:-1\n');
    const refused = retunwind(['run', '--max-memory', '1000', '--invoke', 'grow', file('arithmetic.wat'), '1']);
    expect(refused.code).toBe(126);
    expect(refused.stderr).toContain('limit of 1000 bytes');
  });

  it('name what a module needs and nobody provides, all of it at once', () => {
    const { stderr, code } = retunwind(['run', file('missing.wat')]);
    expect(code).toBe(126);
    for (const line of ['"env" "log" (func (param i32 f64))', '"env" "memory" (memory 1 2)', '"env" "g" (global (mut i64))']) expect(stderr).toContain(line);
    expect(stderr).not.toContain('fd_write');
  });

  it('show both types of an import that does not fit', () => {
    const { stderr, code } = retunwind(['run', file('wrong.wat')]);
    expect(code).toBe(126);
    expect(stderr).toContain('(func (param i32 i64) (result i32))');
    expect(stderr).toContain('(func (param i32 i32 i32 i32) (result i32))');
  });
});

describe('wrong command lines', () => {
  it.each([
    [['run', '--invok', 'add', 'x.wasm'], 125, 'unknown option --invok; did you mean --invoke?'],
    [['trace', '--evnts', 'loop', 'x.wasm'], 125, 'did you mean --events?'],
    [['inspect', '--jsn', 'x.wasm'], 2, 'did you mean --json?'],
    [['inspct', 'x.wasm'], 125, 'did you mean inspect?'],
    [['run'], 125, 'a module is missing'],
    [['inspect'], 2, 'a file is missing'],
    [['run', '--clock', 'virtul', 'x.wasm'], 125, '--clock is real or virtual, not "virtul"; did you mean virtual?'],
    [['trace', '--events', 'loop,gorutine', 'x.wasm'], 125, 'did you mean goroutine?'],
    [['run', '--max-instructions', 'many', 'x.wasm'], 125, '--max-instructions needs a whole number'],
    [['run', '--max-instructions', '-5', 'x.wasm'], 125, '--max-instructions'],
    [['run', '--seed'], 125, 'seed'],
    [['run', '--seed', '1', '--seed', '2', 'x.wasm'], 125, '--seed is given more than once'],
    [['run', '--env', 'K', 'x.wasm'], 125, '--env needs K=V, not "K"'],
    [['run', '--snapshot-at', '5', 'x.wasm'], 125, '--snapshot-at N and -o FILE belong together'],
    [['run', 'no-such-file.wasm'], 127, 'there is no file no-such-file.wasm'],
    [['no-such-file.wasm'], 127, 'there is no file no-such-file.wasm'],
    [['inspect', 'no-such-file.wasm'], 2, 'there is no file no-such-file.wasm'],
  ])('%j', (args, code, message) => {
    const ran = retunwind(args, { cwd: folder });
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).toMatch(/^(retunwind: .*\n)+$/);
    expect(ran).toMatchObject({ stdout: '', code });
  });

  it('refuses a folder that is not there', () => {
    const { stderr, code } = retunwind(['run', '--dir', 'no-such-folder', file('hello.wasm')]);
    expect({ stderr, code }).toEqual({ stderr: 'retunwind: --dir no-such-folder: there is no such folder\n', code: 125 });
  });
});

describe('wrong files', () => {
  const refused = (name: string, content: string | Uint8Array): Ran => {
    writeFileSync(file(name), content);
    return retunwind(['run', file(name)]);
  };

  it.each([
    ['empty.wasm', '', 'is empty'],
    ['elf.wasm', '\x7fELF', 'is not a WebAssembly module: it begins with 7f 45 4c 46'],
    ['text.wat', '(module\n  (func $f (result i32)\n    i32.const 1 2))', 'text.wat:3:17: '],
    ['invalid.wat', '(module\n  (func (result i32)\n    i64.const 1))', 'invalid.wat:'],
    ['version.wasm', '\0asm\x02\0\0\0', 'unknown binary version (at byte 0x4)'],
    ['truncated.wasm', '\0asm\x01\0\0\0\x01\x05\x01', '(at byte 0x'],
  ])('%s', (name, content, message) => {
    const { stdout, stderr, code } = refused(name, Buffer.from(content, 'latin1'));
    expect({ stdout, code }).toEqual({ stdout: '', code: 126 });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^(retunwind: .*\n)+$/);
  });

  it('a folder, and a file without permission', () => {
    expect(retunwind(['run', folder])).toMatchObject({ stderr: `retunwind: ${folder} is a folder, not a file\n`, code: 126 });
    writeFileSync(file('secret.wasm'), '');
    chmodSync(file('secret.wasm'), 0);
    // Root may read everything.
    if (process.getuid?.() !== 0) expect(retunwind(['run', file('secret.wasm')])).toMatchObject({ code: 126 });
    else expect(retunwind(['run', '/dev/zero'])).toMatchObject({ stderr: 'retunwind: /dev/zero is a device, not a file\n', code: 126 });
  });
});

describe('help', () => {
  it('names every command, and every command its options with examples', () => {
    const { stdout, code } = retunwind(['--help']);
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}([a-z0-9]+) {2,}\S/gm)].map(([, name]) => name!);
    expect(commands).toEqual(expect.arrayContaining(['run', 'trace', 'resume', 'inspect', 'wat2wasm', 'wasm2wat']));
    for (const command of commands) {
      const help = retunwind([command, '--help']);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain(`retunwind ${command} `);
      expect(help.stdout).toContain('Examples:');
    }
    expect(retunwind(['help', 'run']).stdout).toBe(retunwind(['run', '--help']).stdout);
  });

  it('tells the version', () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string };
    expect(retunwind(['--version'])).toEqual({ stdout: `retunwind ${version}\n`, stderr: '', code: 0 });
    expect(retunwind(['run', '--version']).stdout).toBe(`retunwind ${version}\n`);
  });
});

describe('trace', () => {
  it('writes the same twice, on the virtual clock', () => {
    const args = ['trace', '--format', 'jsonl', '-o', file('a.jsonl'), file('go.wasm'), 'sleep'];
    expect(retunwind(args).code).toBe(0);
    expect(retunwind(args.with(4, file('b.jsonl'))).code).toBe(0);
    const [a, b] = [readFileSync(file('a.jsonl'), 'utf8'), readFileSync(file('b.jsonl'), 'utf8')];
    expect(a).toBe(b);
    const records = a.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const record of records) expect(Object.keys(record).slice(0, 4)).toEqual(['clock', 'event', 'goroutine', 'function']);
    const seen = new Set(records.map((record) => record['event']));
    for (const event of ['goroutine', 'unwind', 'loop', 'host', 'export', 'memory']) expect(seen).toContain(event);
    for (const event of ['call', 'instruction']) expect(seen).not.toContain(event);
    for (const record of records.filter((candidate) => candidate['event'] === 'loop')) expect(record).toMatchObject({ pc_f: expect.any(Number), pc_b: expect.any(Number) });
  });

  it('shows only what is asked for, and leaves stdout to the guest', () => {
    const { stdout, stderr, code } = retunwind(['trace', '--events', 'loop', '--func', 'main.*', file('go.wasm'), 'pingpong', '2']);
    expect({ stdout, code }).toEqual({ stdout: expect.stringContaining('after 2 rounds'), code: 0 });
    const [head, ...lines] = stderr.trimEnd().split('\n');
    expect(head).toContain('clock');
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(line).toMatch(/ turn .* main\./);
  });

  it('makes a file for Perfetto', () => {
    expect(retunwind(['trace', '--format', 'chrome', '-o', file('trace.json'), file('go.wasm'), 'pingpong', '2']).code).toBe(0);
    const { traceEvents } = JSON.parse(readFileSync(file('trace.json'), 'utf8')) as { traceEvents: { ph: string }[] };
    const phases = new Set(traceEvents.map((event) => event.ph));
    for (const phase of ['M', 'X', 's', 'f', 'i']) expect(phases).toContain(phase);
  });

  it('ends as the program ends', () => {
    const { stderr, code } = retunwind(['trace', '--events', 'goroutine', file('go.wasm'), 'exit', '3']);
    expect(code).toBe(3);
    expect(stderr).toContain('runtime.main');
  });
});

describe('snapshots', () => {
  it.each(['go.wasm', 'js.wasm'])('go on in another process as if nothing had happened (%s)', (module) => {
    const straight = retunwind(['run', '--clock', 'virtual', '--seed', '0', '--stats', file(module), 'select']);
    const counted = (ran: Ran): string => /"instructions":\d+,"calls":\d+,"hostCalls":\d+,"memoryPages":\d+/.exec(ran.stderr)![0];
    // Anywhere in between: spec-tests/resume.test.ts.
    for (const [clock, before, after] of [
      ['1', 'module', 'module'],
      ['1200000', 'host', 'module'],
    ] as const) {
      const first = retunwind(['run', '--trampoline', before, '--snapshot-at', clock, '-o', file('state.snapshot'), file(module), 'select']);
      expect(first).toMatchObject({ stderr: '', code: 0 });
      const second = retunwind(['resume', '--trampoline', after, '--stats', file('state.snapshot')]);
      expect(first.stdout + second.stdout).toBe(straight.stdout);
      expect(counted(second)).toBe(counted(straight));
      expect(second.code).toBe(straight.code);
    }
  });

  it('are refused where something outside is in use, by name', () => {
    const { stderr, code } = retunwind(['run', '--clock', 'real', '--snapshot-at', '1000', '-o', file('x.snapshot'), file('hello.wasm')]);
    expect(code).toBe(125);
    expect(stderr).toContain('the real clock');
  });

  it('are not made after the end', () => {
    const { stderr, code } = retunwind(['run', '--snapshot-at', '900000000', '-o', file('x.snapshot'), file('hello.wasm')]);
    expect(code).toBe(125);
    expect(stderr).toMatch(/no snapshot: the program ended at clock \d+ \(exit code 0\), before 900000000/);
  });

  it('are refused when they are foreign or damaged', () => {
    retunwind(['run', '--snapshot-at', '5000', '-o', file('good.snapshot'), file('hello.wasm')]);
    const good = readFileSync(file('good.snapshot'));
    const refused = (content: Uint8Array): Ran => {
      writeFileSync(file('bad.snapshot'), content);
      return retunwind(['resume', file('bad.snapshot')]);
    };
    expect(refused(good.subarray(0, good.length - 10))).toMatchObject({ stderr: expect.stringContaining('is damaged'), code: 125 });
    const altered = Buffer.from(good);
    altered[good.length >> 1]! ^= 1;
    expect(refused(altered)).toMatchObject({ stderr: expect.stringContaining('is damaged'), code: 125 });
    expect(refused(Buffer.from('retunwind snapshot 9\n'))).toMatchObject({ stderr: expect.stringContaining('version 9'), code: 125 });
    expect(refused(loadProgram('hello-go1.27-wasip1'))).toMatchObject({ stderr: expect.stringContaining('is no snapshot but a module'), code: 125 });
    expect(retunwind(['resume', file('none.snapshot')])).toMatchObject({ code: 127 });
  });
});

describe('inspect', () => {
  it('tells a Go program from others, as text and as JSON', () => {
    const { stdout, code } = retunwind(['inspect', file('hello.wasm')]);
    expect(code).toBe(0);
    for (const text of ['WASI command', 'go1.27', 'wasip1', '"wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))', 'main.main']) expect(stdout).toContain(text);
    const report = JSON.parse(retunwind(['inspect', '--json', file('js.wasm')]).stdout) as Record<string, unknown>;
    expect(report).toMatchObject({ kind: 'go-js', go: { goos: 'js', buildMode: 'exe', stripped: false } });
    expect(JSON.parse(retunwind(['inspect', '--json', file('arithmetic.wat')]).stdout)).toMatchObject({ kind: 'plain', go: null, memories: [{ type: '(memory 1 10)' }] });
  });

  it('disassembles a function, a Go one with its lines', () => {
    const { stdout } = retunwind(['inspect', '--func', 'main.main', file('hello.wasm')]);
    expect(stdout).toMatch(/;; PC_B 0 +programs\/hello\/main\.go:\d+/);
    expect(stdout).toMatch(/0x[0-9a-f]{6} +call \$fmt\.Fprintln/);
    expect(retunwind(['inspect', '--func', 'main.mian', file('hello.wasm')])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean main.main?') });
    const { code } = JSON.parse(retunwind(['inspect', '--json', '--func', 'add', file('arithmetic.wat')]).stdout) as { code: { instruction: string }[] };
    expect(code.map(({ instruction }) => instruction)).toEqual(['local.get 0', 'local.get 1', 'i32.add']);
  });
});

describe('text and binary', () => {
  it('are turned into each other', () => {
    expect(retunwind(['wat2wasm', file('arithmetic.wat'), '-o', file('arithmetic.wasm')])).toEqual({ stdout: '', stderr: '', code: 0 });
    const { stdout } = retunwind(['wasm2wat', file('arithmetic.wasm')]);
    expect(stdout).toContain('i32.div_s');
    writeFileSync(file('again.wat'), stdout);
    expect(retunwind(['run', '--invoke', 'add', file('again.wat'), '20', '22']).stdout).toBe('i32:42\n');
    expect(retunwind(['wat2wasm', file('arithmetic.wat')])).toMatchObject({ code: 2, stderr: expect.stringContaining('-o OUT is missing') });
  });
});

describe('as go test calls it', () => {
  it.each([
    ['go-wasip1-exec.js', 'go.wasm'],
    ['go-js-exec.js', 'js.wasm'],
  ])('%s gives the whole file system, folder and environment', (program, module) => {
    const run = (...args: string[]): Ran => retunwind([file(module), ...args], { program, cwd: folder, env: { SCENARIO_GREETING: 'hello' } });
    expect(run('env').stdout).toContain('hello');
    const work = file(`work-${module}`);
    mkdirSync(work);
    expect(run('files', work)).toMatchObject({ code: 0 });
    expect(run('exit', '3')).toMatchObject({ code: 3 });
  });
});
