import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { profileOf } from '../../src/script/profiles.js';
import { runScript, type ScriptFailure } from '../../src/script/run-script.js';
import { scripts, suiteFolder } from '../support/suite.js';

/** The scripts executed: our own and, where it is there, the official suite. */

const OWN = join(import.meta.dirname, '../wast');
const official = suiteFolder();

const TIERS = ['interp', 'compiled'] as const;

function run(folder: string, path: string, tier: (typeof TIERS)[number], random?: () => number): readonly ScriptFailure[] {
  const snapshots = random === undefined ? undefined : { every: 10, random };
  return runScript(readFileSync(join(folder, path)), { features: profileOf(path).features, tier, snapshots }).failures;
}

/** A small generator of its own, so that a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x80000000;
}

describe('our own scripts', () => {
  it.each(scripts(OWN))('%s', (path) => {
    for (const tier of TIERS) {
      expect(run(OWN, path, tier), tier).toEqual([]);
      expect(run(OWN, path, tier, seeded(1)), tier).toEqual([]);
    }
  });
});

describe.skipIf(official === undefined)('the official suite', () => {
  const paths = official === undefined ? [] : scripts(official);

  it.each(TIERS)('holds, %s, with a snapshot restored at a random point of every tenth action', { timeout: 300_000 }, (tier) => {
    const random = seeded(1);
    const failures = paths.flatMap((path) => run(official!, path, tier, random).map(({ line, message }) => `${path}:${line}: ${message}`));
    expect(failures).toEqual([]);
  });
});
