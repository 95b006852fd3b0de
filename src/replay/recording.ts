import { type Data } from '../host/state.js';
import { DataError, decodeData } from '../program/data.js';
import { type Digest, PAGE } from './digest.js';
import { CHUNK_HEAD, EVENT, MAGIC, RecordingError, type RecordingHeader, VERSION } from './format.js';
import { hashBytes } from './hash.js';
import { StreamReader } from './stream-reader.js';

/** Where in the stream a checkpoint or another landmark stands. */
export interface Landmark {
  readonly clock: number;
  readonly offset: number;
}

/**
 * What was recorded, as far as it is known: a file, or a session that is still being recorded and appends to it.
 */
export class Recording {
  readonly header: RecordingHeader;
  /** The stream; only its first `length` bytes count, and only the first `complete` are whole events. */
  bytes: Uint8Array = new Uint8Array(1 << 16);
  length = 0;
  complete = 0;
  /** Everything is known up to this moment. */
  clock = 0;
  /** Whether the file was cut off; the message says how. */
  damage: string | undefined = undefined;
  /** Bytes of the file that have been taken in. */
  private fileLength = 0;
  /** Where in the stream, and in the file, the content of each chunk begins. */
  private readonly pieces: { readonly stream: number; readonly file: number }[] = [];

  constructor(header: RecordingHeader) {
    this.header = header;
  }

  /** Reads a file as far as it is whole. Throws `RecordingError` where that is not even its head. */
  static read(file: Uint8Array): Recording {
    const { header, end } = readHead(file);
    const recording = new Recording(header);
    recording.fileLength = end;
    recording.append(file.subarray(end));
    return recording;
  }

  /** Takes in chunks, in the order in which they were written. An incomplete or damaged one and what follows it is left. */
  append(chunks: Uint8Array): void {
    const view = new DataView(chunks.buffer, chunks.byteOffset, chunks.byteLength);
    let at = 0;
    while (at < chunks.length && this.damage === undefined) {
      const left = chunks.length - at;
      const length = left < CHUNK_HEAD ? 0 : view.getUint32(at, true);
      if (left < CHUNK_HEAD + length) {
        this.damage = `its last piece, from byte ${this.fileLength} on, is not whole`;
        return;
      }
      const content = chunks.subarray(at + 8, at + CHUNK_HEAD + length);
      const complete = view.getFloat64(at + 8, true);
      const clock = view.getFloat64(at + 16, true);
      const sound = view.getInt32(at + 4, true) === hashBytes(content);
      if (!sound || !isCount(complete, this.complete, this.length + length) || !isCount(clock, this.clock, Number.MAX_SAFE_INTEGER)) {
        this.damage = `a piece of it, from byte ${this.fileLength} on (clock ${this.clock}), is damaged`;
        return;
      }
      this.pieces.push({ stream: this.length, file: this.fileLength + CHUNK_HEAD });
      this.take(content.subarray(CHUNK_HEAD - 8));
      this.complete = complete;
      this.clock = clock;
      at += CHUNK_HEAD + length;
      this.fileLength += CHUNK_HEAD + length;
    }
  }
  private take(content: Uint8Array): void {
    if (this.length + content.length > this.bytes.length) {
      const bigger = new Uint8Array(Math.max(this.length + content.length, this.bytes.length * 2));
      bigger.set(this.bytes.subarray(0, this.length));
      this.bytes = bigger;
    }
    this.bytes.set(content, this.length);
    this.length += content.length;
  }

  /** A reader of the stream from its beginning to its end, or to the last whole event. */
  reader(end: number = this.complete): StreamReader {
    return new StreamReader(this.bytes, end, (pos) => this.placeOf(pos));
  }
  private placeOf(pos: number): number {
    const piece = this.pieces.findLast(({ stream }) => stream <= pos);
    return piece === undefined ? pos : piece.file + pos - piece.stream;
  }

  /** Goes through whole events from `from` on and tells where each begins; for finding landmarks. */
  *events(from: Landmark = { clock: 0, offset: 0 }): Generator<{ readonly tag: number; readonly clock: number; readonly offset: number }> {
    const reader = this.reader();
    reader.pos = from.offset;
    let { clock } = from;
    while (reader.pos < this.complete) {
      const offset = reader.pos;
      const tag = reader.u8();
      if (hasClock(tag)) clock += reader.uint();
      skip(reader, tag);
      yield { tag, clock, offset };
    }
  }

  /** What of the guest's output had been written out before the rest of its event: it may have been seen. */
  *unfinishedOutput(): Generator<{ readonly fd: number; readonly bytes: Uint8Array }> {
    const reader = this.reader(this.length);
    reader.pos = this.complete;
    try {
      while (reader.pos < this.length) {
        const tag = reader.u8();
        if (tag === EVENT.output) {
          yield { fd: reader.u8(), bytes: reader.raw() };
          continue;
        }
        if (hasClock(tag)) reader.uint();
        skip(reader, tag);
      }
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
    }
  }
}

export function hasClock(tag: number): boolean {
  return tag === EVENT.call || tag === EVENT.leaf || tag === EVENT.enter || tag === EVENT.checkpoint || tag === EVENT.end;
}

