import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { loadProgram } from './support/programs.js';

const root = join(import.meta.dirname, '..');

it("the README's example of the library is type-checked and runs", async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  mkdirSync(join(root, '.cache'), { recursive: true });
  // Inside of the project, so that it finds the package by its own name.
  const folder = mkdtempSync(join(root, '.cache/readme-'));
  try {
    writeFileSync(join(folder, 'example.ts'), example);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { noEmit: false, rootDir: '.', outDir: 'out', types: ['node'] },
        include: ['example.ts'],
      }),
    );
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
    const { run } = (await import(join(folder, 'out/example.js'))) as { run: (bytes: Uint8Array) => string };
    const lines = run(loadProgram('hello-go1.27-wasip1')).trimEnd().split('\n');
    expect(lines.slice(-2)).toEqual(['Hello from Go', 'exit code 0']);
    expect(lines.join('\n')).toMatch(/^\S+ \(function \d+, at byte 0x[0-9a-f]+\)$/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
