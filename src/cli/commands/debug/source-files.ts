import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Larger than any source. */
const LARGEST = 16 * 2 ** 20;

/**
 * Finds the source files that a program names. A path as the linker wrote it, if it is absolute; else, and for paths of
 * another machine, ever shorter ends of it in `folders`.
 */
export function sourceReader(folders: readonly string[]): (path: string) => readonly string[] | undefined {
  const known = new Map<string, readonly string[] | undefined>();
  return (path) => {
    if (!known.has(path)) known.set(path, lines(path, folders));
    return known.get(path);
  };
}

function lines(path: string, folders: readonly string[]): readonly string[] | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  const candidates = folders.flatMap((folder) => parts.map((_, i) => join(folder, ...parts.slice(i))));
  for (const candidate of [...(isAbsolute(path) ? [path] : []), ...candidates]) {
    const text = read(candidate);
    if (text !== undefined) return text.split(/\r?\n/);
  }
  return undefined;
}

/** The commands of a script: its lines but for empty ones and those that begin with #. Throws what reading the file throws. */
export function readScript(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

function read(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= LARGEST ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
