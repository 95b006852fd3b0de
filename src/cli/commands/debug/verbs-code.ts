import { disassemble } from '../../../program/disassemble.js';
import { findPlaces } from '../../../debug/places.js';
import type { Console } from './console.js';
import { Complaint, functionNames, pattern, type Verb, wholeNumber } from './verb.js';

const AROUND = 8;

function list(console: Console, rest: string): void {
  const { session } = console;
  if (rest !== '') {
    const [site] = findPlaces(session.target, rest, session.here);
    const call = site?.line ?? (site === undefined ? undefined : session.target.sources?.position(site.func, site.offset ?? 0)?.calls[0]);
    if (call?.file === undefined || call.line === undefined) throw new Complaint(`${rest} has no line of source`);
    show(console, call.file, call.line);
    return;
  }
  if (console.listed !== undefined && console.showSource(console.listed.file, console.listed.line, 4)) return;
  const { file, line } = session.here;
  if (file === undefined || line === undefined) throw new Complaint('there is no line of source here (disassemble shows the code)');
  show(console, file, line);
}

function show(console: Console, file: string, line: number): void {
  if (!console.showSource(file, line, 5)) console.write(`${file}:${line} (the source is not here: see --sources)`);
}

function code(console: Console, rest: string): void {
  const { session } = console;
  const { target } = session;
  let func: number;
  let at: number | undefined;
  const range = /^-a\s+(\S+)\s+(\S+)$/.exec(rest);
  const place = rest.replace(/^-l\s+/, '');
  if (range !== null) func = findPlaces(target, `*${range[1]}`, session.here)[0]!.func;
  else if (place !== '') func = findPlaces(target, place, session.here)[0]!.func;
  else {
    const frame = session.wasmFrame();
    if (frame?.kind !== 'wasm' || frame.instance !== target.instance) throw new Complaint('no wasm function is at work in this frame');
    func = frame.funcIndex;
    at = frame.offset;
  }
  const all = disassemble(target.module, func);
  const [from, to] = range === null ? [0, Infinity] : [wholeNumber(range[1]!, 'the first byte'), wholeNumber(range[2]!, 'the last byte')];
  const lines = all.filter(({ offset }) => offset >= from && offset < to);
  const here = at === undefined ? -1 : lines.findIndex(({ offset }) => offset >= at);
  const [first, last] = here < 0 ? [0, lines.length] : [Math.max(0, here - AROUND), Math.min(lines.length, here + AROUND + 1)];
  console.write(`${target.nameOf(func)} (function ${func})`);
  let shown = '';
  for (let i = first; i < last; i++) {
    const { offset, text, pcB, call } = lines[i]!;
    const now = pcB === undefined ? '' : `;; PC_B ${pcB.lo === pcB.hi ? pcB.lo : `${pcB.lo}-${pcB.hi}`}${call?.file === undefined ? '' : `  ${call.file}:${call.line}`}`;
    if (now !== shown && now !== '') console.write(`   ${now}`);
    shown = now;
    console.write(`${i === here ? '=>' : '  '} 0x${offset.toString(16)}  ${text}`);
  }
}

const MOST_NAMES = 2000;

function names(console: Console, all: readonly string[], rest: string, what: string): void {
  const wanted = pattern(rest);
  const found = all.filter((name) => wanted.test(name));
  if (found.length === 0) console.write(`no ${what} fits`);
  for (const name of found.slice(0, MOST_NAMES)) console.write(name);
  if (found.length > MOST_NAMES) console.write(`… ${found.length - MOST_NAMES} more`);
}

export const CODE: readonly Verb[] = [
  {
    name: 'list',
    aliases: ['ls', 'l'],
    usage: '[PLACE]',
    group: 'Code',
    about: 'source around here, or around a place; again: what follows',
    complete: functionNames,
    run: list,
  },
  {
    name: 'disassemble',
    aliases: ['disass'],
    usage: '[-l PLACE | -a FROM TO]',
    group: 'Code',
    about: 'wasm code around here, of a function, or between two bytes of the module',
    complete: functionNames,
    run: code,
  },
  {
    name: 'sources',
    aliases: [],
    usage: '[REGEX]',
    group: 'Code',
    about: 'the source files that the code comes from',
    run: (console, rest) => names(console, console.session.target.sources?.files ?? [], rest, 'file'),
  },
  {
    name: 'funcs',
    aliases: [],
    usage: '[REGEX]',
    group: 'Code',
    about: 'the functions that have a name',
    run: (console, rest) => names(console, console.session.target.functions.map(({ name }) => name).sort(), rest, 'function'),
  },
];
