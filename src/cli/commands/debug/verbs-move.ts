import type { Cause, StepKind } from '../../../debug/session.js';
import type { Console } from './console.js';
import { checkpointNamed, checkpointNames, Complaint, functionNames, type Verb, wholeNumber } from './verb.js';

/** Forwards, and the same backwards: what `rev` puts before. */
interface Move {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly about: string;
  readonly details?: readonly string[];
  readonly step: StepKind;
}

const MOVES: readonly Move[] = [
  { name: 'next', aliases: ['n'], about: 'to the next Go line of this function, over what it calls', step: 'next', details: ['Stays with the goroutine and the frame, whatever switches, stack growth and unwindings come in between; a return ends it in the caller.', 'Without Go: one instruction, over calls.'] },
  { name: 'step', aliases: ['s'], about: 'to the next Go line, into functions that are called', step: 'step', details: ['Functions of the runtime are stepped over.'] },
  { name: 'stepout', aliases: ['so'], about: 'to where the caller of this function goes on', step: 'stepout' },
  { name: 'step-instruction', aliases: ['si', 'stepi'], about: 'one wasm instruction', step: 'instruction' },
  { name: 'next-instruction', aliases: ['ni', 'nexti'], about: 'one wasm instruction, over calls', step: 'over' },
  { name: 'step-block', aliases: ['sb'], about: 'to the next PC_B: a resume point of Go', step: 'block' },
  { name: 'next-switch', aliases: ['nsw'], about: 'to where a goroutine gets the processor', step: 'switch' },
  { name: 'next-turn', aliases: ['nt'], about: 'to the next turn of the trampoline', step: 'turn' },
  { name: 'next-host', aliases: ['nh'], about: 'to the next call of the host', step: 'host' },
];

async function repeat(console: Console, rest: string, once: () => Promise<Cause>): Promise<void> {
  const count = rest === '' ? 1 : wholeNumber(rest, 'how often');
  let cause: Cause | undefined;
  for (let i = 0; i < count; i++) {
    cause = await once();
    if (cause.kind !== 'step') break;
  }
  if (cause !== undefined) await console.stopped(cause);
}

const steps: readonly Verb[] = MOVES.map(({ step, ...about }) => ({
  ...about,
  usage: '[COUNT]',
  group: 'Running',
  run: (console, rest) => repeat(console, rest, () => console.session.step(step, console.search)),
}));

export const MOVING: readonly Verb[] = [
  {
    name: 'continue',
    aliases: ['c'],
    usage: '[PLACE]',
    group: 'Running',
    about: 'to the next breakpoint, or to PLACE, or to the end',
    complete: functionNames,
    async run(console, rest) {
      const { session } = console;
      const until = rest === '' ? undefined : session.breakAt(rest, `until ${rest}`);
      try {
        await console.stopped(await session.continue(console.search));
      } finally {
        if (until !== undefined) session.clear(until);
      }
    },
  },
  ...steps,
  {
    name: 'rev',
    aliases: [],
    usage: 'COMMAND [COUNT]',
    group: 'Backwards',
    about: 'a command of Running backwards: rev next, rev continue, rev next-switch …',
    details: ['A step that came here is taken back exactly; else it goes to the last moment before this one where such a step would have stopped.'],
    complete: () => ['continue', ...MOVES.map(({ name }) => name)],
    async run(console, rest) {
      const [name = '', count = ''] = rest.split(/\s+/);
      if (name === 'continue' || name === 'c') return console.stopped(await console.session.reverseContinue(console.search));
      const step = MOVES.find((move) => move.name === name || move.aliases.includes(name))?.step;
      if (step === undefined) throw new Complaint(`${name === '' ? 'rev needs a command' : `${name} cannot be done backwards`}: continue, ${MOVES.map((move) => move.name).join(', ')}`);
      await repeat(console, count, () => console.session.stepBack(step, console.search));
    },
  },
  {
    name: 'rewind',
    aliases: ['rw'],
    usage: '',
    group: 'Backwards',
    about: 'back to the last breakpoint before, or to the beginning: rev continue',
    run: async (console) => console.stopped(await console.session.reverseContinue(console.search)),
  },
  {
    name: 'restart',
    aliases: ['r'],
    usage: '[CHECKPOINT]',
    group: 'Backwards',
    about: 'to the beginning, or to a checkpoint (c1)',
    complete: checkpointNames,
    async run(console, rest) {
      const clock = rest === '' ? 0 : checkpointNamed(console, rest).clock;
      await console.stopped(await console.session.goto(clock, console.search));
    },
  },
  {
    name: 'goto',
    aliases: [],
    usage: 'CLOCK',
    group: 'Backwards',
    about: 'to a moment: a clock value, +N or -N instructions, or end',
    async run(console, rest) {
      const { session } = console;
      const relative = /^([+-])(.*)$/.exec(rest);
      const clock = rest === 'end' ? Infinity : relative === null ? wholeNumber(rest, 'the clock value') : session.clock + (relative[1] === '-' ? -1 : 1) * wholeNumber(relative[2]!.trim(), 'the distance');
      await console.stopped(await session.goto(Math.max(0, clock), console.search));
    },
  },
];
