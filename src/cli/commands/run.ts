import type { Command } from '../command.js';
import { Refusal } from '../errors.js';
import { GUEST_OPTIONS, guestSettings } from '../guest-options.js';
import { prepareGuest, runGuest, Stats } from '../guest.js';
import { holdOptimiser } from '../optimiser.js';
import { wholeNumber } from '../option-values.js';

export const run: Command = {
  name: 'run',
  summary: 'Run a module: a Go program (js or wasip1), a WASI command, or any export',
  usage: '[options] MODULE [args…]',
  usageCode: 125,
  guestWords: true,
  options: {
    ...GUEST_OPTIONS,
    'snapshot-at': { type: 'string', requiresArg: true, describe: 'Stop at this clock value and write the whole state to the file of -o' },
    output: { type: 'string', alias: 'o', requiresArg: true, describe: 'The file for --snapshot-at' },
  },
  examples: [
    ['retunwind run app.wasm -v file', 'what follows the module is the program\'s'],
    ['retunwind run --dir .::/data app.wasm', 'the program sees this folder as /data'],
    ['retunwind run --invoke add add.wat 1 2', 'call an export; prints i32:3'],
    ['retunwind run --snapshot-at 5000000 -o app.snapshot app.wasm', 'stop there; retunwind resume app.snapshot goes on'],
  ],
  notes: [
    "Exit codes: the program's own; 124 out of instructions; 125 refused; 126 not a loadable module; 127 no such file; 134 after a trap.",
    'A snapshot needs a world that is data: --snapshot-at makes the clock virtual and the seed 0 unless told otherwise.',
  ].join('\n'),
  async run(args) {
    holdOptimiser(true);
    const at = wholeNumber(args, 'snapshot-at', 0);
    const out = args.options['output'] as string | undefined;
    if ((at === undefined) !== (out === undefined)) throw new Refusal('--snapshot-at N and -o FILE belong together');
    const settings = guestSettings(args, at === undefined ? { clock: 'real' } : { clock: 'virtual', seed: 0 });
    if (at === undefined || out === undefined) return runGuest(prepareGuest(settings, args.words));
    const { snapshotGuest } = await import('../snapshot-file.js');
    // Whoever resumes it may want to know.
    return snapshotGuest(prepareGuest(settings, args.words, undefined, new Stats(true)), args.words, at, out);
  },
};
