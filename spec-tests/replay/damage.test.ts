import { beforeAll, describe, expect, it } from 'vitest';
import { decodeData, encodeData } from '../../src/program/data.js';
import { CHUNK_HEAD, EVENT, MAGIC, RecordingError, VERSION } from '../../src/replay/format.js';
import { hashBytes } from '../../src/replay/hash.js';
import { Recording } from '../../src/replay/recording.js';
import { Divergence, Replay } from '../../src/replay/replay.js';
import { verify } from '../../src/replay/verify.js';
import { Dice } from '../engine/harness.js';
import { busyModule, recordBusy } from '../support/busy.js';

/** RETUNWIND_MUTATIONS asks for more than what is quick. */
const TIMES = Number(process.env['RETUNWIND_MUTATIONS'] ?? 400);

/** Bytes that begin large numbers, or are the tags of events. */
const TELLING = [0, 1, 0x7f, 0x80, 0xff, ...Object.values(EVENT)];

function mutated(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length);
  const some = bytes.subarray(dice.below(bytes.length)).subarray(0, 1 + dice.below(12));
  const byte = dice.below(2) === 0 ? dice.below(256) : TELLING[dice.below(TELLING.length)]!;
  switch (dice.below(5)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(8)));
    case 2:
      return joined(bytes.subarray(0, at), some, bytes.subarray(at));
    case 3:
      return joined(bytes.subarray(0, at), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), bytes.subarray(at + 1));
    default:
      return joined(bytes.subarray(0, at), Uint8Array.of(byte), bytes.subarray(at + 1));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A length, the checksum of the rest, and the rest. */
function sealed(length: number, content: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, length, true);
  head.setInt32(4, hashBytes(content), true);
  return joined(new Uint8Array(head.buffer), content);
}
function chunk(complete: number, clock: number, content: Uint8Array): Uint8Array {
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setFloat64(0, complete, true);
  numbers.setFloat64(8, clock, true);
  return sealed(content.length, joined(new Uint8Array(numbers.buffer), content));
}

const LINE = new TextEncoder().encode(`${MAGIC} ${VERSION}\n`);
let file: Uint8Array;
let head: Uint8Array;
let whole: Recording;

beforeAll(async () => {
  const pieces: Uint8Array[] = [];
  await recordBusy({ sink: (bytes) => void pieces.push(bytes.slice()) });
  file = joined(...pieces);
  head = file.slice(0, LINE.length + 8 + new DataView(file.buffer).getUint32(LINE.length, true));
  whole = Recording.read(file);
});

/** How a replay of the file ends: with an outcome of replays, or words of ours. */
function replayed(bytes: Uint8Array): { readonly recording?: Recording; readonly end: string } {
  let recording: Recording | undefined;
  try {
    recording = Recording.read(bytes);
    const { outcome } = verify(new Replay(busyModule, recording));
    Array.from(recording.unfinishedOutput());
    return { recording, end: outcome.kind };
  } catch (error) {
    if (error instanceof Divergence) return { ...(recording && { recording }), end: error.message };
    if (!(error instanceof RecordingError)) throw error;
    expect(error.message).toMatch(/byte \d+|of version \d+|of a module with other imports|cannot be instantiated/);
    return { ...(recording && { recording }), end: error.message };
  }
}

describe('a recording', () => {
  it('of a run in which everything happens is whole', () => {
    const tags = new Set<number>();
    for (const { tag } of whole.events()) tags.add(tag);
    const missing = Object.entries(EVENT).filter(([, tag]) => !tags.has(tag));
    expect(missing.map(([name]) => name)).toEqual(['writeTo', 'reference', 'time']);
    expect(replayed(file).end).toBe('exited');
  });

  it('that is damaged anywhere is refused with the byte, or replayed to there', () => {
    const dice = new Dice(1);
    for (let i = 0; i < TIMES; i++) {
      const { recording, end } = replayed(mutated(file, dice));
      if (recording === undefined) continue;
      const same = recording.length === whole.length && recording.complete === whole.complete;
      if (!same) expect(recording.damage ?? 'cut off between two pieces').toMatch(/byte \d+|cut off/);
      expect(end).toBe(same ? 'exited' : 'edge');
    }
  });

  it('whose checksums are right, but not its events, ends in an outcome or an error of ours', () => {
    const dice = new Dice(2);
    const ends = new Set<string>();
    const stream = whole.bytes.subarray(0, whole.length);
    for (let i = 0; i < TIMES; i++) {
      const content = mutated(stream, dice);
      const { end } = replayed(joined(head, chunk(content.length, whole.clock, content)));
      ends.add(end.replaceAll(/\d+/g, '0').replace(/: at clock.*/, ''));
    }
    // It is not one way only.
    expect(ends.size).toBeGreaterThan(8);
  });

  it('is refused where its pieces count wrongly', () => {
    const stream = whole.bytes.subarray(0, whole.length);
    for (const [complete, clock] of [[NaN, whole.clock], [stream.length + 1, whole.clock], [-1, 0], [0.5, 0], [stream.length, Infinity], [stream.length, -5]] as const) {
      const { recording } = replayed(joined(head, chunk(complete, clock, stream)));
      expect(recording!.damage).toContain(`from byte ${head.length} on (clock 0), is damaged`);
      expect(recording!.length).toBe(0);
    }
    const twice = replayed(joined(head, chunk(stream.length, whole.clock, stream), chunk(0, 0, new Uint8Array())));
    expect(twice.recording!.damage).toContain(`from byte ${head.length + CHUNK_HEAD + stream.length} on`);
  });

  it('is refused where its head says what cannot be', () => {
    const rest = file.subarray(head.length);
    const content = decodeData(head.subarray(LINE.length + 8)) as Record<string, never>;
    const withHead = (fields: object): string => {
      const bytes = encodeData({ ...content, ...fields });
      return replayed(joined(LINE, sealed(bytes.length, bytes), rest)).end;
    };
    for (const fields of [{ maxMemoryBytes: NaN }, { maxCallDepth: -1 }, { trampoline: 'other' }, { imports: [0, 1.5] }, { full: null }, { module: 3 }]) {
      expect(withHead(fields)).toMatch(/^its head, from byte \d+ on, is damaged: \w+ is missing, or none$/);
    }
    expect(withHead({ imports: [0, 1] })).toBe('it is of a module with other imports');
    expect(withHead({ imports: [7, 6, 5, 4, 3, 2, 1, 0] })).toBe('it is of a module with other imports');
    expect(withHead({ maxMemoryBytes: 65535 })).toContain('its module cannot be instantiated as it was: a memory of 1 pages is larger');
    expect(withHead({})).toBe('exited');
    const dice = new Dice(3);
    for (let i = 0; i < TIMES; i++) {
      const bytes = mutated(head.subarray(LINE.length + 8), dice);
      replayed(joined(LINE, sealed(bytes.length, bytes), rest));
    }
  });
});
