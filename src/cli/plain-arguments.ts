import type { Arguments, Command } from './command.js';

/**
 * A command line of long options that the command knows, each at most once unless it takes a list, its value a word of
 * its own; undefined for any other, which yargs understands, or refuses. It answers what yargs would, without loading it:
 * that takes longer than most short programs run.
 */
export function plainArguments({ options: known, guestWords }: Command, args: readonly string[]): Arguments | undefined {
  if (!guestWords) return undefined;
  const options: Record<string, unknown> = {};
  let at = 0;
  while (at < args.length && args[at]!.startsWith('-')) {
    const word = args[at++]!;
    const name = word.slice(2);
    if (!word.startsWith('--') || !Object.hasOwn(known, name)) return undefined;
    const { type, array } = known[name]!;
    const value = args[at];
    const before = options[name];
    if (type === 'boolean') {
      // Yargs takes one of these words for its value.
      if (before !== undefined || value === 'true' || value === 'false') return undefined;
      options[name] = true;
      continue;
    }
    // Yargs takes quotes away.
    if (type !== 'string' || value === undefined || /^(?:$|[-'"])/.test(value)) return undefined;
    at++;
    if (array === true) options[name] = [...((before as string[] | undefined) ?? []), value];
    else if (before === undefined) options[name] = value;
    else return undefined;
  }
  return { options, words: args.slice(at) };
}
