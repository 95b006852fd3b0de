import { closeSync, openSync } from 'node:fs';
import { DEFAULT_EVENTS, EVENTS } from '../../trace/records.js';
import { FORMATS, TraceSession } from '../../trace/session.js';
import type { Command } from '../command.js';
import { Refusal } from '../errors.js';
import { GUEST_OPTIONS, guestSettings } from '../guest-options.js';
import { prepareGuest, runGuest } from '../guest.js';
import { choice, choices, wholeNumber } from '../option-values.js';
import { TextWriter } from '../output.js';
import { openReplaying, runReplay } from '../replaying.js';

export const trace: Command = {
  name: 'trace',
  summary: 'Run a module and write what happened: goroutines, unwindings, host calls',
  usage: '[options] MODULE [args…]',
  usageCode: 125,
  guestWords: true,
  options: {
    events: { type: 'string', requiresArg: true, describe: `What to write, out of ${EVENTS.join(',')}; all but call and instruction by default` },
    func: { type: 'string', requiresArg: true, describe: 'Only what happens in functions whose name matches (* and ?)' },
    from: { type: 'string', requiresArg: true, describe: 'From this clock value on' },
    to: { type: 'string', requiresArg: true, describe: 'Up to this clock value' },
    format: { type: 'string', requiresArg: true, describe: 'text, jsonl, or chrome (opens in Perfetto)' },
    output: { type: 'string', alias: 'o', requiresArg: true, describe: 'Write it to this file instead of stderr' },
    recording: { type: 'string', requiresArg: true, describe: 'Trace what record wrote down, instead of running a module' },
    module: { type: 'string', requiresArg: true, describe: 'With --recording: the recorded module, where it is no longer where it was' },
    ...GUEST_OPTIONS,
  },
  examples: [
    ['retunwind trace app.wasm', 'everything but calls and instructions'],
    ['retunwind trace --events goroutine,loop --format jsonl -o app.trace app.wasm', 'goroutines and turns of the trampoline, for a script'],
    ["retunwind trace --events call --func 'main.*' app.wasm", 'calls of one package'],
    ['retunwind trace --format chrome -o app.json app.wasm', 'for ui.perfetto.dev'],
  ],
  notes: 'The clock is virtual and the seed 0 unless told otherwise, so two traces of one program are equal byte for byte.',
  async run(args) {
    const options = {
      events: choices(args, 'events', EVENTS, DEFAULT_EVENTS),
      func: args.options['func'] as string | undefined,
      from: wholeNumber(args, 'from'),
      to: wholeNumber(args, 'to'),
      format: choice(args, 'format', FORMATS, 'text'),
    };
    const recording = args.options['recording'] as string | undefined;
    const guest = recording === undefined ? prepareGuest(guestSettings(args, { clock: 'virtual', seed: 0 }), args.words) : undefined;
    const replaying = recording === undefined ? undefined : openReplaying(recording, args);
    const path = args.options['output'] as string | undefined;
    const fd = path === undefined ? 2 : create(path);
    const writer = new TextWriter(fd);
    try {
      const program = guest?.program ?? replaying!.guest;
      const session = new TraceSession(program, { ...options, write: (text) => writer.write(text), describe: program.describe, now: () => program.elapsed });
      const finish = (): void => {
        session.finish();
        writer.flush();
      };
      return guest === undefined ? runReplay(replaying!, finish) : await runGuest(guest, finish);
    } finally {
      writer.flush();
      if (fd !== 2) closeSync(fd);
    }
  },
};

function create(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new Refusal(`${path} cannot be written: ${(error as Error).message}`);
  }
}
