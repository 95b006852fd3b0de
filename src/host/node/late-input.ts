import * as fs from 'node:fs';
import type { LateInput } from '../gojs/files.js';
import { fsError } from './node-fs.js';

/** The most that one read from the system asks for, in bytes. */
const CHUNK = 65536;
/** How long to wait before trying again a stream that its other side has made non-blocking, in milliseconds. */
const PAUSE = 2;

/** The standard input of this process, waited for while the rest of the program goes on. */
export class NodeLateInput implements LateInput {
  async read(max: number): Promise<Uint8Array | 'eof'> {
    const bytes = new Uint8Array(Math.min(max, CHUNK));
    for (;;) {
      try {
        const length = await readOnce(bytes);
        return length === 0 ? 'eof' : bytes.subarray(0, length);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // On Windows the end of input is an error.
        if (code === 'EOF') return 'eof';
        if (code !== 'EAGAIN') throw fsError(error);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }
}

function readOnce(bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(0, bytes, 0, bytes.length, null, (error, length) => (error === null ? resolve(length) : reject(error)));
  });
}
