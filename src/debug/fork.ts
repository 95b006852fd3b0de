import { Exhaustion, Trap, UncaughtException } from '../engine/errors.js';
import type { Value } from '../engine/value.js';
import { Divergence } from '../replay/replay.js';
import type { Search } from '../replay/position.js';
import type { Session } from './session.js';

/** Something cannot be tried out in a fork. */
export class ForkError extends Error {
  override readonly name = 'ForkError';
}

/** What a function would return if it were called on the memory as it is now. The session is not changed. */
export async function callExport(session: Session, func: number, args: readonly Value[], search: Search = {}): Promise<readonly Value[]> {
  const fork = await session.fork();
  const { machine } = fork.target;
  while (machine.depth > 0) machine.abandon();
  try {
    machine.start(func, args);
    for (;;) {
      const stop = machine.run(machine.clock + SLICE);
      switch (stop.kind) {
        case 'returned':
          return stop.results;
        case 'trap':
          throw new ForkError(`the call fails: ${stop.error.message}`);
        case 'limit':
          await new Promise((resolve) => setTimeout(resolve, 0));
          if (search.cancelled?.() === true) throw new ForkError('cancelled');
          break;
        default:
          throw new ForkError('the call needs its host, and in a fork there is none');
      }
    }
  } catch (error) {
    if (error instanceof Divergence) throw new ForkError('the call needs its host, and in a fork there is none');
    if (error instanceof Trap || error instanceof Exhaustion || error instanceof UncaughtException) throw new ForkError(`the call fails: ${error.message}`);
    throw error;
  }
}

const SLICE = 2_000_000;

/** Writes an integer of `bytes` bytes into memory 0 of a fork. */
export function setMemory(fork: Session, address: number, bytes: number, value: bigint): void {
  const { store, instance } = fork.target;
  const memory = store.memories[instance.memories[0] ?? -1];
  if (memory === undefined || !(address >= 0 && address + bytes <= memory.byteLength)) throw new ForkError(`0x${address.toString(16)} is outside of the memory`);
  let rest = BigInt.asUintN(bytes * 8, value);
  for (let i = 0; i < bytes; i++, rest >>= 8n) memory.u8[address + i] = Number(rest & 0xffn);
}
