import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Data } from '../host/state.js';
import { DataError, decodeData, encodeData } from './data.js';

const data = fc.letrec<{ data: Data }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(tie('data'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('data'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).data;

describe('plain data as bytes', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(decodeData(encodeData(value))).toEqual(value);
      }),
      { seed: 1 },
    );
  });

  it('is written in one way only', () => {
    expect(encodeData({ b: 1, a: 2n })).toEqual(encodeData({ a: 2n, b: 1 }));
  });

  it('is refused when it is cut or altered, and never anything but an error of its own', () => {
    const bytes = encodeData({ text: 'a text', list: [1, 2n, null, true], bytes: Uint8Array.of(1, 2, 3), more: { x: -12345678901234567890n } });
    for (let end = 0; end < bytes.length; end++) expect(() => decodeData(bytes.subarray(0, end))).toThrow(DataError);
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 5, 7, 0x7f, 0xff]) {
        const altered = bytes.slice();
        altered[at] = value;
        try {
          decodeData(altered);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }
    }
  });
});
