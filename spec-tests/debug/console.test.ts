import { expect, it } from 'vitest';
import { Console } from '../../src/cli/commands/debug/console.js';
import { complete } from '../../src/cli/commands/debug/prompt.js';
import { VERBS } from '../../src/cli/commands/debug/verbs.js';
import { i32 } from '../../src/engine/value.js';
import { invoked, transcriptOf } from './support.js';

const PROGRAM = `(module (memory (export "memory") 1) (global (export "scale") (mut i32) (i32.const 10))
  (func $inner (param i32) (result i32) (i32.mul (local.get 0) (global.get 0)))
  (func $inside (export "run") (param i32) (result i32) (i32.store (i32.const 8) (local.get 0)) (call $inner (local.get 0))))`;

async function opened(): Promise<[Console, string[]]> {
  const written: string[] = [];
  const session = await invoked(PROGRAM, 'run', [i32(7)]);
  return [new Console(session, { verbs: VERBS, write: (line) => written.push(line), output: { guest: () => {}, fork: () => {} }, colour: false, readSource: () => undefined, search: {} }), written];
}

/** What somebody who knows delve types, and what it is here. */
const DELVE: Readonly<Record<string, string>> = {
  break: 'break', b: 'break', breakpoints: 'breakpoints', bp: 'breakpoints', condition: 'condition', cond: 'condition', on: 'on', toggle: 'toggle', watch: 'watch', clear: 'clear', clearall: 'clearall', trace: 'trace', t: 'trace',
  continue: 'continue', c: 'continue', next: 'next', n: 'next', step: 'step', s: 'step', stepout: 'stepout', so: 'stepout', 'step-instruction': 'step-instruction', si: 'step-instruction', stepi: 'step-instruction',
  'next-instruction': 'next-instruction', ni: 'next-instruction', nexti: 'next-instruction', rev: 'rev', rewind: 'rewind', rw: 'rewind', restart: 'restart', r: 'restart', call: 'call',
  goroutines: 'goroutines', grs: 'goroutines', goroutine: 'goroutine', gr: 'goroutine', stack: 'stack', bt: 'stack', frame: 'frame', up: 'up', down: 'down', deferred: 'deferred',
  args: 'args', locals: 'locals', print: 'print', p: 'print', display: 'display', examinemem: 'examinemem', x: 'examinemem', regs: 'regs', set: 'set', vars: 'globals',
  disassemble: 'disassemble', disass: 'disassemble', list: 'list', ls: 'list', l: 'list', sources: 'sources', funcs: 'funcs', types: 'types', source: 'source',
  checkpoint: 'checkpoint', check: 'checkpoint', checkpoints: 'checkpoints', 'clear-checkpoint': 'clear-checkpoint', clearcheck: 'clear-checkpoint', help: 'help', h: 'help', exit: 'exit', quit: 'exit', q: 'exit',
};
const OURS = ['loop', 'unwinds', 'why', 'last-write', 'goto', 'events', 'diff', 'step-block', 'next-switch', 'next-turn', 'next-host', 'unfork'];

it("every command of delve's that makes sense here has its name, and ours are there", async () => {
  const [console] = await opened();
  for (const [word, name] of Object.entries(DELVE)) expect([word, console.find(word).name]).toEqual([word, name]);
  for (const word of OURS) expect(console.find(word).name).toBe(word);
  const words = VERBS.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
});

it('each has a help of its own, and stands in the help of all', async () => {
  const [console, written] = await opened();
  await console.execute('help');
  const all = written.join('\n');
  for (const { name, about, usage } of VERBS) {
    expect(all).toContain(about);
    written.length = 0;
    await console.execute(`help ${name}`);
    expect(written[0]).toBe(`${name} ${usage}`.trimEnd());
    expect(written[1]).toBe(`  ${about}`);
  }
});

it('words are completed by what they may become', async () => {
  const [console] = await opened();
  expect(complete(console, 'step-')).toEqual([['step-block', 'step-instruction'], 'step-']);
  expect(complete(console, 'break ins')).toEqual([['inside'], 'ins']);
  expect(complete(console, 'continue in')).toEqual([['inner', 'inside'], 'in']);
  expect(complete(console, 'rev next-')[0]).toEqual(['next-instruction', 'next-switch', 'next-turn', 'next-host']);
  expect(complete(console, 'help ch')[0]).toEqual(['checkpoint', 'checkpoints']);
  expect(complete(console, 'call r')).toEqual([['run'], 'r']);
  await console.execute('break there inner');
  await console.execute('checkpoint');
  expect(complete(console, 'toggle ')[0]).toEqual(['1', 'there']);
  expect(complete(console, 'restart c')[0]).toEqual(['c1']);
  expect(complete(console, 'nothing x')).toEqual([[], 'x']);
});

it('nothing that is typed ends in a stack of ours', async () => {
  const [console, written] = await opened();
  for (const { name } of VERBS) {
    if (name === 'exit') continue;
    for (const rest of ['', '-', '0', '-1', '99999999999999999999', 'x y', '(', '*', '$', '[', '%q 1', '-x', '"']) await console.execute(`${name} ${rest}`);
  }
  expect(written.length).toBeGreaterThan(100);
  expect(written.filter((line) => /\bat .*\.[jt]s:\d|TypeError|undefined|NaN/.test(line))).toEqual([]);
});

it('a session without Go', async () => {
  const text = await transcriptOf(await invoked(PROGRAM, 'run', [i32(7)]), [
    'break inner', 'break event trap', 'break event panic', 'continue', 'stack', 'args', 'up', 'locals', 'frame 0 args', 'print %b $0 * scale', 'print %x 1.5', 'examinemem -len 1 -size 4 -fmt dec 8',
    'watch -r scale', 'continue', 'on 3 print scale', 'rev continue', 'rev stepout', 'step-instruction', 'call run(2)', 'call run', 'goroutines', 'regs', 'list', 'disassemble -l inner', 'goto end', 'rev continue',
  ]);
  await expect(text).toMatchFileSnapshot('transcripts/without-go.txt');
});
