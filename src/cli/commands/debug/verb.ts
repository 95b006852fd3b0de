import type { Checkpoint } from '../../../debug/session.js';
import type { Console } from './console.js';

export const PROMPT = '(retunwind) ';

/** Under what a command stands in the help. */
export const GROUPS = ['Running', 'Backwards', 'Breakpoints', 'Goroutines and stacks', 'Data', 'Code', 'Go and its trampoline', 'Session'] as const;

/** One command of the session: help, completion and the search for what was meant read these rows. */
export interface Verb {
  readonly name: string;
  readonly aliases: readonly string[];
  /** What follows the name. */
  readonly usage: string;
  readonly group: (typeof GROUPS)[number];
  /** One line. */
  readonly about: string;
  /** More, for `help NAME`. */
  readonly details?: readonly string[];
  /** What may stand after the name, for completion. */
  readonly complete?: (console: Console, word: string) => readonly string[];
  /** Can stand after `rev`. */
  readonly reversible?: boolean;
  run(console: Console, rest: string): Promise<void> | void;
}

/** What was asked for cannot be done; the message says why. */
export class Complaint extends Error {
  override readonly name = 'Complaint';
}

/** A whole number, decimal or 0x. */
export function wholeNumber(text: string, what: string): number {
  const value = /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new Complaint(text === '' ? `${what} is missing` : `${what} is a whole number, not "${text}"`);
  return value;
}

/** For completion: functions that a half-written name may become. */
export function functionNames({ session }: Console, word: string): readonly string[] {
  return session.target.functions.map(({ name }) => name).filter((name) => name.startsWith(word)).slice(0, MOST_NAMES);
}
const MOST_NAMES = 200;

/** The checkpoint that is called so: c1. Throws `Complaint`. */
export function checkpointNamed({ session }: Console, text: string): Checkpoint {
  const found = session.checkpoints.find(({ id }) => `c${id}` === text);
  if (found === undefined) throw new Complaint(text === '' ? 'which checkpoint? Say its name' : `there is no checkpoint ${text}`);
  return found;
}
/** For completion. */
export function checkpointNames({ session }: Console): readonly string[] {
  return session.checkpoints.map(({ id }) => `c${id}`);
}

/** A regular expression that the user gave; empty fits everything. Throws `Complaint`. */
export function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw new Complaint(`${text} is no regular expression`);
  }
}

/** The first word, and what follows it. */
export function firstWord(text: string): readonly [word: string, rest: string] {
  const trimmed = text.trim();
  const at = trimmed.search(/\s/);
  return at < 0 ? [trimmed, ''] : [trimmed.slice(0, at), trimmed.slice(at).trim()];
}
