import type { MemoryInstance } from '../memory.js';

/** With more turns at once what is added to locals could be more than a word holds. */
const MOST = 2 ** 24;

/**
 * What generated code does with a memory in place of many turns of a loop. Each function takes an address as the int32
 * that moves and the offset that does not, what it moves by in a turn, in bytes, and how many turns to do at most.
 * It answers how many it did; the turn after those would neither trap nor, where memory is compared, find a difference.
 */
export function turnsLibrary(memory: MemoryInstance): Record<string, unknown> {
  /** Turns until an access is out of bounds, or the address wraps, without the last. */
  const room = (address: number, offset: number, move: number, most: number): number => {
    const at = (address >>> 0) + offset;
    const turns = move > 0 ? (memory.byteLength - at) / move : at - move <= memory.byteLength ? (address >>> 0) / -move + 1 : 0;
    return Math.min(Math.floor(turns) - 1, most, MOST);
  };
  return {
    fillTurns: (to: number, offset: number, byte: number, move: number, most: number): number => {
      const turns = room(to, offset, move, most);
      if (turns <= 0) return 0;
      const bytes = turns * Math.abs(move);
      const at = (to >>> 0) + offset;
      memory.u8.fill(byte, move > 0 ? at : at - move - bytes, move > 0 ? at + bytes : at - move);
      return turns;
    },
    copyTurns: (to: number, toOffset: number, from: number, fromOffset: number, move: number, most: number): number => {
      const turns = room(to, toOffset, move, room(from, fromOffset, move, most));
      if (turns <= 0) return 0;
      const bytes = turns * Math.abs(move);
      const p = (to >>> 0) + toOffset;
      const q = (from >>> 0) + fromOffset;
      // An element that is written before it is read is copied on: turn by turn.
      const ahead = move > 0 ? p - q : q - p;
      if (ahead > 0 && ahead < bytes) return 0;
      const back = move > 0 ? 0 : bytes + move;
      memory.u8.copyWithin(p - back, q - back, q - back + bytes);
      return turns;
    },
    compareTurns: (a: number, aOffset: number, b: number, bOffset: number, size: number, most: number): number => {
      const turns = room(a, aOffset, size, room(b, bOffset, size, most));
      if (turns <= 0) return 0;
      const equal = equalBytes(memory, (a >>> 0) + aOffset, (b >>> 0) + bOffset, (turns + 1) * size);
      return Math.max(Math.floor(equal / size) - 1, 0);
    },
  };
}

/** How many of the first bytes at two places are the same. */
function equalBytes({ u8, i32 }: MemoryInstance, a: number, b: number, length: number): number {
  let i = 0;
  if (((a ^ b) & 3) === 0) {
    while (((a + i) & 3) !== 0 && i < length && u8[a + i] === u8[b + i]) i++;
    if (((a + i) & 3) === 0) for (let x = (a + i) >>> 2, y = (b + i) >>> 2; i + 4 <= length && i32[x] === i32[y]; x++, y++) i += 4;
  }
  while (i < length && u8[a + i] === u8[b + i]) i++;
  return i;
}
