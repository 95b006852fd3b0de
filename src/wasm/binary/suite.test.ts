import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BinaryCase, binaryCases, scripts, suiteFolder } from '../../../spec-tests/support/suite.js';
import { profileOf } from '../../script/profiles.js';
import { DecodeError, ValidationError } from '../errors.js';
import type { Features } from '../features.js';
import { validate } from '../validate/validate.js';
import { decode } from './decode.js';

const folder = suiteFolder();

/** What is wrong, or undefined if the case went as the suite expects. */
function difference({ bytes, expected, text }: BinaryCase, features: Features): string | undefined {
  try {
    validate(decode(bytes, features), features);
  } catch (error) {
    const keyword = error instanceof DecodeError ? 'assert_malformed' : error instanceof ValidationError ? 'assert_invalid' : 'crash';
    const { message } = error as Error;
    return keyword === expected && message.startsWith(text) ? undefined : `expected ${expected} "${text}", got ${keyword} "${message}"`;
  }
  return expected === 'valid' ? undefined : `expected ${expected} "${text}", got no error`;
}

describe.skipIf(folder === undefined)('modules in binary form of the official suite', () => {
  const differences: string[] = [];
  let count = 0;
  for (const script of folder === undefined ? [] : scripts(folder)) {
    for (const item of binaryCases(join(folder!, script))) {
      count++;
      const wrong = difference(item, profileOf(script).features);
      if (wrong !== undefined) differences.push(`${script}:${item.line}: ${wrong}`);
    }
  }

  it('are accepted or refused with the expected text', () => {
    expect(differences).toEqual([]);
  });
  it('are all there', () => {
    expect(count).toBeGreaterThan(1000);
  });
});
