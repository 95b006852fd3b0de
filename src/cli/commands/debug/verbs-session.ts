import { parseValue, showValue, ValueSyntaxError } from '../../../program/values.js';
import { CELL_BYTES, Expression } from '../../../debug/expression.js';
import { callExport, ForkError, setMemory } from '../../../debug/fork.js';
import type { Console } from './console.js';
import { Complaint, firstWord, GROUPS, type Verb } from './verb.js';

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

export const SESSION: readonly Verb[] = [
  {
    name: 'call',
    aliases: [],
    usage: 'EXPORT [ARGUMENTS]',
    group: 'Session',
    about: 'what an export would answer now: in a fork, which is dropped',
    async run(console, rest) {
      const { target } = console.session;
      const [name, more] = firstWord(rest);
      const found = target.instance.exports.get(name);
      if (found?.kind !== 'func') throw new Complaint(`the module exports no function ${name}`);
      const { params } = target.store.funcs[found.address]!.type;
      const texts = more === '' ? [] : more.split(/[\s,]+/);
      if (texts.length !== params.length) throw new Complaint(`${name} takes ${params.length} argument${params.length === 1 ? '' : 's'}, not ${texts.length}`);
      try {
        const results = await callExport(console.session, found.address, texts.map((text, i) => parseValue(text, params[i]!)), console.search);
        console.write(results.length === 0 ? 'it returns nothing' : results.map((value) => showValue(value, target.store)).join('\n'));
      } catch (error) {
        if (error instanceof ValueSyntaxError || error instanceof ForkError) throw new Complaint(error.message);
        throw error;
      }
    },
  },
  {
    name: 'set',
    aliases: [],
    usage: '*(u32*)ADDRESS = EXPRESSION',
    group: 'Session',
    about: 'change memory: in a fork, which goes on from here until it needs what was not recorded; leave it with unfork',
    async run(console, rest) {
      const match = /^\*\((u8|i8|u16|i16|u32|i32|u64|i64)\s*\*\)\s*(.+?)\s*=(?!=)\s*(.+)$/s.exec(rest);
      if (match === null) throw new Complaint('say set *(u32*)ADDRESS = EXPRESSION, with u8, u16, u32 or u64');
      const scope = console.session.scope();
      const address = new Expression(match[2]!).value(scope);
      const value = new Expression(match[3]!).value(scope);
      if (typeof address !== 'bigint' || typeof value !== 'bigint') throw new Complaint('address and value are whole numbers');
      const fork = await console.session.fork();
      try {
        setMemory(fork, Number(address), CELL_BYTES[match[1]!]!, value);
      } catch (error) {
        if (error instanceof ForkError) throw new Complaint(error.message);
        throw error;
      }
      console.enterFork(fork);
      console.write(`this is a fork at clock ${fork.clock}: the recording stays as it was, and unfork goes back to it`);
    },
  },
  {
    name: 'unfork',
    aliases: [],
    usage: '',
    group: 'Session',
    about: 'leave a fork, for the recorded run where it was left',
    run(console) {
      if (!console.leaveFork()) throw new Complaint('this is no fork');
      console.stopped({ kind: 'goto' });
    },
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
