import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Random } from '../random.js';
import type { Data } from '../state.js';

/** Most systems have their random data in a file, too: a short program has ended before `node:crypto` is loaded. */
const DEVICE = '/dev/urandom';
/** Bytes that come from there; who needs more is better off with `node:crypto`. */
const FROM_DEVICE = 4096;

/** The system's random data. */
export class RealRandom implements Random {
  private given = 0;

  fill(bytes: Uint8Array): void {
    this.given += bytes.length;
    if (this.given > FROM_DEVICE || !fillFromDevice(bytes)) process.getBuiltinModule('node:crypto').randomFillSync(bytes);
  }

  save(): Data {
    return null;
  }
  load(): void {
    throw new Error('real random data do not repeat');
  }
  live(): string[] {
    return ['real random data'];
  }
}

function fillFromDevice(bytes: Uint8Array): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(DEVICE, 'r');
    return fstatSync(fd).isCharacterDevice() && readSync(fd, bytes) === bytes.length;
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
