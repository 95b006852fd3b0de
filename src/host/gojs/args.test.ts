import { describe, expect, it } from 'vitest';
import { MemoryView } from '../../engine/guest-memory.js';
import { MemoryInstance } from '../../engine/memory.js';
import { ARGS_END, ARGS_START } from '../../go/abi.js';
import { I32 } from '../../wasm/types.js';
import { ArgumentsTooLong, writeArguments } from './args.js';

function memory(): MemoryView {
  return new MemoryView(new MemoryInstance({ limits: { min: 1n, max: undefined }, address: I32, shared: false, pageSizeLog2: 16 }));
}

/** Reads them as C does. */
function strings(from: MemoryView, table: number): string[] {
  const found: string[] = [];
  for (let at = table; from.u64(at) !== 0n; at += 8) {
    let end = Number(from.u64(at));
    while (from.u8(end) !== 0) end++;
    found.push(from.text(Number(from.u64(at)), end - Number(from.u64(at))));
  }
  return found;
}

describe('the command line and the environment', () => {
  it('stand one after the other, the environment sorted by key', () => {
    const written = memory();
    const argv = writeArguments(written, ['js', 'ünïcode', ''], { B: '2=3', A: '', AB: 'x' });
    expect(strings(written, argv)).toEqual(['js', 'ünïcode', '']);
    expect(strings(written, argv + 4 * 8)).toEqual(['A=', 'AB=x', 'B=2=3']);
    expect(written.u64(ARGS_START) & 0xffffn).toBe(0x736an);
    expect(argv % 8).toBe(0);
  });

  it('must end before the data of the program, and write nothing otherwise', () => {
    const written = memory();
    // The string, its end, three pointers: the last 8 bytes must stay free, as in Go's own host.
    const most = ARGS_END - ARGS_START - 3 * 8 - 8 - 1;
    expect(() => writeArguments(written, ['x'.repeat(most)], {})).not.toThrow();
    const fresh = memory();
    expect(() => writeArguments(fresh, ['x'.repeat(most + 1)], {})).toThrow(ArgumentsTooLong);
    expect(() => writeArguments(fresh, ['x'.repeat(1e6)], {})).toThrow('total length of command line and environment variables exceeds limit');
    expect(fresh.bytes(0, 65536).every((byte) => byte === 0)).toBe(true);
  });
});
