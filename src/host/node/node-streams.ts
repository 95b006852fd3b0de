import * as fs from 'node:fs';
import type { Input, Streams } from '../io.js';
import type { Data } from '../state.js';
import { fsError } from './node-fs.js';
import { block } from './real-clock.js';

/** The most that one read from the system asks for, in bytes. */
const CHUNK = 65536;
/** How long to wait before trying again a stream that its other side has made non-blocking, in milliseconds. */
const PAUSE = 2;

/** The standard input of this process; a read blocks the thread. */
export class NodeInput implements Input {
  private ended = false;

  read(max: number): Uint8Array | 'eof' {
    if (this.ended) return 'eof';
    const bytes = new Uint8Array(Math.min(max, CHUNK));
    const length = untilReady(() => fs.readSync(0, bytes, 0, bytes.length, null));
    if (length > 0) return bytes.subarray(0, length);
    // A terminal may be read again after its end was typed; anything else has ended.
    this.ended = !isTerminal(0);
    return 'eof';
  }

  save(): Data {
    return null;
  }
  load(): void {
    throw new Error('the standard input cannot be read twice');
  }
  live(): string[] {
    return ['the standard input of this process'];
  }
}

/** The standard streams of this process, or its outputs with another input. */
export class NodeStreams implements Streams {
  readonly stdin: Input;
  private readonly terminals: boolean;

  /** `terminals`: whether the guest may see what is a terminal, which differs from run to run. */
  constructor(stdin: Input = new NodeInput(), terminals = true) {
    this.stdin = stdin;
    this.terminals = terminals;
  }

  write(fd: 1 | 2, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += untilReady(() => fs.writeSync(fd, bytes, done, bytes.length - done));
    }
  }
  isTerminal(fd: 0 | 1 | 2): boolean {
    return this.terminals && (fd !== 0 || this.stdin instanceof NodeInput) && isTerminal(fd);
  }
}

/** `node:tty` takes long to load, so it is asked only about what may be a terminal: neither a file, nor a pipe, nor the null device. */
function isTerminal(fd: number): boolean {
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isCharacterDevice() || stat.rdev === fs.statSync('/dev/null', { throwIfNoEntry: false })?.rdev) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}

/** Tries until the stream is ready. The end of input counts as 0 bytes (an error on Windows). */
function untilReady(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw fsError(error);
      block(PAUSE);
    }
  }
}
