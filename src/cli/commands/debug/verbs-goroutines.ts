import { showArguments, readArguments } from '../../../go/arguments.js';
import { type DeferredCall, deferredCalls, panicsInFlight } from '../../../go/defers.js';
import type { Goroutine } from '../../../go/goroutines.js';
import { stackPair } from '../../../go/stacks.js';
import { createdBy, goroutineHeader, isSystemGoroutine, type TracebackFrame } from '../../../go/traceback.js';
import { showValue as showGoValue } from '../../../go/values.js';
import type { GoView } from '../../../go/view.js';
import { deadlockReport, whyWaits } from '../../../go/waits.js';
import { showCall, type Console } from './console.js';
import { Complaint, firstWord, type Verb, wholeNumber } from './verb.js';
import { showWait } from './show-wait.js';

function goView({ session }: Console): GoView {
  const { view } = session.target;
  if (view === undefined) throw new Complaint('this is for Go programs, and the module is none');
  return view;
}

function goroutineOf(console: Console, text: string): Goroutine {
  const view = goView(console);
  const id = wholeNumber(text, 'the goroutine');
  const found = view.runtime.byId(id);
  if (found !== undefined) return found;
  const ids = view.runtime.goroutines().map((goroutine) => goroutine.id);
  const near = ids.toSorted((a, b) => Math.abs(a - id) - Math.abs(b - id)).slice(0, 5).sort((a, b) => a - b);
  throw new Complaint(ids.length === 0 ? 'there are no goroutines yet' : `there is no goroutine ${id} at this moment; there ${near.length === 1 ? 'is' : 'are'} ${near.join(', ')}${ids.length > near.length ? ' and others' : ''}`);
}

function currentGoroutine(console: Console): Goroutine {
  goView(console);
  const goroutine = console.session.goroutine();
  if (goroutine === undefined) throw new Complaint('no goroutine runs at this moment: choose one with goroutine ID');
  return goroutine;
}

/** The innermost call that the program's author wrote, as far as can be told. */
function place(frames: readonly TracebackFrame[]): string {
  const shown = frames.find(({ shown: is, call }) => is && !/^(runtime|sync|time|internal)[./]/.test(call.name)) ?? frames.find(({ shown: is }) => is) ?? frames[0];
  return shown === undefined ? '?' : showCall(shown.call);
}

/** `chosen`: the frame that is looked at. */
function frameLines(frames: readonly TracebackFrame[], chosen: number | undefined, limit: number): string[] {
  const lines: string[] = [];
  frames.slice(0, limit).forEach(({ call, name, arguments: args, frame }, i) => {
    if (i > 0 && call.name === 'runtime.goexit') return;
    lines.push(`${i === chosen ? '*' : ' '}${String(i).padStart(3)}  ${name}(${args})`, `         at ${call.file ?? '?'}:${call.line ?? '?'}${call.inlined ? ' (inlined)' : ''} PC_F 0x${frame.func.pcF.toString(16)} PC_B ${frame.pcB}`);
  });
  if (frames.length > limit) lines.push(`     … ${frames.length - limit} more`);
  return lines;
}

function wasmStack({ session }: Console, limit: number): string[] {
  const { target } = session;
  const lines = target.machine.frames(limit).map((frame, i) => {
    if (frame.kind === 'host') return `${String(i).padStart(4)}  ${frame.name} (the host)`;
    const name = frame.instance === target.instance ? target.nameOf(frame.funcIndex) : 'of another module';
    return `${i === session.frameNumber && target.view === undefined ? '*' : ' '}${String(i).padStart(3)}  ${name} (function ${frame.funcIndex}, at byte 0x${frame.offset.toString(16)})`;
  });
  if (target.level > limit) lines.push(`     … ${target.level - limit} more`);
  return lines;
}

const MOST_FRAMES = 50;

const TRACED_FRAMES = 10;

