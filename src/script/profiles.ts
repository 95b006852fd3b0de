import { type Feature, type Features, THREADS_BASE, WASM_3, withFeatures } from '../wasm/features.js';

/** What of the language the scripts of a folder are written in. The folders contradict each other, so nothing is merged. */
export interface Profile {
  readonly name: string;
  /** The path of its folder in the official suite; undefined for everything that stands in no other profile's folder. */
  readonly folder: string | undefined;
  readonly features: Features;
}

const onTopOf3 = (name: Feature, folder: string = `proposals/${name}`): Profile => ({ name, folder, features: withFeatures(WASM_3, name) });

export const STANDARD: Profile = { name: 'wasm-3.0', folder: undefined, features: WASM_3 };

/** The others: they run only where `--proposals` names them. */
export const PROPOSALS: readonly Profile[] = [
  onTopOf3('legacy-exceptions', 'legacy'),
  { name: 'threads', folder: 'proposals/threads', features: THREADS_BASE },
  onTopOf3('wide-arithmetic'),
  onTopOf3('custom-page-sizes'),
  onTopOf3('custom-descriptors'),
];

/** The profile of a script by the folders in its path. */
export function profileOf(path: string): Profile {
  const folders = `/${path.replaceAll('\\', '/').split('/').slice(0, -1).join('/')}/`;
  return PROPOSALS.find(({ folder }) => folders.includes(`/${folder!}/`)) ?? STANDARD;
}
