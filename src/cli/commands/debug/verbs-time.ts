import { statusName } from '../../../go/structs.js';
import { Expression } from '../../../debug/expression.js';
import { difference } from '../../../debug/difference.js';
import { EVENT_KINDS, eventDetector, type EventKind, turnDetector } from '../../../debug/events.js';
import { collect } from '../../../debug/detector.js';
import { nearest } from '../../nearest.js';
import type { Console } from './console.js';
import { checkpointNamed, checkpointNames, Complaint, firstWord, type Verb, wholeNumber } from './verb.js';

const SHOWN = 20;

function count(rest: string): number {
  return rest === '' ? SHOWN : wholeNumber(rest, 'how many');
}

/** The last so many events before this moment, one a line. */
async function showEvents(console: Console, kinds: readonly EventKind[], rest: string): Promise<void> {
  const { session } = console;
  if (session.target.view === undefined) throw new Complaint('events are those of Go programs');
  const detectors = kinds.map((kind) => eventDetector(session.target, kind, undefined, (goroutine) => `${kind.name.padEnd(8)} ${goroutine === 0 ? 'the scheduler' : `goroutine ${goroutine}`}  ${session.programPlace(goroutine)}`));
  const found = await collect(session.timeline, detectors, count(rest), console.search);
  if (found.length === 0) console.write('nothing of the kind has happened before this moment');
  for (const { clock, what } of found) for (const text of what) console.write(`${String(clock).padStart(12)}  ${text.trimEnd()}`);
}

