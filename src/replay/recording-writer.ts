import { encodeData } from '../program/data.js';
import { CHUNK_HEAD, MAGIC, type RecordingHeader, VERSION } from './format.js';
import { hashBytes } from './hash.js';
import { StreamWriter } from './stream-writer.js';

/** Where a recording goes. What it is given is valid only during the call. */
export type Sink = (bytes: Uint8Array) => void;

/** The recording is written out at the latest after so many bytes, or milliseconds while the guest runs. */
const FLUSH_BYTES = 1 << 19;
const FLUSH_MS = 50;
/** Events between two looks at the clock on the wall: as many as may pass in a fraction of that time. */
const MOST_EVENTS = 64;
const LOOK_MS = 2;

/** The file of a recording as it grows: its head, and chunk by chunk what is written into `out`. */
export class RecordingWriter {
  /** The stream, as far as it has not been written out. */
  readonly out: StreamWriter = new StreamWriter();
  private readonly sink: Sink;
  /** Of the whole stream: how much has been written out, and how much consists of complete events. */
  private flushed = 0;
  private complete = 0;
  /** Everything is told up to this clock value; and what the last chunk said of that. */
  private clock = 0;
  private told = 0;
  private flushedAt: number = performance.now();
  private lookedAt: number = performance.now();
  private events = 0;
  private patience = MOST_EVENTS;

  constructor(sink: Sink) {
    this.sink = sink;
  }

  writeHead(header: RecordingHeader): void {
    const content = encodeData({ ...header });
    const head = new DataView(new ArrayBuffer(8));
    head.setUint32(0, content.length, true);
    head.setInt32(4, hashBytes(content), true);
    this.sink(new TextEncoder().encode(`${MAGIC} ${VERSION}\n`));
    this.sink(new Uint8Array(head.buffer));
    this.sink(content);
  }

  /** The event that has been written last is complete; nothing else has happened up to `clock`. */
  completed(clock: number): void {
    this.complete = this.flushed + this.out.length;
    this.clock = clock;
  }

  /** As `completed`, after an event of which there may be very many; writes out what there is if it is time for that. */
  counted(clock: number): void {
    this.completed(clock);
    if (this.out.length >= FLUSH_BYTES) this.flush();
    else if (++this.events >= this.patience) this.look();
  }
  private look(): void {
    const now = performance.now();
    const passed = now - this.lookedAt;
    this.patience = passed > LOOK_MS ? Math.max(1, this.patience >> 2) : Math.min(MOST_EVENTS, this.patience * 2);
    this.lookedAt = now;
    this.events = 0;
    this.flushIfDue(now);
  }

  /** `now`: as `performance.now` tells it. */
  flushIfDue(now: number): void {
    if (this.out.length >= FLUSH_BYTES || now - this.flushedAt >= FLUSH_MS) this.flush();
  }

  /** Writes out what there is. */
  flush(): void {
    this.flushedAt = performance.now();
    const content = this.out.take();
    if (content.length === 0 && this.clock === this.told) return;
    this.flushed += content.length;
    this.told = this.clock;
    const chunk = new Uint8Array(CHUNK_HEAD + content.length);
    const head = new DataView(chunk.buffer);
    chunk.set(content, CHUNK_HEAD);
    head.setUint32(0, content.length, true);
    head.setFloat64(8, this.complete, true);
    head.setFloat64(16, this.clock, true);
    head.setInt32(4, hashBytes(chunk.subarray(8)), true);
    this.sink(chunk);
  }
}
