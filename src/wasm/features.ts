/**
 * What of the language is admitted. One name per proposal, finished ones included, because the official suite holds
 * folders on older bases than 3.0; `mvp` is always there.
 */
export const FEATURES = [
  'mvp',
  'mutable-globals',
  'sign-extension',
  'saturating-conversions',
  'multi-value',
  'bulk-memory',
  'reference-types',
  'simd',
  'relaxed-simd',
  'extended-const',
  'tail-calls',
  'multi-memory',
  'memory64',
  'function-references',
  'gc',
  'exceptions',
  'legacy-exceptions',
  'threads',
  'wide-arithmetic',
  'custom-page-sizes',
  'custom-descriptors',
] as const;

export type Feature = (typeof FEATURES)[number];
export type Features = ReadonlySet<Feature>;

/** Not in the standard (yet, or not any more): switched on by name, never by default. */
export const OPTIONAL_FEATURES: readonly Feature[] = [
  'legacy-exceptions',
  'threads',
  'wide-arithmetic',
  'custom-page-sizes',
  'custom-descriptors',
];

/** WebAssembly 3.0, all of it. The default. */
export const WASM_3: Features = new Set(FEATURES.filter((feature) => !OPTIONAL_FEATURES.includes(feature)));

/** The base that the threads proposal stands on: one memory, one table, 32-bit addresses. */
export const THREADS_BASE: Features = new Set<Feature>(['mvp', 'mutable-globals', 'threads']);

/** `base` and what is named besides. */
export function withFeatures(base: Features, ...more: readonly Feature[]): Features {
  return new Set([...base, ...more]);
}
