import type { Goroutine } from './goroutines.js';
import type { GoCall } from './pclntab.js';
import { goroutineStack } from './stacks.js';
import { G, MODULEDATA, STATUS, STATUS_SCAN } from './structs.js';
import type { GoView } from './view.js';

/** A goroutine that can reach an address. */
export interface Holder {
  /** Its id. */
  readonly goroutine: number;
  /** How: a word of its stack is the address, or a closure that its stack refers to has captured it; or only what stands around it. */
  readonly via: 'stack' | 'closure' | 'around';
  /** The call whose frame has that word; `undefined` for a goroutine that was never run. */
  readonly at: GoCall | undefined;
}

/** Captured words of a closure that are looked at: its size is not kept with it. */
const CAPTURED_WORDS = 8;
/** Stacks are searched up to here from their innermost frame. */
const MAX_STACK_BYTES = 1 << 20;

/**
 * How a goroutine holds one of some addresses, if it does. Conservative: a word that looks like it counts, be it left
 * over or a number; what is only reachable through other memory is not found.
 */
export function holders(view: GoView, goroutine: Goroutine, addresses: ReadonlySet<number>): Holder | undefined {
  const { memory } = view;
  const running = (goroutine.status & ~STATUS_SCAN) === STATUS.running && view.registers.g === goroutine.address;
  const from = running ? view.registers.sp : goroutine.sp;
  const to = Math.min(goroutine.stack.hi, from + MAX_STACK_BYTES);
  if (from < goroutine.stack.lo || from > goroutine.stack.hi) return undefined;
  let closure: number | undefined;
  for (let at = from - (from % 8); at < to; at += 8) {
    const word = memory.word(at);
    if (addresses.has(word)) return { goroutine: goroutine.id, via: 'stack', at: callAt(view, goroutine, at) };
    if (closure === undefined && capturesOne(view, word, addresses)) closure = at;
  }
  // A goroutine that was never run has its closure in its saved context alone.
  if (closure === undefined && capturesOne(view, memory.word(goroutine.address + G.schedCtxt), addresses)) return { goroutine: goroutine.id, via: 'closure', at: undefined };
  return closure === undefined ? undefined : { goroutine: goroutine.id, via: 'closure', at: callAt(view, goroutine, closure) };
}

/** The words on a parked goroutine's stack from `from` up to `to`: addresses of what may contain something there. */
export function wordsOnStack({ memory }: GoView, goroutine: Goroutine, from: number, to: number): Set<number> {
  const found = new Set<number>();
  const end = Math.min(goroutine.stack.hi, goroutine.sp + MAX_STACK_BYTES);
  for (let at = goroutine.sp; at < end; at += 8) {
    const word = memory.word(at);
    if (word >= Math.max(from, 4096) && word < to && word % 8 === 0) found.add(word);
  }
  return found;
}

/** Has the closure at `funcval` captured one of the addresses, or a variable that holds one? */
function capturesOne({ memory, go }: GoView, funcval: number, addresses: ReadonlySet<number>): boolean {
  if (funcval < 4096 || funcval % 8 !== 0 || !memory.contains(funcval, 16)) return false;
  const pc = memory.word(funcval);
  if (pc % 65536 !== 0 || go.pclntab?.funcOf(pc) === undefined) return false;
  for (let i = 1; i <= CAPTURED_WORDS; i++) {
    const word = memory.word(funcval + 8 * i);
    if (addresses.has(word) || (word >= 4096 && memory.contains(word, 8) && addresses.has(memory.word(word)))) return true;
  }
  return false;
}

/** The call whose frame has an address of the stack: the outermost logical one of the frame. */
function callAt(view: GoView, goroutine: Goroutine, address: number): GoCall | undefined {
  // Arguments lie above the return address but belong to the call.
  const frame = goroutineStack(view, goroutine).find(({ fp, func }) => address < fp + (func.argumentBytes ?? 0));
  return frame?.func.calls(frame.callPcB)[0];
}

/** Does a word in the program's data, where package-level variables live, hold the address? */
export function isInData({ memory, go }: GoView, address: number): boolean {
  if (go.moduledata === undefined) return false;
  const word = (field: number): number => memory.word(go.moduledata! + field);
  for (const [from, to] of [
    [word(MODULEDATA.data), word(MODULEDATA.edata)],
    [word(MODULEDATA.bss), word(MODULEDATA.ebss)],
  ] as const) {
    for (let at = from; at < to; at += 8) if (memory.word(at) === address) return true;
    // A variable of package level may be the thing itself.
    if (from <= address && address < to) return true;
  }
  return false;
}
