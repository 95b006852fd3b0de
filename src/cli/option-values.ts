import type { Arguments } from './command.js';
import { EXIT, Refusal } from './errors.js';
import { nearest } from './nearest.js';

/** A whole number from `min` up to 2^53 − 1, in decimal or `0x`; undefined where the option is not given. */
export function wholeNumber({ options }: Arguments, name: string, min = 0, code: number = EXIT.refused): number | undefined {
  const text = options[name] as string | undefined;
  if (text === undefined) return undefined;
  const value = /^(?:[0-9]+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value) || value < min) throw new Refusal(`--${name} needs a whole number from ${min} up to 2^53 - 1, not "${text}"`, code);
  return value;
}

/** One of `choices`. */
export function choice<T extends string>({ options }: Arguments, name: string, choices: readonly T[], fallback: T, code: number = EXIT.refused): T {
  const text = options[name] as string | undefined;
  if (text === undefined) return fallback;
  if (!(choices as readonly string[]).includes(text)) throw new Refusal(`--${name} is ${list(choices)}, not "${text}"${hint(text, choices)}`, code);
  return text as T;
}

/** Names out of `choices`, separated by commas. */
export function choices<T extends string>({ options }: Arguments, name: string, all: readonly T[], fallback: readonly T[], code: number = EXIT.refused): readonly T[] {
  const text = options[name] as string | undefined;
  if (text === undefined) return fallback;
  const chosen = text.split(',').map((part) => part.trim());
  for (const part of chosen) {
    if (!(all as readonly string[]).includes(part)) throw new Refusal(`--${name} takes names out of ${list(all)}, not "${part}"${hint(part, all)}`, code);
  }
  return chosen as T[];
}

function list(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function hint(text: string, words: readonly string[]): string {
  const guess = nearest(text, words);
  return guess === undefined ? '' : `; did you mean ${guess}?`;
}
