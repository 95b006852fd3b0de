import type { Input } from '../io.js';
import { BufferedInput } from '../io.js';
import type { Data } from '../state.js';
import { NodeInput } from './node-streams.js';

/**
 * The standard input of this process, read to its end when the guest first asks: how it arrived, in which pieces and
 * when, makes no difference then. Its state is what is left to read; untouched, it is the input of whichever process
 * goes on.
 */
export class WholeInput implements Input {
  private content: BufferedInput | undefined = undefined;

  read(max: number): Uint8Array | 'eof' {
    this.content ??= new BufferedInput(readAll());
    return this.content.read(max);
  }

  save(): Data {
    return this.content?.save() ?? null;
  }
  load(state: Data): void {
    this.content = state === null ? undefined : new BufferedInput(state as Uint8Array);
  }
  live(): string[] {
    return [];
  }
}

function readAll(): Uint8Array {
  const source = new NodeInput();
  const chunks: Uint8Array[] = [];
  for (let chunk = source.read(65536); chunk !== 'eof'; chunk = source.read(65536)) chunks.push(chunk);
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
