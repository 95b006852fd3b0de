import { Divergence } from '../../replay/replay.js';
import { verify } from '../../replay/verify.js';
import type { Command } from '../command.js';
import { EXIT, Refusal } from '../errors.js';
import { exitCode } from '../guest.js';
import { onlyFile } from '../one-file.js';
import { choice } from '../option-values.js';
import { say, writeAll } from '../output.js';
import { openRecording, openReplay, refusing } from '../recording-file.js';
import { GUEST_OPTIONS } from '../guest-options.js';

export const replay: Command = {
  name: 'replay',
  summary: 'Run again what record wrote down: the same output, the same clock',
  usage: '[--verify] FILE',
  usageCode: 125,
  guestWords: false,
  options: {
    verify: { type: 'boolean', describe: 'Compare the state at every checkpoint; says what differs first' },
    module: { type: 'string', requiresArg: true, describe: 'The recorded module, where it is no longer where it was' },
    tier: GUEST_OPTIONS['tier']!,
  },
  examples: [
    ['retunwind replay app.rec', 'needs nothing but the recording and the module'],
    ['retunwind replay --verify app.rec', 'memory, globals and frames compared at every checkpoint'],
  ],
  async run(args) {
    const path = onlyFile(args, EXIT.refused);
    const opened = openRecording(path, args.options['module'] as string | undefined);
    const guest = openReplay(path, opened, { tier: choice<'auto' | 'interp' | 'compiled'>(args, 'tier', ['auto', 'interp', 'compiled'], 'auto') });
    guest.onOutput = (fd, bytes) => writeAll(fd, bytes);
    const verifying = args.options['verify'] === true;
    const { outcome, checkpoints, difference } = replaying(path, () => (verifying ? verify(guest) : { outcome: guest.advance(), checkpoints: 0, difference: undefined }));
    if (difference !== undefined) throw new Refusal(`${path} is not confirmed: at clock ${difference.clock} ${difference.what} differs (${checkpoints} checkpoints before were the same)`);
    if (verifying) say(`${path}: the state was the same at ${checkpoints} checkpoint${checkpoints === 1 ? '' : 's'}`);
    if (outcome.kind !== 'edge') return exitCode({ program: guest, settings: opened.settings }, outcome);
    for (const { fd, bytes } of opened.recording.unfinishedOutput()) writeAll(fd, bytes);
    say(`${path} ends at clock ${guest.machine.clock}, before the program did: ${opened.recording.damage ?? 'the recording was cut off'}`);
    return EXIT.ok;
  },
};

function replaying<T>(path: string, work: () => T): T {
  return refusing(path, () => {
    try {
      return work();
    } catch (error) {
      if (error instanceof Divergence) throw new Refusal(`${path}: ${error.message}`);
      throw error;
    }
  });
}
