import { UncaughtException } from '../engine/errors.js';
import { showInterface } from '../go/values.js';
import type { GoView } from '../go/view.js';
import type { Detector } from './detector.js';
import type { Target } from './target.js';

/** A kind of event that one can stop at. */
export interface EventKind {
  readonly name: string;
  readonly about: string;
  /** Functions of Go's runtime whose entry tells it; undefined: any program has it, where it fails. */
  readonly at: readonly GoEntry[] | undefined;
}

interface GoEntry {
  readonly function: string;
  /** Is the call the event? */
  readonly accept?: (words: Words) => boolean;
  /** For which goroutine, by its `g`. */
  readonly goroutine: (words: Words) => number;
  readonly detail?: (words: Words, view: GoView) => string;
}

/** What a runtime function is called with. */
interface Words {
  /** A word of its arguments. */
  word(offset: number): number;
  u32(offset: number): number;
  /** The goroutine that has the processor, by its `g`; 0 if none has. */
  readonly current: number;
}

const STATUS_RUNNABLE = 1;
const STATUS_RUNNING = 2;
const current = ({ current: g }: Words): number => g;
const message = (_: Words, view: GoView): string => view.memory.goString(view.registers.sp + 8);
const first = (words: Words): number => words.word(0);

/** The last is any program's; the others are Go's, told by the entries of functions of the runtime: so they need no history and can be searched for backwards. */
export const EVENT_KINDS: readonly EventKind[] = [
  {
    name: 'switch',
    about: 'a goroutine gets the processor',
    at: [{ function: 'runtime.casgstatus', accept: (words) => words.u32(8) === STATUS_RUNNABLE && words.u32(12) === STATUS_RUNNING, goroutine: first }],
  },
  { name: 'park', about: 'a goroutine begins to wait', at: [{ function: 'runtime.park_m', goroutine: first }] },
  { name: 'ready', about: 'a waiting goroutine is woken', at: [{ function: 'runtime.ready', goroutine: first }] },
  { name: 'go', about: 'a go statement makes a goroutine', at: [{ function: 'runtime.newproc', goroutine: current }] },
  {
    name: 'unwind',
    about: 'the wasm stack is given up, for the trampoline to go on with the Go stack',
    at: [
      { function: 'runtime.gogo', goroutine: current },
      { function: 'runtime.pause', goroutine: current },
    ],
  },
  { name: 'pause', about: 'the program gives control back to its host', at: [{ function: 'runtime.pause', goroutine: current }] },
  {
    name: 'panic',
    about: 'panic is called',
    at: [{ function: 'runtime.gopanic', goroutine: current, detail: (words, view) => showInterface(view.go, view.memory, words.word(0), words.word(8)) }],
  },
  { name: 'recover', about: 'a recovered panic goes on', at: [{ function: 'runtime.recovery', goroutine: current }] },
  {
    name: 'fatal',
    about: 'the runtime gives up: an unrecovered panic, a deadlock, concurrent map writes',
    at: [
      { function: 'runtime.fatalpanic', goroutine: current },
      { function: 'runtime.throw', goroutine: current, detail: message },
      { function: 'runtime.fatal', goroutine: current, detail: message },
    ],
  },
  { name: 'gc', about: 'a garbage collection starts', at: [{ function: 'runtime.gcStart', goroutine: current }] },
  { name: 'trap', about: 'the program traps, throws what nobody catches, or exhausts the stack', at: undefined },
];

/** Events that a program can have. */
export function eventsOf({ view }: Target): readonly EventKind[] {
  return view === undefined ? EVENT_KINDS.filter(({ at }) => at === undefined) : EVENT_KINDS;
}

/** Listens for an event; of one goroutine (its id) if that is given. What `heard` answers is heard; `about` is 0 where no goroutine is concerned. */
export function eventDetector<T>(target: Target, { at }: EventKind, goroutine: number | undefined, heard: (about: number, detail: string | undefined) => T | undefined): Detector<T> {
  const { view, go } = target;
  const words: Words | undefined = view && {
    word: (offset) => view.memory.word(view.registers.sp + 8 + offset),
    u32: (offset) => view.memory.u32(view.registers.sp + 8 + offset),
    get current() {
      return view.runtime.current(view.registers.g);
    },
  };
  const tell = (g: number, detail: string | undefined): T | undefined => {
    const id = g === 0 ? 0 : view!.runtime.id(g);
    return goroutine !== undefined && goroutine !== id ? undefined : heard(id, detail);
  };
  return (ears) => {
    if (at === undefined) ears.failures((error) => tell(words?.current ?? 0, error instanceof UncaughtException ? `uncaught exception ${error.message}` : error.message));
    else if (view === undefined || words === undefined) return;
    for (const { function: name, accept, goroutine: about, detail } of at ?? []) {
      const func = go?.func(name);
      if (func === undefined) continue;
      ears.at(target.address(func), undefined, () => {
        const [frame] = target.machine.frames(1);
        const pcB = frame?.kind === 'wasm' ? frame.locals[0] : undefined;
        // A frame that a trampoline resumes is no new call.
        if (pcB === undefined || !('i32' in pcB) || pcB.i32 !== 0 || accept?.(words!) === false) return undefined;
        return tell(about(words!), detail?.(words!, view!));
      });
    }
  };
}

/** Each turn of a trampoline: what it calls next. */
export function turnDetector<T>(target: Target, heard: () => T | undefined): Detector<T> {
  const { go } = target;
  return (ears) => {
    for (const loop of [go?.loop, go?.exportLoop]) if (loop !== undefined) ears.at(target.address(loop.func), loop.turnAt, heard);
  };
}