export const TIME: readonly Verb[] = [
  {
    name: 'last-write',
    aliases: ['lw'],
    usage: '[-thorough] ADDRESS[++LENGTH]',
    group: 'Backwards',
    about: 'go to the instruction that wrote last, before this moment, to an address (8 bytes)',
    details: ['-thorough: also finds a write of what had been there before, at the price of looking everywhere.'],
    async run(console, rest) {
      const { session } = console;
      const thorough = /^-thorough\s/.test(rest);
      const [text, length] = rest.replace(/^-thorough\s+/, '').split(/\s*\+\+\s*/) as [string, string | undefined];
      if (text === '') throw new Complaint('an address is missing');
      const address = new Expression(text).value(session.scope());
      if (typeof address !== 'bigint' || address < 0n) throw new Complaint(`${text} is no address`);
      const memory = session.target.instance.memories[0];
      if (memory === undefined) throw new Complaint('the module has no memory');
      const bytes = length === undefined ? 8 : wholeNumber(length, 'the length');
      const found = await session.timeline.lastWriter(Number(address), bytes, { memory, thorough }, console.search);
      if (found === undefined) {
        console.write(`nobody has written to 0x${address.toString(16)} before this moment${thorough ? '' : ' (or only what had been there: see -thorough)'}`);
        return;
      }
      const cause = await session.goto(found.position.clock, console.search);
      if (found.host) console.write('written by the host, in the call that comes next');
      await console.stopped(cause);
    },
  },
  {
    name: 'checkpoint',
    aliases: ['check'],
    usage: '[NOTE]',
    group: 'Backwards',
    about: 'remember this moment; restart c1 comes back',
    run(console, rest) {
      const { id, clock } = console.session.checkpoint(rest === '' ? console.place(console.session.where()) : rest);
      console.write(`Checkpoint c${id} at clock ${clock}`);
    },
  },
  {
    name: 'checkpoints',
    aliases: [],
    usage: '',
    group: 'Backwards',
    about: 'those that there are',
    run(console) {
      const { checkpoints } = console.session;
      if (checkpoints.length === 0) console.write('there are no checkpoints');
      for (const { id, clock, note } of checkpoints) console.write(`c${id}  clock ${clock}  ${note}`);
    },
  },
  {
    name: 'clear-checkpoint',
    aliases: ['clearcheck'],
    usage: 'CHECKPOINT',
    group: 'Backwards',
    about: 'forget one',
    complete: checkpointNames,
    run(console, rest) {
      console.session.clearCheckpoint(checkpointNamed(console, rest));
      console.write(`Checkpoint ${rest} is gone`);
    },
  },
  {
    name: 'diff',
    aliases: [],
    usage: 'CLOCK CLOCK',
    group: 'Backwards',
    about: 'what of memory and goroutines differs between two moments',
    async run(console, rest) {
      const [from, to] = firstWord(rest);
      const { session } = console;
      const { bytes, ranges, goroutines } = await difference(session, wholeNumber(from, 'the first clock'), wholeNumber(to, 'the second clock'), console.search);
      console.write(bytes === 0 ? 'the memory is the same' : `${bytes} byte${bytes === 1 ? '' : 's'} of memory differ, in ${ranges.length} range${ranges.length === 1 ? '' : 's'}:`);
      for (const { start, end } of ranges.slice(0, SHOWN)) console.write(`  0x${start.toString(16)} to 0x${end.toString(16)} (${end - start} byte${end - start === 1 ? '' : 's'})`);
      if (ranges.length > SHOWN) console.write(`  … ${ranges.length - SHOWN} more`);
      for (const { id, before, after } of goroutines) {
        const show = (state: { readonly status: number; readonly reason: string } | undefined, none: string): string => (state === undefined ? none : state.reason === '' ? statusName(state.status) : state.reason);
        console.write(`goroutine ${id}: ${show(before, 'not made yet')}, then ${show(after, 'ended')}`);
      }
    },
  },
  {
    name: 'events',
    aliases: [],
    usage: '[KIND] [COUNT]',
    group: 'Go and its trampoline',
    about: 'what has happened last: goroutine switches, parks, panics …',
    complete: () => EVENT_KINDS.map(({ name }) => name),
    run(console, rest) {
      const [name, number] = firstWord(rest);
      if (name === '' || /^[0-9]/.test(name)) return showEvents(console, EVENT_KINDS, name);
      const kind = EVENT_KINDS.find((candidate) => candidate.name === name);
      if (kind === undefined) {
        const guess = nearest(name, EVENT_KINDS.map((candidate) => candidate.name));
        throw new Complaint(`there is no event ${name}${guess === undefined ? '' : `; did you mean ${guess}?`} (${EVENT_KINDS.map((candidate) => candidate.name).join(', ')})`);
      }
      return showEvents(console, [kind], number);
    },
  },
  {
    name: 'unwinds',
    aliases: [],
    usage: '[COUNT]',
    group: 'Go and its trampoline',
    about: 'where the wasm stack was given up last',
    run: (console, rest) => showEvents(console, EVENT_KINDS.filter(({ name }) => name === 'unwind'), rest),
  },
  {
    name: 'loop',
    aliases: [],
    usage: '[COUNT]',
    group: 'Go and its trampoline',
    about: 'the last turns of the trampoline: what it called, and whether that began or was resumed',
    async run(console, rest) {
      const { session } = console;
      const registers = session.registers();
      const { view, sources } = session.target;
      if (registers === undefined || view === undefined) throw new Complaint('only Go programs have a trampoline');
      const turn = turnDetector(session.target, () => {
        const { pcF, pcB } = registers;
        const call = sources?.callsAt(pcF, pcB)[0];
        return `PC_F 0x${pcF.toString(16)} PC_B ${pcB}  goroutine ${view.runtime.id(registers.g)}  ${pcB === 0 ? 'calls  ' : 'resumes'} ${call === undefined ? '?' : `${call.name} ${call.file}:${call.line}`}`;
      });
      const found = await collect(session.timeline, [turn], count(rest), console.search);
      for (const { clock, what } of found) for (const text of what) console.write(`${String(clock).padStart(12)}  ${text}`);
      if (found.length === 0) console.write('the trampoline has not had a turn before this moment');
    },
  },
];
