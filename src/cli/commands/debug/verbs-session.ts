import { VALUE_LIMITS } from '../../../go/values.js';
import { nearest } from '../../nearest.js';
import { parseValue, showValue, ValueSyntaxError } from '../../../program/values.js';
import { CELL_BYTES, Expression, globalNamed } from '../../../debug/expression.js';
import { callExport, ForkError, forkWith, type Settable } from '../../../debug/fork.js';
import type { Console } from './console.js';
import { readScript } from './source-files.js';
import { Complaint, firstWord, GROUPS, PROMPT, type Verb, wholeNumber } from './verb.js';

function help(console: Console, rest: string): void {
  if (rest !== '') {
    const { name, aliases, usage, about, details = [] } = console.find(rest);
    console.write(`${name} ${usage}`.trimEnd());
    console.write(`  ${about}`);
    for (const line of details) console.write(`  ${line}`);
    if (aliases.length > 0) console.write(`  Short: ${aliases.join(', ')}`);
    return;
  }
  const width = Math.max(...console.verbs.map((verb) => title(verb).length));
  for (const group of GROUPS) {
    console.write(`${group}:`);
    for (const verb of console.verbs) if (verb.group === group) console.write(`  ${title(verb).padEnd(width)}  ${verb.about}`);
  }
  console.write('help COMMAND says more');
}

function title({ name, aliases }: Verb): string {
  return [name, ...aliases].join(', ');
}

/** What `set` may stand before the `=`. */
function settable({ session }: Console, text: string): Settable {
  const local = /^\$([0-9]+)$/.exec(text);
  if (local !== null) return { kind: 'local', index: Number(local[1]) };
  const global = globalNamed(session.target, text);
  if (global !== undefined) return { kind: 'global', index: global };
  const argument = /^arg\[([0-9]+)\]$/.exec(text);
  if (argument !== null) {
    const word = session.argumentWords()[Number(argument[1])];
    if (word === undefined) throw new Complaint(`there is no word ${text} in this frame`);
    return { kind: 'memory', address: word.address, cell: `u${word.size * 8}` };
  }
  const [, cell, at] = /^\*\(([a-z0-9]+)\s*\*\)\s*(.+)$/s.exec(text) ?? [];
  if (cell === undefined || CELL_BYTES[cell] === undefined) throw new Complaint(`${text} cannot be set: say *(u32*)ADDRESS, global[N], $N or arg[N]`);
  const address = new Expression(at!).value(session.scope());
  if (typeof address !== 'bigint') throw new Complaint(`${at} is no address`);
  return { kind: 'memory', address: Number(address), cell };
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ValueSyntaxError || error instanceof ForkError) throw new Complaint(error.message);
    throw error;
  }
}

