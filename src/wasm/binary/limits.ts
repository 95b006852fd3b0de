/**
 * What a module may contain at most: the limits that the JavaScript API prescribes for browsers (its appendix
 * "Implementation-defined Limits"), so that nothing which runs there is refused, and a hostile module cannot make us
 * spend memory or time out of proportion to its size.
 */
export const LIMITS = {
  types: 1_000_000,
  imports: 1_000_000,
  functions: 1_000_000,
  tables: 100_000,
  memories: 100,
  tags: 1_000_000,
  globals: 1_000_000,
  exports: 1_000_000,
  'element segments': 1_000_000,
  'elements of a segment': 10_000_000,
  'data segments': 100_000,
  parameters: 1000,
  results: 1000,
  fields: 10_000,
  locals: 50_000,
  'bytes of a function body': 7_654_321,
} as const;

/** Supertypes above a type. */
export const MAX_SUBTYPE_DEPTH: number = 63;
/** Blocks inside each other, and operands on the stack: far more than any compiler makes. Not of the JavaScript API. */
export const MAX_NESTING: number = 100_000;
export const MAX_OPERANDS: number = 1 << 20;
