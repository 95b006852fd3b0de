import { type Digest, difference, digestOf } from './digest.js';
import { EVENT } from './format.js';
import { readDigest } from './recording.js';
import type { Replay, ReplayOutcome } from './replay.js';

export interface Verified {
  readonly outcome: ReplayOutcome;
  /** Checkpoints whose state was the same. */
  readonly checkpoints: number;
  /** The first that was not. */
  readonly difference: { readonly clock: number; readonly what: string } | undefined;
}

/** Runs a fresh replay to its end and compares the state at every checkpoint. */
export function verify(replay: Replay): Verified {
  const { recording } = replay;
  const reader = recording.reader();
  let digest: Digest | undefined;
  let checkpoints = 0;
  for (const { tag, clock, offset } of recording.events()) {
    if (tag !== EVENT.checkpoint) continue;
    reader.pos = offset + 1;
    reader.uint();
    digest = readDigest(reader, clock, digest);
    const outcome = replay.advance(clock);
    // The last one is of the end.
    const what = replay.machine.clock === clock ? difference(digest, digestOf(replay.machine)) : 'the clock';
    if (what !== undefined) return { outcome, checkpoints, difference: { clock, what } };
    checkpoints++;
  }
  return { outcome: replay.advance(), checkpoints, difference: undefined };
}