function listGoroutines(console: Console, words: readonly string[]): void {
  const view = goView(console);
  const known = ['-a', '-u', '-r', '-g', '-s', '-t'];
  const traced = words.indexOf('-t');
  const depth = traced >= 0 && /^[0-9]/.test(words[traced + 1] ?? '') ? wholeNumber(words[traced + 1]!, 'the depth') : TRACED_FRAMES;
  const wrong = words.find((word, i) => !known.includes(word) && (traced < 0 || i !== traced + 1));
  if (wrong !== undefined) throw new Complaint(`${wrong} is no option of goroutines: ${known.join(' ')}`);
  const chosen = console.session.goroutine();
  const all = console.session.goroutines();
  const shown = words.includes('-a') ? all : all.filter((goroutine) => !isSystemGoroutine(view, goroutine));
  for (const goroutine of shown) {
    const { address, id, state, waitReason, start, created } = goroutine;
    const frames = framesOf(console, goroutine);
    const innermost = frames[0];
    let at = place(frames);
    if (words.includes('-r') && innermost !== undefined) at = showCall(innermost.call);
    else if (words.includes('-g')) at = created === undefined ? '?' : showCall(created);
    else if (words.includes('-s')) at = start?.name ?? '?';
    const by = created === undefined || id === 1 || words.includes('-g') ? '' : ` (made at ${showCall(created)})`;
    console.write(`${address === chosen?.address ? '*' : ' '} goroutine ${id} [${waitReason === '' ? state : waitReason}] ${at}${by}`);
    if (traced >= 0) for (const line of frameLines(frames, undefined, depth)) console.write(`   ${line}`);
  }
  if (all.length > shown.length) console.write(`  and ${all.length - shown.length} of the runtime (goroutines -a)`);
  if (all.length === 0) console.write('there are no goroutines yet');
}

/** `FRAME COMMAND`: looks at a frame, or carries out a command for it and comes back. */
async function atFrame(console: Console, index: number, command: string): Promise<void> {
  if (command === '') return chooseFrame(console, index);
  const { session } = console;
  const before = session.frameNumber;
  if (!session.chooseFrame(index)) throw new Complaint(`there is no frame ${index}`);
  try {
    await carryOut(console, command);
  } finally {
    session.chooseFrame(before);
  }
}

function carryOut(console: Console, command: string): Promise<void> | void {
  const [word, rest] = firstWord(command);
  return console.find(word).run(console, rest);
}

/** `up`, `down`: `[N] [COMMAND]`. */
function steps(text: string): readonly [count: number, command: string] {
  const [first, rest] = firstWord(text);
  return /^[0-9]/.test(first) ? [wholeNumber(first, 'how far'), rest] : [1, text];
}

/** What can be asked of a function that has yet to be called. */
const ABOUT_DEFERRED = ['list', 'disassemble', 'break', 'trace'];

function atDeferred(console: Console, calls: readonly DeferredCall[], rest: string): Promise<void> | void {
  const [number, command] = firstWord(rest);
  const call = calls[wholeNumber(number, 'the deferred call') - 1];
  if (call === undefined) throw new Complaint(`there is no deferred call ${number}${calls.length === 0 ? '' : `; there are 1 to ${calls.length}`}`);
  const [word, more] = firstWord(command);
  const verb = word === '' ? undefined : console.find(word);
  if (verb === undefined || more !== '' || !ABOUT_DEFERRED.includes(verb.name)) throw new Complaint(`say one of ${ABOUT_DEFERRED.join(', ')}`);
  const { definedAt } = call;
  return verb.run(console, verb.name === 'list' && definedAt !== undefined ? `${definedAt.file}:${definedAt.line}` : call.function);
}

function goroutineIds({ session }: Console): readonly string[] {
  return session.goroutines().map(({ id }) => String(id));
}

