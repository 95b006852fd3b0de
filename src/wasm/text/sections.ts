import { SECTION_ORDER } from '../binary/decode.js';

/** The section ids (spec §5.5.2) by the names that `@custom` annotations give the sections. */
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

/** The sections in the order in which they stand in a binary. */
export const SECTIONS: readonly { readonly id: number; readonly name: string }[] = SECTION_ORDER.map((id) => ({
  id,
  name: Object.entries(SECTION).find(([, other]) => other === id)![0],
}));
