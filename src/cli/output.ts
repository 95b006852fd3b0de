import { writeFileSync, writeSync } from 'node:fs';
import { Refusal } from './errors.js';

/**
 * Writes all of it before it returns, so that nothing is lost when the process ends. A reader that went away is not
 * an error of ours: there is nobody left to tell.
 */
export function writeAll(fd: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      else if (code === 'EPIPE') return;
      else throw error;
    }
  }
}

/** A report that was asked for. */
export function print(text: string): void {
  writeAll(1, text);
}

/** What the tool itself has to say: every line carries its name, so that a guest's own stderr can be told apart. */
export function say(text: string): void {
  writeAll(2, text.replace(/^/gm, 'retunwind: ') + '\n');
}

/** Writes a file that was asked for. Throws a `Refusal` with `exitCode` if that cannot be done. */
export function writeOutput(path: string, content: string | Uint8Array, exitCode: number): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new Refusal(`${path} cannot be written: ${(error as Error).message}`, exitCode);
  }
}

/** Gathers small pieces of text into large writes, but on stderr keeps them in order with what the guest writes. Whoever makes one flushes it. */
export class TextWriter {
  private readonly fd: number;
  private pieces: string[] = [];
  private length = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  write(text: string): void {
    this.pieces.push(text);
    this.length += text.length;
    if (this.fd === 2 || this.length >= 65536) this.flush();
  }
  flush(): void {
    if (this.length > 0) writeAll(this.fd, this.pieces.join(''));
    this.pieces = [];
    this.length = 0;
  }
}
