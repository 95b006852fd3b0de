import type { Breakpoint } from '../../../debug/breakpoint.js';
import { parseHitCondition } from '../../../debug/breakpoint.js';
import { EVENT_KINDS } from '../../../debug/events.js';
import { CELL_BYTES, Expression, globalNamed } from '../../../debug/expression.js';
import { findPlaces, PLACE_FORMS, type Site } from '../../../debug/places.js';
import { showThing, type WatchedFor, type WatchedThing } from '../../../debug/watched.js';
import type { Console } from './console.js';
import { Complaint, firstWord, functionNames, type Verb, wholeNumber } from './verb.js';

function describe(console: Console, { id, name, trigger, text, enabled, condition, hitCondition, log, hits }: Breakpoint): string {
  const notes: string[] = [];
  if (!enabled) notes.push('off');
  if (condition !== undefined) notes.push(`if ${condition.text}`);
  if (hitCondition !== undefined) notes.push(`hits ${hitCondition.operator} ${hitCondition.count}`);
  if (log !== undefined) notes.push(`log ${log.map((expression) => expression.text).join(', ')}`);
  for (const command of console.commands.get(id) ?? []) notes.push(`on: ${command}`);
  if (hits > 0) notes.push(`hit ${hits} time${hits === 1 ? '' : 's'}`);
  const what = trigger.kind === 'places' ? siteList(console.session.target.nameOf.bind(console.session.target), trigger.sites) : trigger.kind === 'event' ? `event ${trigger.event.name}${trigger.goroutine === undefined ? '' : ` of goroutine ${trigger.goroutine}`}: ${trigger.event.about}` : `${trigger.on} of ${showThing(trigger.thing)}`;
  return `${trigger.kind === 'watch' ? 'Watchpoint' : 'Breakpoint'} ${id}${name === undefined ? '' : ` (${name})`} ${trigger.kind === 'event' || what.startsWith(text) ? what : `${text}: ${what}`}${notes.length === 0 ? '' : ` [${notes.join('; ')}]`}`;
}

const MOST_SITES = 4;

function siteList(nameOf: (func: number) => string, sites: readonly Site[]): string {
  const texts = sites.slice(0, MOST_SITES).map(({ func, offset, line }) => {
    const name = nameOf(func);
    if (line === undefined) return `${name}${offset === undefined ? '' : ` at byte 0x${offset.toString(16)}`}`;
    const inlined = line.function === line.into ? '' : ` inlined into ${line.into}`;
    const block = line.lines.first < line.lines.last ? `, where lines ${line.lines.first} to ${line.lines.last} begin` : '';
    return `${line.function}${inlined} ${line.file}:${line.line}${line.exact ? '' : ` (not exact${block})`}`;
  });
  return `${texts.join('; ')}${sites.length > MOST_SITES ? `; and ${sites.length - MOST_SITES} more places` : ''}`;
}

function breakpointNamed({ session }: Console, text: string): Breakpoint {
  const found = session.breakpoints.find(({ id, name }) => String(id) === text || (name !== undefined && name === text));
  if (found === undefined) throw new Complaint(text === '' ? 'which breakpoint? Say its number or name' : `there is no breakpoint ${text}`);
  return found;
}

/** `PLACE if CONDITION`, `event NAME [of G]`. */
function setBreakpoint(console: Console, text: string): Breakpoint {
  const { session } = console;
  const [, place = '', condition] = /^(.*?)(?:\s+if\s+(.*))?$/s.exec(text.trim())!;
  const parsed = condition === undefined ? undefined : new Expression(condition);
  const [word, rest] = firstWord(place);
  let breakpoint: Breakpoint;
  if (word === 'event') {
    const [name, of] = firstWord(rest);
    breakpoint = session.breakOn(name, of === '' ? undefined : wholeNumber(of.replace(/^of\s+/, ''), 'the goroutine'));
  } else {
    // `break NAME PLACE` gives it a name, as with delve.
    const named = /^[A-Za-z_][\w-]*$/.test(word) && rest !== '' && !['import', 'export', 'pc'].includes(word);
    if (place === '') breakpoint = breakHere(console);
    else breakpoint = named ? session.breakAt(rest, word) : session.breakAt(place);
  }
  breakpoint.condition = parsed;
  return breakpoint;
}

function breakHere({ session }: Console): Breakpoint {
  const [frame] = session.target.machine.frames(1);
  if (frame?.kind !== 'wasm') throw new Complaint('there is no code here');
  return session.breakAt(`*0x${frame.offset.toString(16)}`);
}

