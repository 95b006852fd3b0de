import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { debugged, transcriptOf } from './support.js';

/**
 * Golden transcripts: each script of `scripts/` names in its first line the programs that it is for and their arguments,
 * and has commands in the others. `node tools/record-transcripts.mjs` writes `transcripts/` anew.
 */
const scripts = join(import.meta.dirname, 'scripts');

for (const file of readdirSync(scripts).sort()) {
  const [head, ...lines] = readFileSync(join(scripts, file), 'utf8').split('\n');
  const [, names, args] = /^# ([^:]*)(?:: (.*))?$/.exec(head!)!;
  const commands = lines.filter((line) => line !== '' && !line.startsWith('#'));
  for (const name of names!.split(' ')) {
    it(`${file} on ${name}`, async () => {
      const text = await transcriptOf(await debugged(name, args?.split(' ') ?? []), commands);
      await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'transcripts', `${file.replace('.debug', '')}-${name}.txt`));
    });
  }
}

it("the README's tutorial is one of them", () => {
  const tutorial = /```text\n(?=go1\.)([\s\S]*?)```/.exec(readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8'))?.[1];
  expect(tutorial).toBe(readFileSync(join(import.meta.dirname, 'transcripts/lost-wakeup-go1.27-wasip1.txt'), 'utf8'));
});
