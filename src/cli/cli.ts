import { existsSync, readFileSync } from 'node:fs';
import { type Command, helpOf, parseArguments } from './command.js';
import { EXIT, Refusal } from './errors.js';
import { nearest } from './nearest.js';
import { holdOptimiser } from './optimiser.js';
import { print } from './output.js';
import { usedParts } from './parts.js';
import { report } from './report.js';

/** By name, in the order of the help. What a command needs is loaded when it is called: starting up is most of a short run. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.js')).run,
  trace: async () => (await import('./commands/trace.js')).trace,
  record: async () => (await import('./commands/record.js')).record,
  replay: async () => (await import('./commands/replay.js')).replay,
  resume: async () => (await import('./commands/resume.js')).resume,
  debug: async () => (await import('./commands/debug.js')).debug,
  inspect: async () => (await import('./commands/inspect.js')).inspect,
  spec: async () => (await import('./commands/spec.js')).spec,
  wat2wasm: async () => (await import('./commands/wat2wasm.js')).wat2wasm,
  wasm2wat: async () => (await import('./commands/wasm2wat.js')).wasm2wat,
};
const NAMES = Object.keys(COMMANDS);

/** The command line `retunwind …`; answers the exit code and never throws. */
export async function cli(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    return report(error);
  } finally {
    holdOptimiser(false);
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    print(await help());
    return EXIT.usage;
  }
  if (first === '--help' || (first === 'help' && rest.length === 0)) {
    print(await help());
    return EXIT.ok;
  }
  if (first === '--version') return version();
  if (NAMES.includes(first)) return execute(await find(first), rest);
  if (first === 'help') return execute(await find(rest[0]!), ['--help']);
  // A word that can be no file's name is a mistyped command.
  if (/^[a-z0-9-]+$/i.test(first) && !first.startsWith('-') && !existsSync(first)) await find(first);
  return execute(await find('run'), args);
}

async function find(name: string): Promise<Command> {
  if (NAMES.includes(name)) return COMMANDS[name]!();
  const guess = nearest(name, NAMES);
  throw new Refusal(`there is no command and no file "${name}"${guess === undefined ? '' : `; did you mean ${guess}?`} (see retunwind --help)`);
}

async function execute(command: Command, args: readonly string[]): Promise<number> {
  const parsed = await parseArguments(command, args);
  if (parsed.options['help'] === true) {
    print(`${await helpOf(command)}\n`);
    return EXIT.ok;
  }
  if (parsed.options['version'] === true) return version();
  usedParts.add(command.name);
  try {
    return await command.run(parsed);
  } catch (error) {
    // Only where a guest has exit codes of its own are there more of ours.
    if (error instanceof Refusal && command.usageCode === EXIT.usage) throw new Refusal(error.message, toolCode(error.exitCode));
    throw error;
  }
}

function toolCode(code: number): number {
  return code === EXIT.notLoadable ? EXIT.checksFailed : EXIT.usage;
}

function version(): number {
  const { version: text } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  print(`retunwind ${text}\n`);
  return EXIT.ok;
}

async function help(): Promise<string> {
  const commands = await Promise.all(NAMES.map(find));
  const width = Math.max(...NAMES.map((name) => name.length));
  return [
    'retunwind: a deterministic WebAssembly machine that understands Go',
    '',
    '  retunwind FILE [args…]          run a module: the same as retunwind run FILE [args…]',
    '  retunwind COMMAND [options] …   see retunwind COMMAND --help',
    '',
    'Commands:',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Options:',
    '  --help     Show this help',
    '  --version  Show the version',
    '',
  ].join('\n');
}