function script(path: string): readonly string[] {
  if (path === '') throw new Complaint('which file?');
  try {
    return readScript(path);
  } catch (error) {
    throw new Complaint(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** What `config` knows: delve's name, what it limits, and the most that it can be. */
const SETTINGS = [
  { name: 'max-string-len', limit: 'bytes', most: 2 ** 20, about: 'bytes of a string' },
  { name: 'max-array-values', limit: 'elements', most: 100_000, about: 'elements of an array, slice, map or channel' },
  { name: 'max-variable-recurse', limit: 'depth', most: 100, about: 'values within values, and pointers that are followed' },
] as const;

/** `config`, `config NAME`, `config NAME VALUE`. */
function configure(console: Console, rest: string): void {
  const { session } = console;
  const [name, text] = firstWord(rest.replace(/^-list\b\s*/, ''));
  const setting = SETTINGS.find((candidate) => candidate.name === name);
  if (name !== '' && setting === undefined) {
    const guess = nearest(name, SETTINGS.map((candidate) => candidate.name));
    throw new Complaint(`there is no setting ${name}${guess === undefined ? '' : `; did you mean ${guess}?`} (${SETTINGS.map((candidate) => candidate.name).join(', ')})`);
  }
  if (setting !== undefined && text !== '') {
    const value = wholeNumber(text, setting.name);
    if (value > setting.most) throw new Complaint(`${setting.name} is at most ${setting.most}`);
    session.limits = { ...session.limits, [setting.limit]: value };
    // As many values altogether as one list of them may have, and what they are made of.
    session.limits = { ...session.limits, values: Math.max(VALUE_LIMITS.values, 4 * (session.limits.elements ?? 0)) };
  }
  const width = Math.max(...SETTINGS.map((candidate) => candidate.name.length));
  for (const shown of setting === undefined ? SETTINGS : [setting]) {
    console.write(`${shown.name.padEnd(width)}  ${String(session.limits[shown.limit] ?? VALUE_LIMITS[shown.limit]).padEnd(6)}  ${shown.about}`);
  }
}

export const SESSION: readonly Verb[] = [
  {
    name: 'call',
    aliases: [],
    usage: 'EXPORT(ARGUMENT, …)',
    group: 'Session',
    about: 'what an export would answer now: in a fork, which is dropped',
    complete: ({ session }) => [...session.target.instance.exports].flatMap(([name, { kind }]) => (kind === 'func' ? [name] : [])),
    async run(console, rest) {
      const { target } = console.session;
      const [, name, more] = /^([^\s(]*)\s*\(?(.*?)\)?$/s.exec(rest) as unknown as [string, string, string];
      const found = target.instance.exports.get(name);
      if (found?.kind !== 'func') throw new Complaint(`the module exports no function ${name}`);
      const { params } = target.store.funcs[found.address]!.type;
      const texts = more.split(/[\s,]+/).filter((text) => text !== '');
      if (texts.length !== params.length) throw new Complaint(`${name} takes ${params.length} argument${params.length === 1 ? '' : 's'}, not ${texts.length}`);
      const results = await refusing(() => callExport(console.session, found.address, texts.map((text, i) => parseValue(text, params[i]!)), console.search));
      console.write(results.length === 0 ? 'it returns nothing' : results.map((value) => showValue(value, target.store)).join('\n'));
    },
  },
  {
    name: 'set',
    aliases: [],
    usage: 'PLACE = EXPRESSION',
    group: 'Session',
    about: 'change memory, a global or a local: in a fork, which goes on from here until it does what was not recorded',
    details: [
      'PLACE: *(u32*)ADDRESS (also u8 i8 u16 i16 i32 u64 i64 f32 f64), global[N] or its name (Go: SP CTXT …), $N (a local of this frame),',
      'arg[N] (a word of the arguments of the Go frame).',
      'The recording stays as it is, and unfork goes back to it. What a fork writes is shown behind (fork).',
    ],
    async run(console, rest) {
      const match = /^(.+?)\s*=(?!=)\s*(.+)$/s.exec(rest);
      if (match === null) throw new Complaint('say set PLACE = EXPRESSION');
      console.enterFork(await refusing(() => forkWith(console.session, settable(console, match[1]!), match[2]!)));
      console.write(`this is a fork at clock ${console.session.clock}: the recording stays as it was, and unfork goes back to it`);
    },
  },
  {
    name: 'unfork',
    aliases: [],
    usage: '',
    group: 'Session',
    about: 'leave a fork, for the recorded run where it was left',
    async run(console) {
      if (!console.leaveFork()) throw new Complaint('this is no fork');
      await console.stopped({ kind: 'goto' });
    },
  },
  {
    name: 'config',
    aliases: [],
    usage: '[-list | NAME [VALUE]]',
    group: 'Session',
    about: 'how much of a Go value is shown',
    details: SETTINGS.map(({ name, about }) => `${name}: ${about}`),
    complete: () => SETTINGS.map(({ name }) => name),
    run: configure,
  },
  {
    name: 'help',
    aliases: ['h'],
    usage: '[COMMAND]',
    group: 'Session',
    about: 'this',
    complete: (console) => console.verbs.map(({ name }) => name),
    run: help,
  },
  {
    name: 'source',
    aliases: [],
    usage: 'FILE',
    group: 'Session',
    about: 'carry out the commands of a file, one a line',
    async run(console, rest) {
      for (const command of script(rest)) {
        console.write(`${PROMPT}${command}`);
        if (!(await console.execute(command)) || console.leaving) return;
      }
    },
  },
  {
    name: 'exit',
    aliases: ['quit', 'q'],
    usage: '',
    group: 'Session',
    about: 'end the session',
    run(console) {
      console.leaving = true;
    },
  },
];
