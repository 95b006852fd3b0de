import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { profileOf } from '../../src/script/profiles.js';
import { runScript, type ScriptFailure } from '../../src/script/run-script.js';
import { scripts, suiteFolder } from '../support/suite.js';

/** The scripts executed: our own and, where it is there, the official suite. */

const OWN = join(import.meta.dirname, '../wast');
const official = suiteFolder();

/** Scripts that need what the engine does not have yet. Each must still fail, so that the list cannot outlive its reason. */
const PENDING: readonly RegExp[] = [/^(instance|throw|throw_ref|try_table)\.wast/, /^legacy\//, /^proposals\/threads\/atomic/];

function isPending(path: string): boolean {
  return PENDING.some((pattern) => pattern.test(path));
}

function run(folder: string, path: string, random?: () => number): readonly ScriptFailure[] {
  const snapshots = random === undefined ? undefined : { every: 10, random };
  return runScript(readFileSync(join(folder, path)), { features: profileOf(path).features, snapshots }).failures;
}

/** A small generator of its own, so that a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x80000000;
}

describe('our own scripts', () => {
  it.each(scripts(OWN))('%s', (path) => {
    expect(run(OWN, path)).toEqual([]);
    expect(run(OWN, path, seeded(1))).toEqual([]);
  });
});

describe.skipIf(official === undefined)('the official suite', () => {
  const paths = official === undefined ? [] : scripts(official);
  const failures = (all: readonly string[], random?: () => number): string[] =>
    all.flatMap((path) => run(official!, path, random).map(({ line, message }) => `${path}:${line}: ${message}`));

  it('holds, with snapshots in the middle of every tenth action', { timeout: 300_000 }, () => {
    expect(failures(paths.filter((path) => !isPending(path)), seeded(1))).toEqual([]);
  });

  it('still fails where something is missing', { timeout: 300_000 }, () => {
    expect(paths.filter((path) => isPending(path) && run(official!, path).length === 0)).toEqual([]);
  });
});
