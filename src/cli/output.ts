import { writeSync } from 'node:fs';

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