/** What a log point says: expressions with commas between them. */
function expressionsOf(text: string): readonly Expression[] {
  return text.split(',').filter((one) => one.trim() !== '').map((one) => new Expression(one.trim()));
}

/** Sets a watchpoint on what stands after `watch [-r|-w]`. */
async function watch(console: Console, text: string, on: WatchedFor): Promise<Breakpoint> {
  const { session } = console;
  const local = /^\$([0-9]+)$/.exec(text);
  if (local === null) return session.watch(memoryOrGlobal(console, text), on, text);
  const breakpoint = await session.watchLocal(Number(local[1]), on, console.search);
  if (breakpoint === undefined) throw new Complaint(`there is no local ${text} in this frame`);
  return breakpoint;
}

function memoryOrGlobal({ session }: Console, text: string): WatchedThing {
  const { instance, store } = session.target;
  const global = globalNamed(session.target, text);
  if (global !== undefined) {
    if (instance.globals[global] === undefined) throw new Complaint(`there is no global ${global}: the module has ${instance.globals.length}`);
    return { kind: 'global', index: global };
  }
  const typed = /^\*?\((u8|i8|u16|i16|u32|i32|u64|i64|f32|f64)\s*\*\)\s*(.*)$/.exec(text);
  const [start, end] = (typed?.[2] ?? text).split(/\s*\+\+\s*/) as [string, string | undefined];
  const address = new Expression(start.replace(/^\*(?=0x|[0-9])/, '')).value(session.scope());
  if (typeof address !== 'bigint' || address < 0n) throw new Complaint(`${start} is no address`);
  const length = typed !== null ? CELL_BYTES[typed[1]!]! : end === undefined ? 8 : wholeNumber(end, 'the length');
  const memory = store.memories[instance.memories[0] ?? -1];
  if (memory === undefined || Number(address) + length > memory.byteLength) throw new Complaint(`0x${address.toString(16)} is outside of the memory`);
  return { kind: 'memory', address: Number(address), length };
}

const places = PLACE_FORMS.map(([form, meaning]) => `  ${form.padEnd(24)} ${meaning}`);
const events = EVENT_KINDS.map(({ name, about }) => `  ${`event ${name} [of G]`.padEnd(24)} ${about}`);

/** For completion. */
function breakpointNames({ session }: Console): readonly string[] {
  return session.breakpoints.flatMap(({ id, name }) => [String(id), ...(name === undefined ? [] : [name])]);
}

/** What may be done whenever a breakpoint is met: what shows something and changes nothing. */
const SHOWING = ['print', 'whatis', 'stack', 'goroutine', 'goroutines', 'args', 'locals', 'list', 'regs', 'examinemem', 'deferred', 'why', 'disassemble'];

