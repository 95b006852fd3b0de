import { setFlagsFromString } from 'node:v8';

/** V8 optimises no function of more bytes of bytecode than this; the second is its own default. */
const WITHOUT_LOOP = 20_000;
const DEFAULT = 61_440;

/** A run of fewer instructions than this ends before an optimised loop would have paid for itself. */
export const SHORT_RUN = 1_000_000;

/**
 * The interpreter's loop is the largest function of all, and V8 compiles it again and again while a program warms up:
 * most of a short run's processor time, on threads that a small machine does not have, and a process waits for them at
 * its end. So a run begins without; only when it happens changes, never what.
 */
export function optimiseLoop(on: boolean): void {
  setFlagsFromString(`--max-optimized-bytecode-size=${on ? DEFAULT : WITHOUT_LOOP}`);
}
