import { Crash, Exhaustion, type GuestFailure, isGuestFailure, LinkError, Trap } from '../engine/errors.js';
import type { Frame } from '../engine/frames.js';
import type { StopReason } from '../engine/stop-reason.js';
import { StateError } from '../host/state.js';
import { type Explained, goCalls, showFrames, showGoCall } from '../program/backtrace.js';
import type { Program } from '../program/program.js';
import { EXIT, Refusal } from './errors.js';
import { say } from './output.js';

/** Says what went wrong, in words for a person, and answers the exit code. */
export function report(error: unknown): number {
  if (error instanceof Refusal) {
    say(error.message);
    return error.exitCode;
  }
  if (error instanceof StateError) {
    say(error.message);
    return EXIT.refused;
  }
  if (error instanceof LinkError) {
    say(error.message);
    return EXIT.notLoadable;
  }
  if (isGuestFailure(error)) {
    say(`${kindOf(error)}: ${error.message}`);
    return EXIT.trap;
  }
  if (error instanceof RangeError && /allocation failed|Invalid (typed )?array( buffer)? length|out of memory/i.test(error.message)) {
    say(`this machine has not enough memory: ${error.message}`);
    return EXIT.refused;
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  say(`${error instanceof Crash ? 'internal error' : 'unexpected error'}: ${what}`);
  if (process.env['RETUNWIND_DEBUG'] && error instanceof Error) say(error.stack ?? '');
  else say('this is a mistake of retunwind: please report it with the command line and the file (RETUNWIND_DEBUG=1 shows where it happened)');
  return EXIT.refused;
}

/** What to call a failure of the guest. */
export function kindOf(error: GuestFailure): string {
  if (error instanceof Trap) return 'trap';
  return error instanceof Exhaustion ? 'exhaustion' : 'uncaught exception';
}

/** As many frames are shown from either end of a stack. */
const SHOWN_INNER = 30;
const SHOWN_OUTER = 10;

/** A guest that failed: what with, and where. */
export function reportFailure(program: Explained, error: GuestFailure, frames: readonly Frame[]): number {
  const lines = [`${kindOf(error)}: ${error.message}`];
  if (frames.length > 0) lines.push('wasm stack, innermost first:', ...middleLeftOut(showFrames(program, frames)).map(indent));
  const calls = goCalls(program, frames);
  if (calls.length > 0) lines.push('Go stack, innermost first:', ...middleLeftOut(calls.map(showGoCall)).map(indent));
  say(lines.join('\n'));
  return EXIT.trap;
}

/** A machine that stopped before the guest was done. */
export function reportStop(program: Explained & Pick<Program, 'machine'>, reason: StopReason): number {
  const clock = program.machine.clock;
  if (reason.kind === 'limit') {
    say(`stopped: the limit of ${clock} instructions (--max-instructions) is reached`);
    return EXIT.outOfInstructions;
  }
  if (reason.kind === 'deadlock') {
    say(['deadlock: the only thread waits for ever', 'wasm stack, innermost first:', ...showFrames(program, program.machine.frames()).map(indent)].join('\n'));
    return EXIT.trap;
  }
  throw new Crash(`nobody asked the machine to stop: ${reason.kind}`);
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

function middleLeftOut(lines: readonly string[]): readonly string[] {
  const left = lines.length - SHOWN_INNER - SHOWN_OUTER;
  if (left <= 1) return lines;
  return [...lines.slice(0, SHOWN_INNER), `… ${left} more …`, ...lines.slice(-SHOWN_OUTER)];
}