export const GOROUTINES: readonly Verb[] = [
  {
    name: 'goroutines',
    aliases: ['grs'],
    usage: '[-a] [-r|-g|-s] [-t [DEPTH]]',
    group: 'Goroutines and stacks',
    about: 'all goroutines (-a: those of the runtime too)',
    details: ['Each is shown with the place in the program where it is; -r: in the runtime too; -g: its go statement; -s: the function that it began with.', '-t: with its stack, of so many frames (10).'],
    run: (console, rest) => listGoroutines(console, rest.split(/\s+/).filter((word) => word !== '')),
  },
  {
    name: 'goroutine',
    aliases: ['gr'],
    usage: '[ID [COMMAND]]',
    group: 'Goroutines and stacks',
    about: 'look at this goroutine, or carry out a command for it',
    complete: goroutineIds,
    async run(console, rest) {
      const [id, command] = firstWord(rest);
      const goroutine = id === '' ? currentGoroutine(console) : goroutineOf(console, id);
      const before = console.session.chosen;
      console.session.chooseGoroutine(goroutine.id);
      if (command !== '') {
        try {
          await carryOut(console, command);
        } finally {
          console.session.chooseGoroutine(before);
        }
        return;
      }
      const view = goView(console);
      console.write(goroutineHeader(view, goroutine).slice(0, -1));
      console.write(`  at ${place(framesOf(console, goroutine))}`);
      if (goroutine.start !== undefined) console.write(`  started with ${goroutine.start.name}`);
      const by = createdBy(view, goroutine).trim().replace(/\n\t/, ' at ');
      if (by !== '') console.write(`  ${by}`);
      console.write(`  stack 0x${goroutine.stack.lo.toString(16)} to 0x${goroutine.stack.hi.toString(16)}`);
      for (const [key, value] of view.runtime.labels(goroutine.address)) console.write(`  label ${key}: ${value}`);
    },
  },
  {
    name: 'stack',
    aliases: ['bt', 'where'],
    usage: '[-wasm|-both] [COUNT]',
    group: 'Goroutines and stacks',
    about: 'the Go stack; -wasm: the wasm stack; -both: side by side, and what a trampoline has yet to resume',
    run(console, rest) {
      const words = rest.split(/\s+/).filter((word) => word !== '');
      const wrong = words.find((word) => word.startsWith('-') && word !== '-wasm' && word !== '-both');
      if (wrong !== undefined) throw new Complaint(`${wrong} is no option of stack: -wasm -both`);
      const count = words.find((word) => !word.startsWith('-'));
      const limit = count === undefined ? MOST_FRAMES : wholeNumber(count, 'the number of frames');
      if (words.includes('-both')) return both(console);
      const { view } = console.session.target;
      const frames = view === undefined || words.includes('-wasm') ? undefined : console.session.goFrames();
      const lines = frames === undefined || frames.length === 0 ? wasmStack(console, limit) : frameLines(frames, console.session.frameNumber, limit);
      console.write(lines.length === 0 ? 'the stack is empty' : lines.join('\n'));
      const goroutine = console.session.goroutine();
      if (frames !== undefined && frames.length > 0 && goroutine !== undefined) {
        const by = createdBy(view!, goroutine).trim().replace(/\n\t/, ' at ');
        if (by !== '') console.write(`      ${by}`);
      }
    },
  },
  {
    name: 'frame',
    aliases: [],
    usage: 'N [COMMAND]',
    group: 'Goroutines and stacks',
    about: 'look at this frame of the stack, or carry out a command for it',
    run(console, rest) {
      const [index, command] = firstWord(rest);
      return atFrame(console, wholeNumber(index, 'the frame'), command);
    },
  },
  {
    name: 'up',
    aliases: [],
    usage: '[N] [COMMAND]',
    group: 'Goroutines and stacks',
    about: 'to the frame of the caller, or a command for it',
    run(console, rest) {
      const [count, command] = steps(rest);
      return atFrame(console, console.session.frameNumber + count, command);
    },
  },
  {
    name: 'down',
    aliases: [],
    usage: '[N] [COMMAND]',
    group: 'Goroutines and stacks',
    about: 'to the frame that was called, or a command for it',
    run(console, rest) {
      const [count, command] = steps(rest);
      return atFrame(console, console.session.frameNumber - count, command);
    },
  },
  {
    name: 'deferred',
    aliases: [],
    usage: '[N COMMAND]',
    group: 'Goroutines and stacks',
    about: 'calls that are put off, in the order in which they will run, and panics under way',
    details: [`N COMMAND: a command for the function of the Nth of them: ${ABOUT_DEFERRED.join(', ')}.`],
    run(console, rest) {
      const view = goView(console);
      const goroutine = currentGoroutine(console);
      const calls = deferredCalls(view, goroutine);
      if (rest !== '') return atDeferred(console, calls, rest);
      const panics = panicsInFlight(view, goroutine);
      for (const { value, goexit, recovered } of panics) console.write(`${goexit ? 'Goexit' : `panic: ${value === undefined ? '?' : showGoValue(value)}`}${recovered ? ' [recovered]' : ''}`);
      calls.forEach(({ function: name, definedAt, deferredBy }, i) => {
        console.write(`${String(i + 1).padStart(3)}  ${name}${definedAt === undefined ? '' : ` ${definedAt.file}:${definedAt.line}`}${deferredBy === undefined ? '' : `, deferred by ${showCall(deferredBy)}`}`);
      });
      if (calls.length === 0 && panics.length === 0) console.write('nothing is deferred');
    },
  },
  {
    name: 'why',
    aliases: [],
    usage: '[GOROUTINE]',
    group: 'Go and its trampoline',
    about: 'what a goroutine waits for and who could wake it; without one, the whole picture',
    complete: goroutineIds,
    run(console, rest) {
      const view = goView(console);
      if (rest !== '') {
        showWait(view, whyWaits(view, goroutineOf(console, rest))).forEach((line) => console.write(line));
        return;
      }
      const { deadlock, canGoOn, waits, stuck, circles } = deadlockReport(view);
      for (const wait of waits) showWait(view, wait).forEach((line) => console.write(line));
      if (canGoOn.length > 0) console.write(`can go on by themselves: ${canGoOn.map(({ id }) => `goroutine ${id}`).join(', ')}`);
      for (const circle of circles) console.write(`they wait for each other: ${circle.map((id) => `goroutine ${id}`).join(' for ')} for goroutine ${circle[0]}`);
      if (deadlock) console.write('nothing can go on: a deadlock');
      else if (stuck.length > 0) console.write(`nothing that can go on is seen to wake ${stuck.map((id) => `goroutine ${id}`).join(', ')}`);
    },
  },
];

