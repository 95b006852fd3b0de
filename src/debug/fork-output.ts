import { handedOut } from '../host/handed-out.js';
import type { Replay } from '../replay/replay.js';

/** What a fork writes. A recording says only what was written then; the call that is under way has what is written now. */
export class ForkOutput {
  /** What the last call hands out for output. */
  private writing: Uint8Array | undefined = undefined;
  /** What was last copied for JavaScript: Go writes to a file so, and only then calls its host. */
  private copied: Uint8Array | undefined = undefined;

  constructor(replay: Replay) {
    replay.onCall = (name, args, memory) => {
      const found = handedOut(name, args, memory);
      this.writing = found?.kind === 'output' ? found.bytes : undefined;
      if (found?.kind === 'copy') this.copied = found.bytes;
    };
  }

  /** What is written in place of what was recorded; that was as long, or the host would have answered something else. */
  insteadOf(recorded: Uint8Array): Uint8Array {
    const now = this.writing ?? this.copied;
    return now !== undefined && now.length >= recorded.length ? now.subarray(0, recorded.length) : recorded;
  }
  /** What the call that the fork has ended with would have written. */
  get unwritten(): Uint8Array | undefined {
    return this.writing;
  }
}
