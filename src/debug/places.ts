import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import type { CodePlace } from '../go/sources.js';
import { mostSimilar } from '../go/similar.js';
import type { Target } from './target.js';

/** Somewhere in the code where a breakpoint can stand. */
export interface Site {
  /** Position in the function index space. */
  readonly func: number;
  /** Byte offset in the module; undefined: wherever the function is entered. */
  readonly offset: number | undefined;
  /** Go: the source line that it stands for, and how exactly. */
  readonly line: CodePlace | undefined;
}

/** A place in words was not understood, or is nowhere; the message says what is near. */
export class NoSuchPlace extends Error {
  override readonly name = 'NoSuchPlace';
}

/** What a place in words is relative to: the file and line that one stands at. */
export interface Here {
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** The forms of a place, for help texts. */
export const PLACE_FORMS: readonly (readonly [form: string, meaning: string])[] = [
  ['FILE:LINE', 'a line of Go source; the end of the path is enough'],
  ['LINE, +N, -N', 'a line of the file that one stands in'],
  ['main.work, main.*', 'a function, or all that the pattern fits (* and ?)'],
  ['/REGEX/', 'all functions whose name the expression fits'],
  ['$12, $12+0x40', 'a wasm function by its index, or a byte in its body'],
  ['*0x5a3f', 'the instruction at this byte of the module'],
  ['pc 5282:3', 'a resume point of Go, PC_F:PC_B'],
  ['import NAME, export NAME', 'calls of an import; where an export is entered'],
];

/** Most functions that one pattern may mean. */
const MAX_FUNCTIONS = 1000;

/** Finds the places that `text` means. Throws `NoSuchPlace`. */
export function findPlaces(target: Target, text: string, here: Here): readonly Site[] {
  const [first, rest] = split(text);
  if (first === 'import' && rest !== '') return importCalls(target, rest);
  if (first === 'export' && rest !== '') return exported(target, rest);
  if (first === 'pc' && rest !== '') return resumePoint(target, rest);
  if (text.startsWith('*')) return [atByte(target, number(text.slice(1), text))];
  if (text.startsWith('$')) return [inFunction(target, text)];
  if (/^\/.*\/$/.test(text)) return byPattern(target, regex(text), text);
  const relative = /^([+-])([0-9]+)$/.exec(text);
  if (relative !== null && here.line !== undefined) return fileLine(target, here.file, here.line + Number(text));
  if (/^[0-9]+$/.test(text)) return fileLine(target, here.file, Number(text));
  const line = /^(.+):([0-9]+)$/.exec(text);
  if (line !== null) return fileLine(target, line[1]!, Number(line[2]));
  if (/[*?]/.test(text) && !text.includes('(*')) return byPattern(target, glob(text), text);
  return byName(target, text);
}

function split(text: string): [string, string] {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).trim()];
}

function number(text: string, whole: string): number {
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) throw new NoSuchPlace(`"${whole}" is no place: a number is expected, decimal or 0x`);
  return Number(text);
}

function glob(text: string): RegExp {
  return new RegExp(`^${[...text].map((char) => (char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[\\^$.|+()[\]{}/]/u, '\\$&'))).join('')}$`, 'su');
}
function regex(text: string): RegExp {
  try {
    return new RegExp(text.slice(1, -1), 'u');
  } catch {
    throw new NoSuchPlace(`${text} is no regular expression`);
  }
}

function fileLine(target: Target, name: string | undefined, line: number): readonly Site[] {
  const { sources } = target;
  if (sources === undefined) throw new NoSuchPlace('there are no lines: this module has no table of Go functions');
  if (name === undefined) throw new NoSuchPlace('which file? Here is no Go line: say FILE:LINE');
  const files = sources.filesNamed(name);
  if (files.length === 0) {
    const similar = sources.similarFiles(name);
    throw new NoSuchPlace(`there is no file ${name}${hint(similar)}`);
  }
  const places = files.flatMap((file) => sources.places(file, line));
  if (places.length > 0) return places.map(siteOf);
  if (files.length > 1) throw new NoSuchPlace(`there is no code at line ${line} of ${files.join(' or ')}`);
  const near = sources.nearestLines(files[0]!, line);
  throw new NoSuchPlace(`there is no code at ${files[0]}:${line}${near.length === 0 ? '' : `; the nearest lines with code are ${near.join(' and ')}`}`);
}

function siteOf(place: CodePlace): Site {
  return { func: place.func, offset: place.offset, line: place };
}

/** Where a function begins to be what its source says: Go has checked the stack and made the frame by then. */
function entry(target: Target, func: number): Site {
  return { func, offset: target.sources?.afterPrologue(func), line: undefined };
}

