import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { loadProgram } from '../support/programs.js';

const root = join(import.meta.dirname, '../..');

it("the README's example of a session is type-checked and runs", async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const example = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!).find((text) => text.includes('debugProgram'))!;
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  mkdirSync(join(root, '.cache'), { recursive: true });
  // Inside of the project, so that it finds the package by its own name.
  const folder = mkdtempSync(join(root, '.cache/readme-debug-'));
  try {
    writeFileSync(join(folder, 'example.ts'), example);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { noEmit: false, rootDir: '.', outDir: 'out', types: ['node'] }, include: ['example.ts'] }),
    );
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
    const { whoIsStuck } = (await import(join(folder, 'out/example.js'))) as { whoIsStuck: (bytes: Uint8Array, args: string[]) => Promise<string[]> };
    const lines = await whoIsStuck(loadProgram('go1.27-wasip1'), ['lost-wakeup']);
    expect(lines.map((line) => line.replace(/\d+$/, ''))).toEqual(['goroutine 7 [chan receive] main.(*mailbox).take line ', 'goroutine 1 main.(*mailbox).put line 237 at clock ']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
