import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Data } from '../host/state.js';
import { DataError, decodeData, encodeData } from '../program/data.js';
import { isBinary } from '../program/load.js';
import { EXIT, Refusal } from './errors.js';
import { exitCode, type Guest, runProgram } from './guest.js';
import { readInput } from './module-file.js';
import { say, writeOutput } from './output.js';

const VERSION = 3;
/**
 * A snapshot on disk: a line that says so, then gzipped data. It holds the module itself, so that a process anywhere
 * can go on from it.
 */
const MAGIC = `retunwind snapshot ${VERSION}\n`;

export interface SnapshotFile {
  readonly module: Uint8Array;
  /** SHA-256 of the module, hexadecimal. */
  readonly hash: string;
  /** `GuestSettings` as JSON. */
  readonly settings: string;
  readonly words: readonly string[];
  readonly clock: number;
  /** Calls of the host so far. */
  readonly hostCalls: number;
  readonly state: Data;
}

/** Runs to clock value `at` and writes the state there. */
export async function snapshotGuest(guest: Guest, words: readonly string[], at: number, path: string): Promise<number> {
  const { program, settings, stats } = guest;
  const outcome = await runProgram(program, at, stats);
  if (outcome.kind !== 'stopped' || outcome.reason.kind !== 'limit') {
    const code = exitCode(guest, outcome);
    say(`no snapshot: the program ended at clock ${program.machine.clock} (exit code ${code}), before ${at}`);
    return EXIT.refused;
  }
  const live = program.live();
  if (live.length > 0) throw new Refusal(`no snapshot at clock ${at}: another process could not go on without ${live.join(', ')}`);
  const { bytes } = program.module;
  const file: SnapshotFile = {
    module: bytes,
    hash: hashOf(bytes),
    settings: JSON.stringify(settings),
    words,
    clock: program.machine.clock,
    hostCalls: stats.hostCalls,
    state: program.save(),
  };
  const head = new TextEncoder().encode(MAGIC);
  const body = gzipSync(encodeData(file as unknown as Data));
  writeOutput(path, Buffer.concat([head, body]), EXIT.refused);
  if (settings.stats) say(stats.line(program));
  return EXIT.ok;
}

/** Throws a `Refusal` for what is no snapshot of ours, or a damaged one. */
export function readSnapshot(path: string): SnapshotFile {
  const content = readInput(path);
  const head = new TextDecoder().decode(content.subarray(0, MAGIC.length));
  if (head !== MAGIC) {
    const other = /^retunwind snapshot (\d+)/.exec(head)?.[1];
    if (other !== undefined) throw new Refusal(`${path} is a snapshot of version ${other}, and this retunwind knows version ${VERSION}`);
    throw new Refusal(`${path} is no snapshot${isBinary(content) ? ' but a module (retunwind run runs it)' : ''}`);
  }
  let file: SnapshotFile;
  try {
    file = decodeData(new Uint8Array(gunzipSync(content.subarray(MAGIC.length)))) as unknown as SnapshotFile;
  } catch (error) {
    if (error instanceof DataError || (error as NodeJS.ErrnoException).code?.startsWith('Z_')) {
      throw new Refusal(`${path} is damaged: ${(error as Error).message}`);
    }
    throw error;
  }
  if (!(file.module instanceof Uint8Array) || file.hash !== hashOf(file.module)) throw new Refusal(`${path} is damaged: its module is not the one that it names`);
  return file;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
