import { CellWindow, Cells } from '../../src/engine/cells.js';
import { MemoryView } from '../../src/engine/guest-memory.js';
import { MemoryInstance } from '../../src/engine/memory.js';
import { VirtualClock } from '../../src/host/clock.js';
import type { FileSystem } from '../../src/host/fs.js';
import { BufferedInput, type Streams } from '../../src/host/io.js';
import { MemoryFs } from '../../src/host/memory-fs.js';
import { SeededRandom } from '../../src/host/random.js';
import { ERRNO_NAMES } from '../../src/host/wasi/errno.js';
import { FILE_RIGHTS, DIR_RIGHTS, LOOKUP, RIGHT } from '../../src/host/wasi/layout.js';
import { createWasi, type Preopen, type Wasi } from '../../src/host/wasi/wasi.js';
import { I32 } from '../../src/wasm/types.js';

export interface GuestOptions {
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly stdin?: string;
  readonly terminal?: boolean;
  /** By default one tree in memory, named `/work`. */
  readonly preopens?: readonly Preopen[];
  readonly fs?: FileSystem;
}

/**
 * A guest without code: a memory, and calls made by hand. Strings and structures are put where `at` says next; results
 * go to the start of the memory.
 */
export class WasiGuest {
  readonly memory: MemoryInstance = new MemoryInstance({ limits: { min: 4n, max: undefined }, address: I32, shared: false, pageSizeLog2: 16 });
  readonly view: MemoryView = new MemoryView(this.memory);
  /** Instructions completed, as far as the clock knows. */
  instructions = 0;
  readonly clock: VirtualClock = new VirtualClock(() => this.instructions);
  readonly fs: FileSystem;
  readonly wasi: Wasi;
  readonly output: Record<1 | 2, string> = { 1: '', 2: '' };
  private next = 4096;

  constructor(options: GuestOptions = {}) {
    this.fs = options.fs ?? new MemoryFs(this.clock);
    const streams: Streams = {
      stdin: new BufferedInput(new TextEncoder().encode(options.stdin ?? '')),
      write: (fd, bytes) => {
        this.output[fd] += new TextDecoder().decode(bytes);
      },
      isTerminal: () => options.terminal === true,
    };
    this.wasi = createWasi({
      args: options.args ?? ['guest'],
      env: options.env ?? [],
      preopens: options.preopens ?? [{ name: '/work', fs: this.fs }],
      clock: this.clock,
      random: new SeededRandom(1),
      streams,
    });
  }

  /** Makes the call and answers the errno's name. A string argument becomes address and length. */
  call(name: string, ...args: (number | bigint | string)[]): string {
    const host = this.wasi.imports.get(name)!;
    const window = new CellWindow(new Cells(16), 0);
    let at = 0;
    for (const arg of args) {
      if (typeof arg === 'bigint') window.setI64(at++, arg);
      else if (typeof arg === 'number') window.setI32(at++, arg);
      else {
        const bytes = new TextEncoder().encode(arg);
        window.setI32(at++, this.put(bytes));
        window.setI32(at++, bytes.length);
      }
    }
    if (at !== host.type.params.length) throw new Error(`${name} takes ${host.type.params.length} parameters, not ${at}`);
    if (host.kind === 'leaf') host.call(window, window, this.view);
    else if (host.kind === 'full') void host.call({ args: window, results: window, memory: this.view });
    return ERRNO_NAMES[window.i32(0)]!;
  }

  /** Copies `bytes` into the memory and answers where. */
  put(bytes: Uint8Array): number {
    const at = this.next;
    this.next += (bytes.length + 7) & ~7;
    this.memory.u8.set(bytes, at);
    return at;
  }
  /** Gives the room of what was put so far to what comes. */
  rewind(): void {
    this.next = 4096;
  }
  /** The address of a list of vectors over fresh ranges of these lengths, or with these contents. */
  vectors(...ranges: (number | string)[]): number {
    const starts = ranges.map((range) => {
      const bytes = typeof range === 'string' ? new TextEncoder().encode(range) : new Uint8Array(range);
      return [this.put(bytes), bytes.length] as const;
    });
    const words = new Uint32Array(starts.flat());
    return this.put(new Uint8Array(words.buffer));
  }
  u32(at: number): number {
    return this.view.u32(at);
  }
  u64(at: number): bigint {
    return this.view.u64(at);
  }

  open(path: string, options: { fd?: number; oflags?: number; rights?: number; fdflags?: number; follow?: boolean } = {}): number | string {
    const { fd = 3, oflags = 0, rights = FILE_RIGHTS & ~RIGHT.fd_write, fdflags = 0, follow = true } = options;
    const all = BigInt(FILE_RIGHTS | DIR_RIGHTS);
    const errno = this.call('path_open', fd, follow ? LOOKUP.follow : 0, path, oflags, BigInt(rights), all, fdflags, 0);
    return errno === 'ESUCCESS' ? this.u32(0) : errno;
  }
  /** Opens for reading and writing; throws unless that works. */
  opened(path: string, oflags = 0, fdflags = 0): number {
    const fd = this.open(path, { oflags, fdflags, rights: FILE_RIGHTS });
    if (typeof fd === 'string') throw new Error(`${path}: ${fd}`);
    return fd;
  }
  write(fd: number, text: string): string {
    return this.call('fd_write', fd, this.vectors(text), 1, 0);
  }
  /** What one read gives, or the errno's name. */
  read(fd: number, length: number): string {
    const list = this.vectors(length);
    const errno = this.call('fd_read', fd, list, 1, 0);
    return errno === 'ESUCCESS' ? this.view.text(this.u32(list), this.u32(0)) : errno;
  }
  /** The names that `fd_readdir` gives, asked with a buffer of `size` bytes again and again. */
  names(fd: number, size = 4096): string[] {
    const names: string[] = [];
    const buffer = this.put(new Uint8Array(size));
    for (let cookie = 0n; ; ) {
      const errno = this.call('fd_readdir', fd, buffer, size, cookie, 0);
      if (errno !== 'ESUCCESS') throw new Error(errno);
      const used = this.u32(0);
      for (let at = buffer; at + 24 <= buffer + used; ) {
        const length = this.u32(at + 16);
        if (at + 24 + length > buffer + used) break;
        names.push(this.view.text(at + 24, length));
        cookie = this.u64(at);
        at += 24 + length;
      }
      if (used < size) return names;
    }
  }
  /** Type and size of what a path leads to, or the errno's name. */
  stat(path: string, follow = true): string {
    const errno = this.call('path_filestat_get', 3, follow ? LOOKUP.follow : 0, path, 64);
    return errno === 'ESUCCESS' ? `type ${this.view.u8(80)} size ${this.u64(96)}` : errno;
  }
}
