import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Console } from './console.js';
import { firstWord, PROMPT } from './verb.js';

const HISTORY = 1000;

/** Reads commands from a person, or from a pipe, until there are no more. An empty line repeats the last command. */
export async function converse(console: Console, interruption: Interruption): Promise<void> {
  const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const file = join(homedir(), '.retunwind_history');
  const lines = createInterface({
    input: process.stdin,
    ...(terminal && { output: process.stdout, history: readHistory(file), historySize: HISTORY }),
    terminal,
    prompt: PROMPT,
    completer: (line: string) => complete(console, line),
  });
  let history: readonly string[] = [];
  lines.on('history', (all: string[]) => (history = all));
  lines.on('SIGINT', () => {
    if (interruption.running) interruption.asked = true;
    else {
      lines.write(null, { ctrl: true, name: 'u' });
      console.write('(exit leaves)');
      lines.prompt();
    }
  });
  const interrupt = (): void => void (interruption.asked = true);
  process.on('SIGINT', interrupt);
  try {
    await talk(console, lines, terminal, interruption);
  } finally {
    process.off('SIGINT', interrupt);
    lines.close();
    if (terminal) writeHistory(file, history);
  }
}

/** How long a search is silent, and between two reports of it, in milliseconds. */
const SILENT_MS = 500;
const REPORT_MS = 100;

/** How far a long search has come, on the last line of the terminal until something else is written. */
export class Meter {
  private reported: number | undefined = undefined;
  private shown = false;

  /** `done`: 0 to 1. */
  readonly show = (done: number): void => {
    const now = performance.now();
    this.reported ??= now + SILENT_MS - REPORT_MS;
    if (now - this.reported < REPORT_MS) return;
    this.reported = now;
    this.shown = true;
    process.stderr.write(`\r\x1b[Ksearching: ${Math.floor(Math.min(Math.max(done, 0), 1) * 100)} %`);
  };
  clear(): void {
    this.reported = undefined;
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}

/** How a running command is told to stop. */
export interface Interruption {
  running: boolean;
  asked: boolean;
}

async function talk(console: Console, lines: Interface, terminal: boolean, interruption: Interruption): Promise<void> {
  let last = '';
  if (terminal) lines.prompt();
  for await (const line of lines) {
    const command = line.trim() === '' && terminal ? last : line.trim();
    last = command;
    if (!terminal && command !== '') console.write(`${PROMPT}${command}`);
    interruption.asked = false;
    interruption.running = true;
    try {
      await console.execute(command);
    } finally {
      interruption.running = false;
    }
    if (console.leaving) return;
    if (terminal) lines.prompt();
  }
}

/** What the last word of a half-written command may become. */
export function complete(console: Console, line: string): [string[], string] {
  const names = console.verbs.flatMap(({ name, aliases }) => [name, ...aliases]);
  const [word, rest] = firstWord(line);
  if (!/\s/.test(line.trimStart())) return [names.filter((name) => name.startsWith(word)).sort(), word];
  const last = rest.slice(rest.search(/\S*$/));
  const verb = console.verbs.find(({ name, aliases }) => name === word || aliases.includes(word));
  return [(verb?.complete?.(console, last) ?? []).filter((name) => name.startsWith(last)), last];
}

function readHistory(file: string): string[] {
  if (!existsSync(file)) return [];
  try {
    return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').slice(0, HISTORY);
  } catch {
    return [];
  }
}
function writeHistory(file: string, history: readonly string[]): void {
  try {
    writeFileSync(file, history.join('\n'), { mode: 0o600 });
  } catch {
    // A home that cannot be written to is no reason to complain.
  }
}
