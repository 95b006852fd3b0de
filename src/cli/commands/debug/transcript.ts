import type { Session } from '../../../debug/session.js';
import { Console, type ConsoleOptions } from './console.js';
import { PROMPT } from './verb.js';
import { VERBS } from './verbs.js';

const FORK = '(fork) ';

/** Lines of ours and output of the guest on one stream, each of ours on a line of its own. */
export class Transcript {
  private middle = false;
  /** What stands before each line of the guest. */
  private mark = '';
  private readonly encoder = new TextEncoder();
  private readonly sink: (bytes: Uint8Array) => void;

  constructor(sink: (bytes: Uint8Array) => void) {
    this.sink = sink;
  }

  guest(bytes: Uint8Array): void {
    this.marked(bytes, '');
  }
  /** Output of a fork, which was not written when it was recorded. */
  fork(bytes: Uint8Array): void {
    this.marked(bytes, FORK);
  }
  private marked(bytes: Uint8Array, mark: string): void {
    if (mark !== this.mark) this.endLine();
    this.mark = mark;
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(10, at) + 1 || bytes.length;
      if (!this.middle && mark !== '') this.sink(this.encoder.encode(mark));
      this.sink(bytes.subarray(at, end));
      this.middle = bytes[end - 1] !== 10;
      at = end;
    }
  }
  line(text: string): void {
    this.endLine();
    this.sink(this.encoder.encode(`${text}\n`));
  }
  private endLine(): void {
    if (this.middle) this.sink(Uint8Array.of(10));
    this.middle = false;
  }
}

/** A console on a session, which shows the guest's output too; says what is debugged. */
export function openConsole(session: Session, output: Transcript, options: Pick<ConsoleOptions, 'colour' | 'readSource' | 'search'>): Console {
  const console = new Console(session, { verbs: VERBS, write: (line) => output.line(line), output, ...options });
  // As delve does, so that a failing program can be looked at before it is gone.
  if (session.target.view !== undefined) session.breakOn('fatal', undefined, 'fatal');
  introduce(console);
  return console;
}

/** Carries out commands as if they had been typed. */
export async function follow(console: Console, output: Transcript, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    output.line(`${PROMPT}${command}`);
    await console.execute(command);
    if (console.leaving) return;
  }
}

/** What is debugged, and what of it can be shown: said once. */
function introduce(console: Console): void {
  const { go, view, sources, functions } = console.session.target;
  if (go === undefined) console.write('no Go program: functions and bytes, no lines and goroutines');
  else if (view === undefined || sources === undefined) console.write('a Go program whose table of functions was not found: no lines and goroutines');
  else if (go.stripped) console.write(`${go.version ?? 'Go'} ${go.goos ?? ''}, stripped: Go's functions, lines and goroutines are all there, only names of helper functions are not`);
  else console.write(`${go.version ?? 'Go'} ${go.goos ?? ''}, ${functions.length} functions`);
}
