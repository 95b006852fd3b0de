import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LiveEdge } from '../../debug/live.js';
import { Session } from '../../debug/session.js';
import { BufferedInput, type Streams } from '../../host/io.js';
import { Replay } from '../../replay/replay.js';
import type { Arguments, Command } from '../command.js';
import { EXIT, Refusal } from '../errors.js';
import { GUEST_OPTIONS, guestSettings } from '../guest-options.js';
import { prepareGuest } from '../guest.js';
import { writeAll } from '../output.js';
import { openRecording, refusing } from '../recording-file.js';
import { converse, type Interruption, Meter } from './debug/prompt.js';
import { readScript, sourceReader } from './debug/source-files.js';
import { follow, openConsole, Transcript } from './debug/transcript.js';

const { stats: _, 'max-instructions': __, ...GUEST } = GUEST_OPTIONS;

export const debug: Command = {
  name: 'debug',
  summary: 'Walk through a run in both directions, by goroutine and Go line',
  usage: '[options] MODULE [args…]   or   --recording FILE',
  usageCode: 125,
  guestWords: true,
  options: {
    recording: { type: 'string', requiresArg: true, describe: 'Debug what record wrote, instead of running a module' },
    module: { type: 'string', requiresArg: true, describe: 'The recorded module, where it is no longer where it was' },
    script: { type: 'string', requiresArg: true, describe: 'Carry out the commands of this file, one a line, and exit' },
    command: { type: 'string', array: true, requiresArg: true, describe: 'Carry out this command and exit (repeatable)' },
    stdin: { type: 'string', requiresArg: true, describe: "The guest's input (default: none)" },
    sources: { type: 'string', array: true, requiresArg: true, describe: 'A folder with source files, for list (repeatable)' },
    ...GUEST,
  },
  examples: [
    ['retunwind debug app.wasm', 'stands before the first instruction; help lists the commands'],
    ['retunwind debug --recording app.rec', 'the run that was recorded'],
    ["retunwind debug --command 'b main.main' --command c --command bt app.wasm", 'a transcript'],
  ],
  notes: 'The clock is virtual and the seed 0 unless told otherwise, so a session can be had again. Exit code 0, or 125 where there is no session.',
  async run(args) {
    const commands = script(args);
    const interruption: Interruption = { running: false, asked: false };
    const meter = new Meter();
    const output = new Transcript((bytes) => {
      meter.clear();
      writeAll(1, bytes);
    });
    const session = await open(args, () => interruption.asked);
    const terminal = commands === undefined && process.stdout.isTTY === true;
    const console = openConsole(session, output, {
      colour: terminal && !process.env['NO_COLOR'],
      readSource: sourceReader((args.options['sources'] as string[] | undefined) ?? []),
      search: { cancelled: () => interruption.asked, ...(terminal && { progress: meter.show }) },
    });
    if (commands === undefined) await converse(console, interruption);
    else await follow(console, output, commands);
    return EXIT.ok;
  },
};

/** The commands of `--script` and `--command`; undefined where there are none and a person is to be asked. */
function script({ options }: Arguments): readonly string[] | undefined {
  const file = options['script'] as string | undefined;
  const commands = options['command'] as string[] | undefined;
  if (file === undefined) return commands;
  return [...reading(file, readScript), ...(commands ?? [])];
}

function reading<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path);
  } catch (error) {
    throw new Refusal(`${path} cannot be read: ${(error as Error).message}`);
  }
}

async function open(args: Arguments, cancelled: () => boolean): Promise<Session> {
  const { options, words } = args;
  const recorded = options['recording'] as string | undefined;
  try {
    if (recorded !== undefined) {
      if (words.length > 0) throw new Refusal('a recording or a module, not both: the arguments are in the recording');
      const opened = openRecording(recorded, options['module'] as string | undefined);
      return await Session.open(refusing(recorded, () => new Replay(opened.module, opened.recording, { trampoline: 'module' })));
    }
    return await openLive(args, cancelled);
  } catch (error) {
    // There is no guest whose exit code this could be mistaken for.
    if (error instanceof Refusal) throw new Refusal(error.message);
    throw error;
  }
}

function openLive(args: Arguments, cancelled: () => boolean): Promise<Session> {
  const settings = guestSettings(args, { clock: 'virtual', seed: 0 });
  const path = args.options['stdin'] as string | undefined;
  const input = new BufferedInput(path === undefined ? new Uint8Array() : reading(path, (name) => readFileSync(name)));
  // The session shows the output, at the moment where it stands.
  const streams: Streams = { stdin: input, write: () => {}, isTerminal: () => false };
  let edge: LiveEdge | undefined;
  prepareGuest(settings, args.words, {
    options: (base) => {
      edge = new LiveEdge({ ...base, world: { ...base.world, streams } }, { module: '', path: resolve(args.words[0]!), settings: JSON.stringify(settings) });
      edge.cancelled = cancelled;
      return edge.options;
    },
    made: (program) => edge!.attach(program),
  });
  return edge!.open();
}
