import type { GoModule } from './recognise.js';
import type { Peek } from './peek.js';

/** `internal/abi.Type`: the part that every type descriptor begins with; the same from Go 1.19 to 1.27. */
const TYPE = { tflag: 20, kind: 23, str: 40 } as const;
const TFLAG_EXTRA_STAR = 2;
const KIND = { bool: 1, int: 2, int8: 3, int16: 4, int32: 5, int64: 6, uint: 7, uint8: 8, uint16: 9, uint32: 10, uint64: 11, uintptr: 12, string: 24 } as const;
const INT_BYTES: Readonly<Record<number, number>> = {
  [KIND.int]: 8,
  [KIND.int8]: 1,
  [KIND.int16]: 2,
  [KIND.int32]: 4,
  [KIND.int64]: 8,
  [KIND.uint]: 8,
  [KIND.uint8]: 1,
  [KIND.uint16]: 2,
  [KIND.uint32]: 4,
  [KIND.uint64]: 8,
  [KIND.uintptr]: 8,
};
/** Pointers to structs that begin with the text of an error. */
const TEXT_ERRORS = new Set(['*errors.errorString', '*fmt.wrapError', '*fmt.wrapErrors']);

/** The name of the type whose descriptor is at `type`, as `%T` prints it; empty if it cannot be read. */
export function typeName(go: GoModule, memory: Peek, type: number): string {
  if (type === 0 || go.moduledata === undefined || !memory.contains(type, 48)) return '';
  const types = memory.word(go.moduledata + go.structs.moduledata_types);
  const at = types + memory.i32(type + TYPE.str);
  let length = 0;
  let pos = at + 1;
  for (let shift = 0; shift < 21; shift += 7) {
    const byte = memory.u8(pos++);
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const name = memory.text(pos, Math.min(length, 1024));
  return (memory.u8(type + TYPE.tflag) & TFLAG_EXTRA_STAR) !== 0 ? name.slice(1) : name;
}

/** An `any` value {type, data} as text: its type, and its value where that is a number, a string or an error's text. */
export function showInterface(go: GoModule, memory: Peek, type: number, data: number): string {
  if (type === 0) return 'nil';
  const name = typeName(go, memory, type);
  const kind = memory.u8(type + TYPE.kind) & 31;
  if (kind === KIND.string || TEXT_ERRORS.has(name)) return `${name} ${JSON.stringify(memory.goString(data))}`;
  if (kind === KIND.bool) return `${name} ${memory.u8(data) !== 0}`;
  const bytes = INT_BYTES[kind];
  if (bytes !== undefined) {
    const raw = BigInt.asUintN(bytes * 8, memory.u64(data));
    return `${name} ${kind <= KIND.int64 ? BigInt.asIntN(bytes * 8, raw) : raw}`;
  }
  return name;
}
