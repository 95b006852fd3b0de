/** The binary section ids (spec §5.5.2). */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  func: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  elem: 9,
  code: 10,
  data: 11,
  datacount: 12,
  tag: 13,
} as const;

/** The order in which sections stand in a binary (§5.5.16), with the names that `@custom` annotations give them. */
export const SECTION_ORDER: readonly { readonly id: number; readonly name: string }[] = (
  ['type', 'import', 'func', 'table', 'memory', 'tag', 'global', 'export', 'start', 'elem', 'datacount', 'code', 'data'] as const
).map((name) => ({ id: SECTION[name], name }));
