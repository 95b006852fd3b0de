import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WasiGuest } from '../../../spec-tests/support/wasi-guest.js';
import { I64 } from '../../wasm/types.js';
import { GuestExit } from '../exit.js';
import { functionType, SIGNATURES, type WasiName } from './signatures.js';

/** Small numbers hit descriptors, flags and counts; the others are addresses, lengths and lies. */
const word = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1, max: 16 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 5000 }) },
  { weight: 1, arbitrary: fc.constantFrom(262_100, 262_144, 0x7fff_ffff, -0x8000_0000, -16) },
);
const long = fc.oneof(fc.bigInt({ min: -2n, max: 64n }), fc.constantFrom(2n ** 31n, 2n ** 53n, 2n ** 62n, -(2n ** 63n), 0x1fffffffn));

const names = Object.keys(SIGNATURES) as WasiName[];
const call = fc.constantFrom(...names).chain((name) =>
  fc.tuple(fc.constant(name), fc.tuple(...functionType(name).params.map((type) => (type === I64 ? long : word)))),
);

test('whatever a guest asks, it gets an answer, and the host stays whole', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 50, maxLength: 200 }), fc.uint8Array({ minLength: 5000, maxLength: 5000 }), (calls, content) => {
      const guest = new WasiGuest({ stdin: 'input' });
      guest.memory.u8.set(content);
      // Names that calls may come upon.
      guest.memory.u8.set(new TextEncoder().encode('a/b/../a'), 16);
      for (const [name, args] of calls) {
        try {
          expect(guest.call(name, ...args)).toMatch(/^E[A-Z0-9]+$/);
        } catch (error) {
          if (!(error instanceof GuestExit)) throw error;
        }
      }
      expect(guest.wasi.state.live()).toEqual([]);
      guest.wasi.state.load(guest.wasi.state.save());
    }),
    { numRuns: 150, seed: 3 },
  );
});
