import type { Options } from 'yargs';
import type { Feature } from '../wasm/features.js';
import type { Arguments } from './command.js';
import { Refusal } from './errors.js';
import { FEATURES_OPTION, namedFeatures } from './feature-options.js';
import { choice, wholeNumber } from './option-values.js';

/** The options of every command that runs a guest. */
export const GUEST_OPTIONS: Readonly<Record<string, Options>> = {
  dir: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'A folder the guest may use, HOST[::GUEST] (repeatable); it can reach no other',
  },
  env: { type: 'string', array: true, requiresArg: true, describe: 'A variable of its environment, K=V (repeatable); nothing is inherited' },
  invoke: { type: 'string', requiresArg: true, describe: 'Call this export; the words after MODULE are its arguments, typed by its signature' },
  clock: { type: 'string', requiresArg: true, describe: 'real or virtual: virtual time moves with the instructions and jumps over idle waits' },
  seed: { type: 'string', requiresArg: true, describe: 'Random data come from this whole number' },
  'host-globals': { type: 'boolean', describe: "A Go js/wasm program sees Node's own global object" },
  'max-instructions': { type: 'string', requiresArg: true, describe: 'Stop after so many instructions, with exit code 124' },
  'max-memory': { type: 'string', requiresArg: true, describe: 'Let no memory, nor all objects, grow beyond so many bytes' },
  'max-call-depth': { type: 'string', requiresArg: true, describe: 'Let calls nest no deeper' },
  features: FEATURES_OPTION,
  tier: { type: 'string', requiresArg: true, describe: 'auto, interp or compiled: differ in speed only' },
  trampoline: { type: 'string', requiresArg: true, describe: "module or host: who resumes Go's goroutines after an unwinding" },
  stats: { type: 'boolean', describe: 'At the end, one line of figures on stderr' },
};

export interface Preopen {
  readonly host: string;
  readonly guest: string;
}

/** What `GUEST_OPTIONS` say. */
export interface GuestSettings {
  readonly dirs: readonly Preopen[];
  /** `K=V` each. */
  readonly env: readonly string[];
  readonly invoke: string | undefined;
  readonly clock: 'real' | 'virtual';
  /** Undefined: random data are real. */
  readonly seed: number | undefined;
  readonly hostGlobals: boolean;
  readonly maxInstructions: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly maxCallDepth: number | undefined;
  /** Beyond the standard. */
  readonly features: readonly Feature[];
  readonly tier: 'auto' | 'interp' | 'compiled';
  readonly trampoline: 'module' | 'host';
  readonly stats: boolean;
}

export function guestSettings(args: Arguments, defaults: { readonly clock: 'real' | 'virtual'; readonly seed?: number }): GuestSettings {
  const { options } = args;
  return {
    dirs: ((options['dir'] as string[] | undefined) ?? []).map(preopen),
    env: ((options['env'] as string[] | undefined) ?? []).map(variable),
    invoke: options['invoke'] as string | undefined,
    clock: choice(args, 'clock', ['real', 'virtual'], defaults.clock),
    seed: wholeNumber(args, 'seed') ?? defaults.seed,
    hostGlobals: options['host-globals'] === true,
    maxInstructions: wholeNumber(args, 'max-instructions', 1),
    maxMemoryBytes: wholeNumber(args, 'max-memory'),
    maxCallDepth: wholeNumber(args, 'max-call-depth', 1),
    features: namedFeatures(args),
    tier: choice(args, 'tier', ['auto', 'interp', 'compiled'], 'auto'),
    trampoline: choice(args, 'trampoline', ['module', 'host'], 'module'),
    stats: options['stats'] === true,
  };
}

/** `HOST[::GUEST]`; without GUEST the guest knows it by the same name. */
function preopen(text: string): Preopen {
  const at = text.indexOf('::');
  const host = at < 0 ? text : text.slice(0, at);
  const guest = at < 0 ? text : text.slice(at + 2);
  if (host === '' || guest === '') throw new Refusal(`--dir needs HOST or HOST::GUEST, not "${text}"`);
  return { host, guest };
}

function variable(text: string): string {
  if (text.indexOf('=') < 1) throw new Refusal(`--env needs K=V, not "${text}"`);
  return text;
}

/**
 * The patience for a tier. With `compiled`, what has run for a moment is compiled without what has never run in it: the
 * host's optimiser gets through that much sooner than through all that is ever called.
 */
export function patienceOf(tier: GuestSettings['tier']): number | undefined {
  return tier === 'compiled' ? 1 : undefined;
}
