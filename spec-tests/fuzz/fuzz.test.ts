import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WASM_3 } from '../../src/wasm/features.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { compare } from './compare.js';
import { common } from './features.js';
import { Generator } from './generator.js';
import { hostWebAssembly } from './host-engine.js';

/** A short run of what tools/fuzz.mjs does for hours, in the engine of the Node that runs the tests. */

const { flags, features, missing } = common();
if (missing.length > 0) {
  process.stderr.write(
    `random modules without ${missing.join(', ')}: the engine of Node ${process.versions.node} lacks them; Node 26 has them all (tools/fuzz.mjs asks it)\n`,
  );
}

const TIERS = ['interp', 'compiled'] as const;
const MODULES = 25;
const FIRST_SEED = 1_000_000;

describe('random modules', () => {
  const wasmOpt = join(dirname(createRequire(import.meta.url).resolve('binaryen/package.json')), 'bin/wasm-opt');
  const generator = new Generator(wasmOpt, flags);
  afterAll(() => generator.close());

  it('behave in both tiers as in the engine of the host', { timeout: 300_000 }, async () => {
    const totals = { calls: 0, whole: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + MODULES; seed++) {
      const bytes = await generator.generate(seed);
      for (const tier of TIERS) {
        const { difference, calls, excluded } = compare(bytes, seed, tier, features);
        expect(difference, `seed ${seed}, ${tier}`).toBeUndefined();
        totals.calls += calls;
        if (Object.keys(excluded).length === 0) totals.whole++;
      }
    }
    // Were the modules empty or all left out, nothing would have been compared.
    expect(totals.calls).toBeGreaterThan(MODULES * 4);
    expect(totals.whole).toBeGreaterThan(MODULES);
  });
});

const CASES = join(import.meta.dirname, 'cases');

describe('modules kept from longer runs', () => {
  for (const name of readdirSync(CASES)) {
    const file = readFileSync(join(CASES, name));
    const bytes = name.endsWith('.wat') ? assemble(file).bytes : file;
    const known = hostWebAssembly().validate(bytes);
    if (!known) process.stderr.write(`skipped: ${name} needs what the engine of Node ${process.versions.node} lacks\n`);
    it.skipIf(!known).each(TIERS)(`${name}, %s`, (tier) => {
      expect(compare(bytes, Number.parseInt(name, 10) || 0, tier, WASM_3)).toMatchObject({ difference: undefined });
    });
  }
});
