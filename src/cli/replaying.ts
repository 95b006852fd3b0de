import { Divergence, Replay, type ReplayOutcome } from '../replay/replay.js';
import type { Arguments } from './command.js';
import { EXIT, Refusal } from './errors.js';
import { exitCode } from './guest.js';
import { patienceOf } from './guest-options.js';
import { choice } from './option-values.js';
import { say, writeAll } from './output.js';
import { type OpenedRecording, openRecording, refusing } from './recording-file.js';

/** A recording that is ready to run again; what the guest writes is written. */
export interface Replaying extends OpenedRecording {
  readonly path: string;
  readonly guest: Replay;
}

/** With what `--module` and `--tier` say. */
export function openReplaying(path: string, args: Arguments): Replaying {
  const opened = openRecording(path, args.options['module'] as string | undefined);
  const tier = choice<'auto' | 'interp' | 'compiled'>(args, 'tier', ['auto', 'interp', 'compiled'], 'auto');
  const guest = refusing(path, () => new Replay(opened.module, opened.recording, { tier, patience: patienceOf(tier) }));
  guest.onOutput = (fd, bytes) => writeAll(fd, bytes);
  return { ...opened, path, guest };
}

/** Runs it to its end, or as `work` does it, and answers the exit code. `before` is called before anything is said. */
export function runReplay(replaying: Replaying, before: () => void = () => {}, work: () => ReplayOutcome = () => replaying.guest.advance()): number {
  const { path, guest, recording, settings } = replaying;
  const outcome = refusing(path, () => {
    try {
      return work();
    } catch (error) {
      if (error instanceof Divergence) throw new Refusal(`${path}: ${error.message}`);
      throw error;
    }
  });
  if (outcome.kind !== 'edge') {
    before();
    return exitCode({ program: guest, settings }, outcome);
  }
  for (const { fd, bytes } of recording.unfinishedOutput()) writeAll(fd, bytes);
  before();
  say(`${path} ends at clock ${guest.machine.clock}, before the program did: ${recording.damage ?? 'the recording was cut off'}`);
  return EXIT.ok;
}