/** Passes over the fields of an event after its clock. */
export function skip(reader: StreamReader, tag: number): void {
  switch (tag) {
    case EVENT.call:
      reader.uint();
      reader.view(reader.uint() * 8);
      return;
    case EVENT.leaf:
    case EVENT.enter:
    case EVENT.returnI32:
    case EVENT.time:
      reader.uint();
      return;
    case EVENT.returnNone:
      return;
    case EVENT.returnValues:
      reader.view(reader.uint() * 8);
      return;
    case EVENT.fail:
      skipFailure(reader);
      return;
    case EVENT.writeTo:
      reader.uint();
      reader.uint();
      reader.raw();
      return;
    case EVENT.write:
    case EVENT.reference:
      reader.uint();
      reader.raw();
      return;
    case EVENT.grow:
      reader.uint();
      reader.uint();
      return;
    case EVENT.output:
      reader.u8();
      reader.raw();
      return;
    case EVENT.global:
      reader.uint();
      reader.view(reader.uint() * 8);
      return;
    case EVENT.table:
      reader.uint();
      for (let n = reader.uint(); n > 0; n--) reader.uint();
      return;
    case EVENT.checkpoint:
      for (let parts = reader.uint(); parts > 0; parts--) {
        reader.uint();
        for (let changes = reader.uint(); changes > 0; changes--) {
          reader.uint();
          reader.u32();
        }
      }
      return;
    case EVENT.end: {
      const outcome = reader.u8();
      if (outcome === 0) reader.uint();
      else if (outcome === 2) skipFailure(reader);
      else if (outcome === 3) reader.raw();
      return;
    }
    default:
      throw reader.damaged(`there is no event ${tag}`, reader.pos - 1);
  }
}
const EXIT_KIND = 3;
function skipFailure(reader: StreamReader): void {
  if (reader.uint() === EXIT_KIND) reader.uint();
  else reader.raw();
}

/** No part of a state has more hashes: the pages of the largest memory. */
const MOST_HASHES = 2 ** 32 / PAGE;

/** Reads the digest of a checkpoint, which says what is different from the one before. */
export function readDigest(reader: StreamReader, clock: number, before: Digest | undefined): Digest {
  const parts: Int32Array[] = [];
  for (let count = reader.uint(), i = 0; i < count; i++) {
    const length = reader.uint();
    if (length > MOST_HASHES) throw reader.damaged('a checkpoint is too large');
    const part = new Int32Array(length);
    const old = before?.parts[i];
    if (old !== undefined) part.set(old.subarray(0, length));
    let at = 0;
    for (let changes = reader.uint(); changes > 0; changes--) {
      at += reader.uint();
      if (at >= length) throw reader.damaged('a checkpoint has a hash of nothing');
      part[at] = reader.u32();
    }
    parts.push(part);
  }
  return { clock, parts };
}

function readHead(file: Uint8Array): { header: RecordingHeader; end: number } {
  const line = new TextDecoder('latin1').decode(file.subarray(0, MAGIC.length + 12));
  const version = /^ (\d+)\n/.exec(line.startsWith(MAGIC) ? line.slice(MAGIC.length) : '')?.[1];
  const cut = (where: string): RecordingError => new RecordingError(`it is cut off within its ${where}, at byte ${file.length}`);
  if (version === undefined) throw isBeginning(line) ? cut('first line') : new RecordingError('it is no recording: its first line, at byte 0, is another');
  if (version !== String(VERSION)) throw new RecordingError(`it is a recording of version ${version}, and this retunwind knows version ${VERSION}`);
  const at = MAGIC.length + version.length + 2;
  if (file.length < at + 8) throw cut('head');
  const view = new DataView(file.buffer, file.byteOffset);
  const end = at + 8 + view.getUint32(at, true);
  if (file.length < end) throw cut('head');
  const content = file.subarray(at + 8, end);
  const damaged = (why: string): RecordingError => new RecordingError(`its head, from byte ${at} on, is damaged${why}`);
  if (view.getInt32(at + 4, true) !== hashBytes(content)) throw damaged('');
  try {
    return { header: checkHeader(decodeData(content), damaged), end };
  } catch (error) {
    if (error instanceof DataError) throw damaged(`: ${error.message}`);
    throw error;
  }
}
/** Of a first line. */
function isBeginning(line: string): boolean {
  return MAGIC.startsWith(line) || (line.startsWith(MAGIC) && /^ \d{0,9}$/.test(line.slice(MAGIC.length)));
}

const FIELDS: Readonly<Record<keyof RecordingHeader, (value: unknown) => boolean>> = {
  module: (value) => typeof value === 'string',
  path: (value) => typeof value === 'string',
  kind: (value) => typeof value === 'string',
  settings: (value) => typeof value === 'string',
  trampoline: (value) => value === 'module' || value === 'host',
  maxMemoryBytes: isLimit,
  maxCallDepth: isLimit,
  imports: isPositions,
  full: isPositions,
};

function isLimit(value: unknown): boolean {
  return value === null || isCount(value, 0, Number.MAX_SAFE_INTEGER);
}
function isPositions(value: unknown): boolean {
  return Array.isArray(value) && value.every((position) => isCount(position, 0, 2 ** 31));
}

function isCount(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function checkHeader(data: Data, damaged: (why: string) => RecordingError): RecordingHeader {
  const record = data as Readonly<Record<string, unknown>> | null;
  for (const [name, fits] of Object.entries(FIELDS)) {
    if (record === null || typeof record !== 'object' || !fits(record[name])) throw damaged(`: ${name} is missing, or none`);
  }
  return record as unknown as RecordingHeader;
}
