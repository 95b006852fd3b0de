import type { Options } from 'yargs';
import { type Feature, type Features, OPTIONAL_FEATURES, withFeatures } from '../wasm/features.js';
import type { Arguments } from './command.js';
import { choices } from './option-values.js';

/** `--features`, of every command that reads a module. */
export const FEATURES_OPTION: Options = {
  type: 'string',
  requiresArg: true,
  describe: `Admit what is not in the standard, by name: ${OPTIONAL_FEATURES.join(',')}`,
};

export function namedFeatures(args: Arguments, code?: number): readonly Feature[] {
  return choices(args, 'features', OPTIONAL_FEATURES, [], code);
}

/** A line that names the feature which would admit a module, for the message that refuses it; or nothing. */
export function featureHint(features: Features, admits: (features: Features) => boolean): string {
  const missing = OPTIONAL_FEATURES.find((feature) => !features.has(feature) && admits(withFeatures(features, feature)));
  return missing === undefined ? '' : `\nit needs what is not in the standard: --features ${missing}`;
}
