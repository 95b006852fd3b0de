import { randomFillSync } from 'node:crypto';
import type { Random } from '../random.js';
import type { Data } from '../state.js';

/** The system's random data. */
export class RealRandom implements Random {
  fill(bytes: Uint8Array): void {
    randomFillSync(bytes);
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
