import type { Argv, Options } from 'yargs';
import { nearest } from './nearest.js';
import { Refusal } from './errors.js';
import { packages } from './packages.js';
import { plainArguments } from './plain-arguments.js';

/** One subcommand: what it is called, what it takes and what it does. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after `retunwind NAME`, e.g. `[options] MODULE [args…]`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, Options>>;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Exit code of a wrong command line: 125 where the guest's own codes must stay free, else 2. */
  readonly usageCode: 125 | 2;
  /** Options end at the first word that is none (the module), because what follows is the guest's. */
  readonly guestWords: boolean;
  /** After `--help`'s list of options. */
  readonly notes?: string;
  /** Returns the exit code. */
  run(args: Arguments): Promise<number>;
}

/** A parsed command line. */
export interface Arguments {
  readonly options: Readonly<Record<string, unknown>>;
  /** What is no option. */
  readonly words: readonly string[];
}

const COMMON: Readonly<Record<string, Options>> = {
  help: { type: 'boolean', describe: 'Show this help' },
  version: { type: 'boolean', describe: 'Show the version' },
};

/** Nothing is guessed: no abbreviations, no negated or grouped options, no numbers out of strings. */
const PARSER = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': true,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
  'strip-aliased': true,
};

async function parser(command: Command): Promise<Argv> {
  // It takes as long to load as all of ours, so it is loaded where there is something to parse.
  const { default: yargs } = await packages.yargs();
  const y = yargs()
    .scriptName('retunwind')
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({ ...PARSER, 'halt-at-non-option': command.guestWords })
    .usage(`retunwind ${command.name} ${command.usage}\n\n${command.summary}`)
    .options({ ...command.options, ...COMMON })
    .wrap(100)
    .fail((message, error) => {
      throw error ?? new Refusal(message, command.usageCode);
    });
  for (const [line, meaning] of command.examples) y.example(line, meaning);
  if (command.notes !== undefined) y.epilogue(command.notes);
  return y;
}

/** The text of `retunwind NAME --help`. */
export async function helpOf(command: Command): Promise<string> {
  return (await parser(command)).getHelp();
}

/** Throws a `Refusal` for what the command does not know. */
export async function parseArguments(command: Command, args: readonly string[]): Promise<Arguments> {
  return plainArguments(command, args) ?? askYargs(command, args);
}

/** Parses any command line. Throws a `Refusal` as `parseArguments` does. */
export async function askYargs(command: Command, args: readonly string[]): Promise<Arguments> {
  const known = new Set([...Object.keys(command.options), ...Object.keys(COMMON)]);
  for (const spec of Object.values(command.options)) for (const alias of [spec.alias ?? []].flat()) known.add(alias);
  const { _: words, $0: _name, ...options } = await (await parser(command)).parseAsync([...args]);
  for (const name of Object.keys(options)) {
    if (known.has(name)) continue;
    const dashed = name.length === 1 ? `-${name}` : `--${name}`;
    const guess = nearest(name, [...known].filter((option) => option.length > 1));
    throw new Refusal(`unknown option ${dashed}${guess === undefined ? '' : `; did you mean --${guess}?`} (see retunwind ${command.name} --help)`, command.usageCode);
  }
  for (const [name, spec] of Object.entries(command.options)) {
    const value = options[name];
    if (value === undefined) continue;
    if (spec.type !== 'array' && spec.array !== true && Array.isArray(value)) throw new Refusal(`--${name} is given more than once`, command.usageCode);
    if (value === '' || (Array.isArray(value) && value.includes(''))) throw new Refusal(`--${name} needs a value`, command.usageCode);
  }
  return { options, words: words.map(String) };
}
