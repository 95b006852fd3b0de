import type { TraceRecord } from './records.js';

/** How records become a file. The pieces of text, in order, are the file. */
export interface Format {
  /** `time`: nanoseconds of virtual time since the start, waits included. */
  record(record: TraceRecord, time: number): string;
  /** What closes the file. */
  end(time: number): string;
}

/** One JSON object a line. */
export class JsonLines implements Format {
  record({ clock, event, goroutine, function: name, ...rest }: TraceRecord): string {
    return `${JSON.stringify({ clock, event, goroutine, function: name, ...rest })}\n`;
  }
  end(): string {
    return '';
  }
}
