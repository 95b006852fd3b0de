import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { EXIT, Refusal } from './errors.js';

/** The whole content of a file that a user named. Throws a `Refusal` that says why not: 127 if there is none, else 126. */
export function readInput(path: string): Uint8Array {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new Refusal(`${path} is a folder, not a file`, EXIT.notLoadable);
    // An endless device would be read for ever; a pipe has an end.
    if (!stat.isFile() && !stat.isFIFO()) throw new Refusal(`${path} is a device, not a file`, EXIT.notLoadable);
    const buffer = readFileSync(fd);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw unreadable(path, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function unreadable(path: string, error: unknown): Refusal {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new Refusal(`there is no file ${path}`, EXIT.noSuchFile);
    case 'EACCES':
    case 'EPERM':
      return new Refusal(`${path} cannot be read: permission denied`, EXIT.notLoadable);
    case 'EISDIR':
      return new Refusal(`${path} is a folder, not a file`, EXIT.notLoadable);
    case 'ERR_FS_FILE_TOO_LARGE':
      return new Refusal(`${path} is too large to load`, EXIT.notLoadable);
    default:
      return new Refusal(`${path} cannot be read: ${message}`, EXIT.notLoadable);
  }
}
