import { mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from './compare.js';
import { common } from './features.js';
import { Generator } from './generator.js';

/**
 * The process of tools/fuzz.mjs that compares: `campaign WASM_OPT FIRST COUNT DEADLINE TIER FOLDER`, all modules from
 * one seed on until the deadline (milliseconds since 1970). It says one JSON line per module, before and after.
 */
const [wasmOpt, first, count, deadline, tier, folder] = process.argv.slice(2) as [string, string, string, string, 'auto' | 'interp' | 'compiled', string];

const say = (what: object): void => void writeSync(1, `${JSON.stringify(what)}\n`);

const { flags, features, missing } = common();
say({ node: process.version, missing });
const generator = new Generator(wasmOpt, flags);
try {
  for (let seed = Number(first); seed < Number(first) + Number(count) && Date.now() < Number(deadline); seed++) {
    say({ begun: seed });
    const bytes = await generator.generate(seed);
    const { difference, calls, excluded } = compare(bytes, seed, tier, features);
    if (difference !== undefined) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${seed}.wasm`), bytes);
      writeFileSync(join(folder, `${seed}.txt`), `seed ${seed}, tier ${tier}, node ${process.version}\n${difference}\n`);
    }
    say({ seed, size: bytes.length, difference, calls, excluded });
  }
} finally {
  generator.close();
}