function byName(target: Target, text: string): readonly Site[] {
  const { sources } = target;
  const own = target.functions.filter(({ name }) => name === text).map(({ index }) => entry(target, index));
  const inlined = sources?.bodiesOf(text).filter(({ function: name, into }) => name !== into).map(siteOf) ?? [];
  if (own.length + inlined.length > 0) return [...own, ...inlined];
  const ending = target.functions.filter(({ name }) => name.endsWith(`.${text}`) || name.endsWith(`/${text}`));
  if (ending.length === 1) return byName(target, ending[0]!.name);
  if (ending.length > 1) throw new NoSuchPlace(`${text} is in several packages: ${ending.slice(0, 8).map(({ name }) => name).join(', ')}`);
  const similar = sources?.similarFunctions(text) ?? mostSimilar(text, target.functions.map(({ name }) => name), 5);
  throw new NoSuchPlace(`there is no function ${text}${hint(similar)}`);
}

function byPattern(target: Target, pattern: RegExp, text: string): readonly Site[] {
  const found = target.functions.filter(({ name }) => pattern.test(name));
  if (found.length === 0) throw new NoSuchPlace(`no function fits ${text}`);
  if (found.length > MAX_FUNCTIONS) throw new NoSuchPlace(`${found.length} functions fit ${text}: more than ${MAX_FUNCTIONS} are not watched together`);
  return found.map(({ index }) => entry(target, index));
}

function atByte(target: Target, offset: number): Site {
  const func = target.functionAt(offset);
  if (func === undefined) throw new NoSuchPlace(`no function has code at byte 0x${offset.toString(16)}`);
  return { func, offset: instructionStart(target, func, offset), line: undefined };
}

function inFunction(target: Target, text: string): Site {
  const [index, plus] = text.slice(1).split('+') as [string, string | undefined];
  const func = number(index, text);
  const { imported, funcs } = target.module;
  if (func < imported.funcs) throw new NoSuchPlace(`function ${func} is an import: say import ${target.nameOf(func)}`);
  const body = funcs[func - imported.funcs]?.body;
  if (body === undefined) throw new NoSuchPlace(`there is no function ${func}: the last is ${imported.funcs + funcs.length - 1}`);
  if (plus === undefined) return entry(target, func);
  const offset = body.offset + number(plus, text);
  if (offset >= body.end) throw new NoSuchPlace(`function ${func} has ${body.end - body.offset} bytes`);
  return { func, offset: instructionStart(target, func, offset), line: undefined };
}

/** A breakpoint stands before an instruction, not in one. */
function instructionStart(target: Target, func: number, offset: number): number {
  const { body } = target.module.funcs[func - target.module.imported.funcs]!;
  const reader = new InstructionReader(target.module.bytes, body.offset, body.end);
  while (reader.pos < body.end) {
    reader.next();
    if (reader.start >= offset) return reader.start;
  }
  return reader.start;
}

function resumePoint(target: Target, text: string): readonly Site[] {
  const [f, b] = text.split(':') as [string, string | undefined];
  const pcF = number(f, text);
  const pcB = b === undefined ? 0 : number(b, text);
  const code = target.sources?.codeAt(pcF, pcB);
  if (code === undefined) throw new NoSuchPlace(`there is no resume point ${pcF}:${pcB}`);
  return [{ func: code.func, offset: code.offset, line: undefined }];
}

function exported(target: Target, name: string): readonly Site[] {
  const functions = target.module.exports.filter(({ kind }) => kind === 'func');
  const found = functions.find((entry) => entry.name === name);
  if (found === undefined) throw new NoSuchPlace(`there is no exported function ${name}${hint(mostSimilar(name, functions.map((entry) => entry.name), 5))}`);
  if (found.index < target.module.imported.funcs) return importCalls(target, target.nameOf(found.index));
  return [{ func: found.index, offset: undefined, line: undefined }];
}

/** Every call of an import that stands in the code; it may be named with or without its module. */
function importCalls(target: Target, name: string): readonly Site[] {
  const { module } = target;
  const wanted = new Set<number>();
  const names = Array.from({ length: module.imported.funcs }, (_, i) => target.nameOf(i));
  names.forEach((full, i) => {
    if (full === name || full.endsWith(`.${name}`)) wanted.add(i);
  });
  if (wanted.size === 0) throw new NoSuchPlace(`there is no imported function ${name}${hint(mostSimilar(name, names, 5))}`);
  const sites = importCallSites(target, (index) => wanted.has(index));
  if (sites.length === 0) throw new NoSuchPlace(`${name} is imported, but no call of it stands in the code`);
  return sites;
}

/** Every direct call of an import; of some, or of any. */
export function importCallSites(target: Target, wanted: (index: number) => boolean = () => true): readonly Site[] {
  const { imported } = target.module;
  return target.uses([OP.call, OP.return_call], (index) => index < imported.funcs && wanted(index)).map((place) => ({ ...place, line: undefined }));
}

function hint(similar: readonly string[]): string {
  return similar.length === 0 ? '' : `; did you mean ${similar.slice(0, 3).join(', or ')}?`;
}
