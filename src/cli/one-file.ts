import type { Arguments } from './command.js';
import { EXIT, Refusal } from './errors.js';

/** The one file that a command takes. */
export function onlyFile({ words }: Arguments, exitCode: number = EXIT.usage): string {
  const [path, extra] = words;
  if (path === undefined) throw new Refusal('a file is missing', exitCode);
  if (extra !== undefined) throw new Refusal(`one file is enough: what is "${extra}"?`, exitCode);
  return path;
}
