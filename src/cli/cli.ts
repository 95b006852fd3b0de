import { existsSync, readFileSync } from 'node:fs';
import { type Command, helpOf, parseArguments } from './command.js';
import { inspect } from './commands/inspect.js';
import { record } from './commands/record.js';
import { replay } from './commands/replay.js';
import { resume } from './commands/resume.js';
import { run } from './commands/run.js';
import { spec } from './commands/spec.js';
import { trace } from './commands/trace.js';
import { wasm2wat } from './commands/wasm2wat.js';
import { wat2wasm } from './commands/wat2wasm.js';
import { EXIT, Refusal } from './errors.js';
import { nearest } from './nearest.js';
import { print } from './output.js';
import { report } from './report.js';

const COMMANDS: readonly Command[] = [run, trace, record, replay, resume, inspect, spec, wat2wasm, wasm2wat];

/** The command line `retunwind …`; answers the exit code and never throws. */
export async function cli(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    return report(error);
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    print(help());
    return EXIT.usage;
  }
  if (first === '--help' || (first === 'help' && rest.length === 0)) {
    print(help());
    return EXIT.ok;
  }
  if (first === '--version') return version();
  const named = COMMANDS.find((command) => command.name === first);
  if (named !== undefined) return execute(named, rest);
  if (first === 'help') return execute(find(rest[0]!), ['--help']);
  // A word that can be no file's name is a mistyped command.
  if (/^[a-z0-9-]+$/i.test(first) && !first.startsWith('-') && !existsSync(first)) find(first);
  return execute(run, args);
}

function find(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const guess = nearest(name, COMMANDS.map((candidate) => candidate.name));
  throw new Refusal(`there is no command and no file "${name}"${guess === undefined ? '' : `; did you mean ${guess}?`} (see retunwind --help)`);
}

async function execute(command: Command, args: readonly string[]): Promise<number> {
  const parsed = await parseArguments(command, args);
  if (parsed.options['help'] === true) {
    print(`${await helpOf(command)}\n`);
    return EXIT.ok;
  }
  if (parsed.options['version'] === true) return version();
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

function help(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  return [
    'retunwind: a deterministic WebAssembly machine that understands Go',
    '',
    '  retunwind FILE [args…]          run a module: the same as retunwind run FILE [args…]',
    '  retunwind COMMAND [options] …   see retunwind COMMAND --help',
    '',
    'Commands:',
    ...COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Options:',
    '  --help     Show this help',
    '  --version  Show the version',
    '',
  ].join('\n');
}