export const BREAKING: readonly Verb[] = [
  {
    name: 'break',
    aliases: ['b'],
    usage: '[NAME] [PLACE] [if CONDITION]',
    group: 'Breakpoints',
    about: 'stop at a place in the code, or at an event',
    details: ['Places:', ...places, ...events, 'Without a place: here.'],
    complete: functionNames,
    run(console, rest) {
      console.write(describe(console, setBreakpoint(console, rest)));
    },
  },
  {
    name: 'trace',
    aliases: ['t'],
    usage: 'PLACE [if CONDITION] [log EXPRESSION, …]',
    group: 'Breakpoints',
    about: 'a log point: says that it was met, with values, and does not stop',
    complete: functionNames,
    run(console, rest) {
      const [, place = '', expressions] = /^(.*?)(?:\s+log\s+(.*))?$/s.exec(rest)!;
      if (place === '') throw new Complaint('a place is missing');
      const log = expressionsOf(expressions ?? '');
      const breakpoint = setBreakpoint(console, place);
      breakpoint.log = log;
      console.write(describe(console, breakpoint));
    },
  },
  {
    name: 'watch',
    aliases: [],
    usage: '[-r|-w|-rw] THING',
    group: 'Breakpoints',
    about: 'stop when something is changed (-w written, -r read)',
    details: [
      'THING: *(u32*)ADDRESS, ADDRESS (8 bytes), ADDRESS++LENGTH, global[N] or its name (Go: SP CTXT …), $N (a local of this frame).',
      'It stops before the instruction that does it.',
    ],
    async run(console, rest) {
      const [, option, what = ''] = /^(-r|-w|-rw)?\s*(.*)$/s.exec(rest)!;
      if (what === '') throw new Complaint('what is to be watched?');
      const kinds = option === '-rw' ? (['read', 'write'] as const) : ([option === '-r' ? 'read' : option === '-w' ? 'write' : 'change'] as const);
      for (const on of kinds) console.write(describe(console, await watch(console, what, on)));
    },
  },
  {
    name: 'breakpoints',
    aliases: ['bp'],
    usage: '',
    group: 'Breakpoints',
    about: 'those that there are',
    run(console) {
      if (console.session.breakpoints.length === 0) console.write('there are no breakpoints');
      for (const breakpoint of console.session.breakpoints) console.write(describe(console, breakpoint));
    },
  },
  {
    name: 'condition',
    aliases: ['cond'],
    usage: '[-hitcount|-clear] BREAKPOINT [CONDITION]',
    group: 'Breakpoints',
    about: 'stop only where the expression holds, or at some hits: cond -hitcount 1 > 3; -clear: always',
    complete: breakpointNames,
    run(console, rest) {
      const [first, more] = firstWord(rest);
      if (first === '-clear') {
        const breakpoint = breakpointNamed(console, more);
        breakpoint.condition = undefined;
        breakpoint.hitCondition = undefined;
        console.write(describe(console, breakpoint));
        return;
      }
      const [name, text] = first === '-hitcount' ? firstWord(more) : [first, more];
      const breakpoint = breakpointNamed(console, name);
      if (first !== '-hitcount') breakpoint.condition = text === '' ? undefined : new Expression(text);
      else {
        const parsed = text === '' ? undefined : parseHitCondition(text);
        if (text !== '' && parsed === undefined) throw new Complaint(`"${text}" is no condition on hits: == != < <= > >= % and a number`);
        breakpoint.hitCondition = parsed;
      }
      console.write(describe(console, breakpoint));
    },
  },
  {
    name: 'on',
    aliases: [],
    usage: 'BREAKPOINT COMMAND',
    group: 'Breakpoints',
    about: 'carry out a command whenever it is met: on 1 print $0; or make it a log point: on 1 log $0, $1',
    details: [
      `Commands: ${SHOWING.join(', ')}; cond CONDITION as the command condition does.`,
      'log EXPRESSION, … (or trace): it says that it was met, with values, and does not stop. stop: it stops again. clear: no more commands.',
    ],
    complete: breakpointNames,
    async run(console, rest) {
      const [name, what] = firstWord(rest);
      const breakpoint = breakpointNamed(console, name);
      const [word, more] = firstWord(what);
      if (word === 'stop') breakpoint.log = undefined;
      else if (word === 'log' || word === 'trace') breakpoint.log = expressionsOf(more);
      else if (word === 'cond' || word === 'condition') breakpoint.condition = more === '' ? undefined : new Expression(more);
      else if (word === 'clear') console.commands.delete(breakpoint.id);
      else {
        const verb = word === '' ? undefined : console.find(word);
        if (verb === undefined || !SHOWING.includes(verb.name)) throw new Complaint(`${word === '' ? 'a command is missing' : `${word} is not for on`}: ${SHOWING.join(', ')}, log, stop, cond, clear`);
        console.commands.set(breakpoint.id, [...(console.commands.get(breakpoint.id) ?? []), what]);
      }
      console.write(describe(console, breakpoint));
    },
  },
  {
    name: 'toggle',
    aliases: [],
    usage: 'BREAKPOINT',
    group: 'Breakpoints',
    about: 'off, or on again',
    complete: breakpointNames,
    run(console, rest) {
      const breakpoint = breakpointNamed(console, rest);
      breakpoint.enabled = !breakpoint.enabled;
      console.write(describe(console, breakpoint));
    },
  },
  {
    name: 'clear',
    aliases: [],
    usage: 'BREAKPOINT',
    group: 'Breakpoints',
    about: 'delete one',
    complete: breakpointNames,
    run(console, rest) {
      const breakpoint = breakpointNamed(console, rest);
      console.session.clear(breakpoint);
      console.write(`${describe(console, breakpoint)} is gone`);
    },
  },
  {
    name: 'clearall',
    aliases: [],
    usage: '[PLACE]',
    group: 'Breakpoints',
    about: 'delete all but fatal, or those at a place',
    complete: functionNames,
    run(console, rest) {
      const { session } = console;
      const at = rest === '' ? undefined : new Set(findPlaces(session.target, rest, session.here).map(({ func, offset }) => `${func} ${offset}`));
      const gone = session.breakpoints.filter(({ name, trigger }) => (at === undefined && name !== 'fatal') || (trigger.kind === 'places' && trigger.sites.some(({ func, offset }) => at?.has(`${func} ${offset}`))));
      for (const breakpoint of gone) session.clear(breakpoint);
      console.write(`${gone.length} breakpoint${gone.length === 1 ? ' is' : 's are'} gone`);
    },
  },
];
