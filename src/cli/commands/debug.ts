import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EVENT_KINDS } from '../../debug/events.js';
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
import { Console } from './debug/console.js';
import { converse, type Interruption, PROMPT } from './debug/prompt.js';
import { sourceReader } from './debug/source-files.js';
import { VERBS } from './debug/verbs.js';

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
    const output = new Transcript();
    const session = await open(args, () => interruption.asked);
    session.timeline.onOutput = (_fd, bytes) => output.guest(bytes);
    const colour = commands === undefined && process.stdout.isTTY === true && !process.env['NO_COLOR'];
    const console = new Console(session, {
      verbs: VERBS,
      write: (line) => output.line(line),
      colour,
      readSource: sourceReader((args.options['sources'] as string[] | undefined) ?? []),
      search: { cancelled: () => interruption.asked },
    });
    // As delve does, so that a failing program can be looked at before it is gone.
    if (session.target.view !== undefined) session.add({ kind: 'event', event: EVENT_KINDS.find(({ name }) => name === 'fatal')!, goroutine: undefined }, 'event fatal', 'fatal');
    introduce(console);
    if (commands === undefined) await converse(console, interruption);
    else {
      for (const command of commands) {
        output.line(`${PROMPT}${command}`);
        await console.execute(command);
        if (console.leaving) break;
      }
    }
    return EXIT.ok;
  },
};

/** The commands of `--script` and `--command`; undefined where there are none and a person is to be asked. */
function script({ options }: Arguments): readonly string[] | undefined {
  const file = options['script'] as string | undefined;
  const commands = options['command'] as string[] | undefined;
  if (file === undefined) return commands;
  const lines = readText(file).split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  return [...lines, ...(commands ?? [])];
}

function readText(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}
function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
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
  const input = new BufferedInput(path === undefined ? new Uint8Array() : readBytes(path));
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

/** What is debugged, and what of it can be shown: said once. */
function introduce(console: Console): void {
  const { go, view, sources } = console.session.target;
  if (go === undefined) console.write('no Go program: functions and bytes, no lines and goroutines');
  else if (view === undefined || sources === undefined) console.write('the table of functions was not found: no lines and goroutines');
  else console.write(`${go.version ?? 'Go'} ${go.goos ?? ''}, ${go.stripped ? 'stripped: Go\'s functions, lines and goroutines are there, names of helper functions, locals and imports are not' : `${console.session.target.functions.length} functions`}`);
}

/** Lines of ours and output of the guest on one stream, each of ours on a line of its own. */
class Transcript {
  private middle = false;
  private readonly encoder = new TextEncoder();

  guest(bytes: Uint8Array): void {
    writeAll(1, bytes);
    if (bytes.length > 0) this.middle = bytes.at(-1) !== 10;
  }
  line(text: string): void {
    writeAll(1, this.encoder.encode(`${this.middle ? '\n' : ''}${text}\n`));
    this.middle = false;
  }
}
