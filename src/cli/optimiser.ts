import { setFlagsFromString } from 'node:v8';
import { postponeTraining } from '../engine/interpret/train.js';

/** Is there a compiler between V8's baseline and its optimiser? Node 22 has switched it off. */
const HAS_MIDDLE_TIER = Number.parseInt(process.versions.v8) >= 13;

/** Flags of V8 while a run begins, and what it has by default. */
const FLAGS: readonly (readonly [held: string, released: string])[] = [
  // Functions of more bytes of bytecode are not optimised: so the interpreter's loop is not, which is by far the largest.
  ['--max-optimized-bytecode-size=20000', '--max-optimized-bytecode-size=61440'],
  // Less of what a function calls becomes part of it.
  ['--max-inlined-bytecode-size-cumulative=200', '--max-inlined-bytecode-size-cumulative=920'],
  ...(HAS_MIDDLE_TIER
    ? ([
        ['--no-opt', '--opt'],
        // That of the middle knows no limit of size.
        ['--maglev-filter=-interpret*', '--maglev-filter=*'],
      ] as const)
    : []),
];

let held = false;

/**
 * Keeps V8 from optimising thoroughly, or lets it again. What a run does in its first moments ends before thoroughly
 * optimised code would have paid for itself, and to make it was most of a short run's processor time, on threads that a
 * small machine does not have. Only when something happens changes by this, never what. Compiled code is kept
 * (kept-code.ts) with the flags that there are then, and only of use with the same.
 */
export function holdOptimiser(hold: boolean): void {
  if (hold === held) return;
  held = hold;
  postponeTraining(hold);
  for (const [whenHeld, whenReleased] of FLAGS) setFlagsFromString(hold ? whenHeld : whenReleased);
}
