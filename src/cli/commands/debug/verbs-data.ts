import { loadValue } from '../../../engine/value.js';
import { Types } from '../../../go/types.js';
import { showValue } from '../../../program/values.js';
import { showType } from '../../../wasm/show.js';
import { CELL_BYTES, Expression, NAMES, showResult } from '../../../debug/expression.js';
import type { Console } from './console.js';
import { argumentLines } from './verbs-goroutines.js';
import { Complaint, firstWord, pattern, type Verb, wholeNumber } from './verb.js';

const DUMP_BYTES = 16;
const MOST_BYTES = 65536;

const FORMATS: Readonly<Record<string, number>> = { hex: 16, dec: 10, oct: 8, bin: 2 };

/** `examinemem [-len N] [-size N] [-fmt FORMAT] ADDRESS`. */
function examine(console: Console, rest: string): void {
  const { session } = console;
  let text = rest;
  let length = 64;
  let size = 1;
  let radix = 16;
  for (;;) {
    const [, option, value, more] = /^-(len|count|size|fmt)\s+(\S+)\s*(.*)$/s.exec(text) ?? [];
    if (option === undefined) break;
    if (option === 'fmt') radix = FORMATS[value!] ?? wrongFormat(value!);
    else if (option === 'size') size = wholeNumber(value!, '-size');
    else length = wholeNumber(value!, `-${option}`);
    text = more!;
  }
  text = text.replace(/^-x\s+/, '');
  if (![1, 2, 4, 8].includes(size)) throw new Complaint('-size is 1, 2, 4 or 8');
  if (length * size > MOST_BYTES) throw new Complaint(`more than ${MOST_BYTES} bytes are not shown together`);
  if (text === '') throw new Complaint('an address is missing');
  const address = new Expression(text).value(session.scope());
  const memory = session.target.store.memories[session.target.instance.memories[0] ?? -1];
  if (typeof address !== 'bigint' || address < 0n || memory === undefined || Number(address) >= memory.byteLength) throw new Complaint(`${showResult(address)} is no address in the memory`);
  const start = Number(address);
  const bytes = memory.u8.subarray(start, Math.min(start + length * size, memory.byteLength));
  const width = (256n ** BigInt(size) - 1n).toString(radix).length;
  for (let at = 0; at < bytes.length; at += DUMP_BYTES) {
    const row = bytes.subarray(at, at + DUMP_BYTES);
    const cells: string[] = [];
    for (let i = 0; i < row.length; i += size) {
      const value = row.subarray(i, i + size).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      cells.push(value.toString(radix).padStart(width, radix === 10 ? ' ' : '0'));
    }
    const shown = [...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    console.write(`0x${(start + at).toString(16).padStart(8, '0')}  ${cells.join(' ').padEnd((width + 1) * (DUMP_BYTES / size) - 1)}  ${shown}`);
  }
}

function wrongFormat(text: string): never {
  throw new Complaint(`there is no format ${text}: ${Object.keys(FORMATS).join(', ')}`);
}

/** `%x EXPRESSION`: a whole number in another form. */
const RADIX: Readonly<Record<string, readonly [prefix: string, radix: number]>> = { x: ['0x', 16], d: ['', 10], o: ['0o', 8], b: ['0b', 2] };

function print(console: Console, rest: string): string {
  const [, letter, text] = /^%(\S+)\s+(.*)$/s.exec(rest) ?? [];
  const value = new Expression(text ?? rest).value(console.session.scope());
  if (letter === undefined) return showResult(value);
  const form = RADIX[letter];
  if (form === undefined) throw new Complaint(`there is no format %${letter}: ${Object.keys(RADIX).map((known) => `%${known}`).join(', ')}`);
  if (typeof value !== 'bigint') throw new Complaint(`${value} is no whole number`);
  return `${value < 0n ? '-' : ''}${form[0]}${(value < 0n ? -value : value).toString(form[1])}`;
}

/** `whatis EXPRESSION` or `whatis TYPE`. */
function whatis(console: Console, rest: string): void {
  const { session } = console;
  const { go, view } = session.target;
  const named = go === undefined || view === undefined ? undefined : new Types(go, view.memory).byName(rest);
  const { name, go: found } = named === undefined ? new Expression(rest).type(session.scope()) : { name: rest, go: { type: named, dynamic: undefined } };
  if (found === undefined) {
    console.write(name);
    return;
  }
  const { type, dynamic } = found;
  console.write(`${name}${name === type.kind ? '' : ` (${type.kind})`}, ${type.size} byte${type.size === 1 ? '' : 's'}`);
  for (const { name: field, type: of, offset, embedded } of type.fields) console.write(`  ${String(offset).padStart(4)}  ${embedded ? '' : `${field} `}${of.name}`);
  if (dynamic !== undefined) console.write(`  holds ${dynamic.name}`);
}

export const DATA: readonly Verb[] = [
  {
    name: 'args',
    aliases: [],
    usage: '',
    group: 'Data',
    about: 'the arguments of the frame, as far as Go\'s tables tell',
    run(console) {
      const known = argumentLines(console);
      if (known !== undefined) console.write(known === '' ? 'it has no arguments' : `arg: ${known}`);
      else {
        const frame = console.session.wasmFrame();
        if (frame === undefined) throw new Complaint('the arguments of this frame are not known');
        const count = console.session.target.store.funcs[frame.func]!.type.params.length;
        const values = frame.kind === 'host' ? frame.args : frame.locals.slice(0, count);
        console.write(values.length === 0 ? 'it has no arguments' : values.map((value, i) => `$${i} = ${showValue(value, console.session.target.store)}`).join('\n'));
      }
    },
  },
  {
    name: 'locals',
    aliases: [],
    usage: '',
    group: 'Data',
    about: 'the locals of the wasm frame, and its operand stack',
    run(console) {
      const frame = console.session.wasmFrame();
      if (frame === undefined) throw new Complaint('no wasm frame carries this one out: a trampoline has yet to make it');
      if (frame.kind === 'host') throw new Complaint('this is a function of the host');
      const { store } = console.session.target;
      frame.locals.forEach((value, i) => console.write(`$${i} = ${showValue(value, store)}`));
      if (frame.operands.length > 0) console.write(`operands, the top last: ${frame.operands.map((value) => showValue(value, store)).join(' ')}`);
    },
  },
  {
    name: 'print',
    aliases: ['p'],
    usage: '[%x|%d|%o|%b] EXPRESSION',
    group: 'Data',
    about: 'the value of an expression',
    details: [
      'Names: SP PC_F PC_B CTXT g goid RET0 … PAUSE (Go), clock, exported globals; global[N]; $N, a local of the wasm frame;',
      'arg[N], a word of the arguments of the Go frame; *(u32*)ADDRESS, also u8 i8 u16 i16 i32 u64 i64 f32 f64, and the',
      'types of the Go program: *(*main.T)ADDRESS. Operators as in Go.',
    ],
    complete: () => NAMES,
    run(console, rest) {
      if (rest === '') throw new Complaint('an expression is missing');
      console.write(print(console, rest));
    },
  },
  {
    name: 'whatis',
    aliases: [],
    usage: 'EXPRESSION|TYPE',
    group: 'Data',
    about: 'the type of an expression; of a Go type its size and fields, of an interface what it holds',
    complete: () => NAMES,
    run(console, rest) {
      if (rest === '') throw new Complaint('an expression is missing');
      whatis(console, rest);
    },
  },
  {
    name: 'display',
    aliases: [],
    usage: '[-a EXPRESSION | -d NUMBER]',
    group: 'Data',
    about: 'show an expression at every stop; -d: no more',
    run(console, rest) {
      const [option, text] = firstWord(rest);
      if (option === '-d') {
        const at = console.displays.findIndex(({ id }) => String(id) === text);
        if (at < 0) throw new Complaint(`there is no display ${text}`);
        console.displays.splice(at, 1);
      } else if (option === '-a') {
        const expression = new Expression(text);
        console.displays.push({ id: (console.displays.at(-1)?.id ?? 0) + 1, expression });
        console.write(`${text} = ${console.evaluated(expression)}`);
      } else if (rest !== '') throw new Complaint('say -a EXPRESSION or -d NUMBER');
      else for (const { id, expression } of console.displays) console.write(`${id}: ${expression.text} = ${console.evaluated(expression)}`);
    },
  },
  {
    name: 'examinemem',
    aliases: ['x'],
    usage: '[-len N] [-size 1|2|4|8] [-fmt hex|dec|oct|bin] ADDRESS',
    group: 'Data',
    about: 'what stands in the memory from an address on',
    run: examine,
  },
  {
    name: 'regs',
    aliases: [],
    usage: '',
    group: 'Data',
    about: 'the registers of Go\'s virtual CPU, or the globals of another module',
    run(console) {
      const { session } = console;
      const registers = session.registers();
      if (registers !== undefined) {
        const hex = (value: number | bigint): string => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
        console.write(`SP = ${hex(registers.sp)}\nPC_F = ${hex(registers.pcF)}\nPC_B = ${registers.pcB}\nCTXT = ${hex(registers.ctxt)}\ng = ${hex(registers.g)}`);
        for (const i of [0, 1, 2, 3] as const) console.write(`RET${i} = ${hex(registers.ret(i))}`);
        console.write(`PAUSE = ${registers.pause ? 1 : 0}`);
        return;
      }
      const { instance, store } = session.target;
      instance.globals.forEach((address, i) => {
        const { cell, type } = store.globals[address]!;
        console.write(`global[${i}] = ${showValue(loadValue(store.globalCells, cell, type.value), store)}${type.mutable ? '' : ' (constant)'}`);
      });
      if (instance.globals.length === 0) console.write('the module has no globals');
    },
  },
  {
    name: 'types',
    aliases: [],
    usage: '[REGEX]',
    group: 'Data',
    about: 'the Go types that memory can be printed as',
    run(console, rest) {
      const { go, view } = console.session.target;
      if (go === undefined || view === undefined) {
        console.write(Object.keys(CELL_BYTES).join(' '));
        return;
      }
      const wanted = pattern(rest);
      const names = new Types(go, view.memory).list.map(({ name }) => name).filter((name) => wanted.test(name)).sort();
      console.write(names.length === 0 ? 'no type fits' : names.join('\n'));
    },
  },
  {
    name: 'globals',
    aliases: ['vars'],
    usage: '',
    group: 'Data',
    about: 'the module\'s globals with their types and values',
    run(console) {
      const { instance, store } = console.session.target;
      const names = new Map([...instance.exports].flatMap(([name, { kind, address }]) => (kind === 'global' ? [[address, name] as const] : [])));
      instance.globals.forEach((address, i) => {
        const { cell, type } = store.globals[address]!;
        console.write(`global[${i}]${names.has(address) ? ` ${names.get(address)}` : ''} ${type.mutable ? `mut ${showType(type.value)}` : showType(type.value)} = ${showValue(loadValue(store.globalCells, cell, type.value), store)}`);
      });
    },
  },
];
