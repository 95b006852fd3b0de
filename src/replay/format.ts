/**
 * The recording as a file:
 *
 *     "retunwind recording 1\n"
 *     header   u32 length, u32 checksum, then a record as `program/data.ts` writes it (`RecordingHeader`)
 *     chunk…   u32 length, u32 checksum, f64 complete, f64 clock, then `length` bytes of the stream
 *
 * Numbers are little-endian. A checksum is `hashBytes` of what follows it. `complete` says how much of the whole stream
 * consists of complete events, `clock` up to which moment they tell everything: a chunk is also written in the middle
 * of an event, when the guest's output is about to be shown.
 *
 * The stream is a sequence of events, each a tag byte and its fields: `uint` is unsigned LEB128 below 2^53, `int` the
 * same in zigzag form, `clock` a uint counted from the last event that had one, `values` a uint and as many cells of 8
 * bytes, `text` a uint and as many bytes of UTF-8.
 */
export const MAGIC = 'retunwind recording';
export const VERSION = 2;

/** Bytes before a chunk's content. */
export const CHUNK_HEAD = 24;

export const EVENT = {
  /** The host calls a function of the guest, from outside or from within a full host call: clock, uint function, values. */
  call: 1,
  /** A leaf is called: clock, uint import; followed by its effects and one of `return…` or a failure. */
  leaf: 2,
  /** A full host function is called: clock, uint import; followed by effects, calls, and a return or a failure. */
  enter: 3,
  /** The innermost host call returns: nothing, an i32 as int, or values. */
  returnNone: 4,
  returnI32: 5,
  returnValues: 6,
  /** The innermost host call fails: uint kind (`FAILURES`), text; for an exit uint code instead of the text. */
  fail: 7,
  /** Effects. Bytes of memory 0, or of another one: (uint memory) uint address, uint length, bytes. */
  write: 8,
  writeTo: 9,
  /** uint memory, uint pages by which it grows. */
  grow: 10,
  /** u8 stream, uint length, bytes. */
  output: 11,
  /** A global that the host changed: uint global, values. */
  global: 12,
  /** A table that the host changed: uint table, uint length, int handles. */
  table: 13,
  /** A reference that Go for js is given: uint id, text in words. */
  reference: 14,
  /** Time has jumped: int nanoseconds that the guest's time is ahead of its instructions. */
  time: 15,
  /**
   * The state at a clock as hashes (`digest.ts`): clock, uint parts, and for each part uint length, uint changes since
   * the checkpoint before, (uint position counted from the last change, u32 hash)….
   */
  checkpoint: 16,
  /** The end: clock, u8 outcome (`OUTCOMES`); for an exit uint code, for a failure as in `fail`, for a stop text why. */
  end: 17,
} as const;

export const EVENT_NAMES: readonly string[] = Object.entries(EVENT).reduce<string[]>((names, [name, tag]) => {
  names[tag] = name;
  return names;
}, []);

export const FAILURES = ['Trap', 'Exhaustion', 'UncaughtException', 'GuestExit', 'Error'] as const;
export const OUTCOMES = ['exited', 'returned', 'failed', 'stopped'] as const;

/** What a recording is of. */
export interface RecordingHeader {
  /** SHA-256 of the module's bytes, hexadecimal. */
  readonly module: string;
  /** How the recorder called the module, for finding it again. */
  readonly path: string;
  /** `go-js`, `command`, … */
  readonly kind: string;
  readonly trampoline: 'module' | 'host';
  /** Limits that the guest may have run into; null for the default. */
  readonly maxMemoryBytes: number | null;
  readonly maxCallDepth: number | null;
  /** Address in the store of each function that the module imports. */
  readonly imports: readonly number[];
  /** Positions among these of the functions that are no leaves. */
  readonly full: readonly number[];
  /** What else whoever recorded wants to find again: its own configuration, as JSON. */
  readonly settings: string;
}

/** A file is no recording that this version can replay, or something cannot be recorded; the message says why. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}
