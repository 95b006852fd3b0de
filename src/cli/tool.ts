/** All that the package's executables do; `start.ts` loads it as one piece. */
export { cli } from './cli.js';
export { packages } from './packages.js';
export { usedParts } from './parts.js';

export async function goExec(words: readonly string[], goos: 'js' | 'wasip1'): Promise<number> {
  return (await import('./go-exec.js')).goExec(words, goos);
}
