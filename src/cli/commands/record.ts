import type { Command } from '../command.js';
import { Refusal } from '../errors.js';
import { GUEST_OPTIONS, guestSettings } from '../guest-options.js';
import { exitCode, prepareGuest, runProgram } from '../guest.js';
import { holdOptimiser } from '../optimiser.js';
import { say } from '../output.js';
import { RecordingFile } from '../recording-file.js';

export const record: Command = {
  name: 'record',
  summary: 'Run a module in the real world and write down all that enters it, for replay',
  usage: '-o FILE [options] MODULE [args…]',
  usageCode: 125,
  guestWords: true,
  options: {
    output: { type: 'string', alias: 'o', requiresArg: true, describe: 'The recording' },
    ...GUEST_OPTIONS,
  },
  examples: [
    ['retunwind record -o app.rec app.wasm -v file', 'what follows the module is the program\'s'],
    ['retunwind replay app.rec', 'the same run again, without files, network and time'],
  ],
  notes: 'The recording is written while the program runs: what a killed program leaves can be replayed up to there.',
  async run(args) {
    const out = args.options['output'] as string | undefined;
    if (out === undefined) throw new Refusal('the recording needs a file: -o FILE');
    if (args.words.length === 0) throw new Refusal('a module is missing (see --help)');
    const settings = guestSettings(args, { clock: 'real' });
    holdOptimiser(true);
    const file = new RecordingFile(out, settings, args.words);
    try {
      const guest = prepareGuest(settings, args.words, file);
      const outcome = await runProgram(guest.program, settings.maxInstructions, guest.stats, file.recorder);
      file.recorder.end(outcome);
      const code = exitCode(guest, outcome);
      if (settings.stats) say(guest.stats.line(guest.program));
      return code;
    } finally {
      file.close();
    }
  },
};
