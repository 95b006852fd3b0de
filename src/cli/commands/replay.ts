import { verify } from '../../replay/verify.js';
import type { Command } from '../command.js';
import { EXIT, Refusal } from '../errors.js';
import { GUEST_OPTIONS } from '../guest-options.js';
import { onlyFile } from '../one-file.js';
import { say } from '../output.js';
import { openReplaying, runReplay } from '../replaying.js';

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
    const replaying = openReplaying(path, args);
    if (args.options['verify'] !== true) return runReplay(replaying);
    return runReplay(replaying, undefined, () => {
      const { outcome, checkpoints, difference } = verify(replaying.guest);
      if (difference !== undefined) throw new Refusal(`${path} is not confirmed: at clock ${difference.clock} ${difference.what} differs (${checkpoints} checkpoints before were the same)`);
      say(`${path}: the state was the same at ${checkpoints} checkpoint${checkpoints === 1 ? '' : 's'}`);
      return outcome;
    });
  },
};