function framesOf({ session }: Console, goroutine: Goroutine): readonly TracebackFrame[] {
  return session.framesOf(goroutine);
}

function chooseFrame(console: Console, index: number): void {
  const { session } = console;
  if (!session.chooseFrame(index)) throw new Complaint(`there is no frame ${index}`);
  const frame = session.goFrames()[index];
  if (frame === undefined) {
    console.write(wasmStack(console, index + 1).at(-1) ?? '');
    return;
  }
  console.write(`frame ${index}: ${frame.name}(${frame.arguments}) ${frame.call.file ?? '?'}:${frame.call.line ?? '?'}`);
  if (frame.call.file !== undefined && frame.call.line !== undefined) console.showSource(frame.call.file, frame.call.line, 4);
}

/** The two stacks with the line between what will return by itself and what a trampoline has to resume. */
function both(console: Console): void {
  const view = goView(console);
  const { physical, logical, line } = stackPair(view);
  console.write('wasm stack, innermost first:');
  physical.forEach(({ kind, name, logical: of }, i) => console.write(`${String(i).padStart(4)}  ${name} (${kind})${of === undefined ? '' : ` = Go frame ${of}`}`));
  console.write('Go stack, innermost first:');
  logical.forEach(({ goFrame, physical: of, system }, i) => {
    if (i === line) console.write('      ---- from here on a trampoline has to resume ----');
    const { func, pcB } = goFrame;
    const call = func.calls(goFrame.callPcB)[0];
    console.write(`${String(i).padStart(4)}  ${func.name} PC_B ${pcB}${call?.file === undefined ? '' : ` ${call.file}:${call.line}`}${system ? ' (on the scheduler\'s stack)' : ''}${of === undefined ? '' : ` = wasm frame ${of}`}`);
  });
}

/** Words of the arguments of the chosen frame; undefined where they are not known. */
export function argumentLines({ session }: Console): string | undefined {
  const { view } = session.target;
  const chosen = session.goFrames()[session.frameNumber];
  if (view === undefined || chosen === undefined) return undefined;
  const items = readArguments(view.memory, chosen.frame.func, chosen.frame.callPcB, chosen.frame.fp);
  return items && showArguments(items);
}
