import type { Data, HostState } from './state.js';

/** A source of bytes that cannot be read twice. */
export interface Input extends HostState {
  /** Waits until there is something: one to `max` bytes (`max` > 0), or `eof` when there will be no more. */
  read(max: number): Uint8Array | 'eof';
}

/** The standard streams of a guest. */
export interface Streams {
  readonly stdin: Input;
  /** Passes on all of `bytes`, which are valid only during the call, at once. Throws `FsError` (`EPIPE`, ...). */
  write(fd: 1 | 2, bytes: Uint8Array): void;
  /** Whether that stream is a terminal. */
  isTerminal(fd: 0 | 1 | 2): boolean;
}

/** All the input there is, known beforehand. Its state is what is left to read. */
export class BufferedInput implements Input {
  private content: Uint8Array;
  private position = 0;

  constructor(content: Uint8Array) {
    this.content = content;
  }

  read(max: number): Uint8Array | 'eof' {
    if (this.position >= this.content.length) return 'eof';
    const chunk = this.content.subarray(this.position, this.position + max);
    this.position += chunk.length;
    return chunk;
  }

  save(): Data {
    return this.content.slice(this.position);
  }
  load(state: Data): void {
    this.content = state as Uint8Array;
    this.position = 0;
  }
  live(): string[] {
    return [];
  }
}
