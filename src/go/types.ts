import type { Peek } from './peek.js';
import type { GoModule } from './recognise.js';

/** `reflect.Kind`, by number. */
const KINDS = [
  'invalid', 'bool', 'int', 'int8', 'int16', 'int32', 'int64', 'uint', 'uint8', 'uint16', 'uint32', 'uint64', 'uintptr',
  'float32', 'float64', 'complex64', 'complex128', 'array', 'chan', 'func', 'interface', 'map', 'pointer', 'slice', 'string',
  'struct', 'unsafe.Pointer',
] as const; // prettier-ignore
export type GoKind = (typeof KINDS)[number];

/** `internal/abi.Type`: the part that every descriptor begins with; the same from Go 1.19 to 1.27. */
const TYPE = { size: 0, tflag: 20, align: 21, kind: 23, str: 40, bytes: 48 } as const;
const TFLAG_UNCOMMON = 1;
const TFLAG_EXTRA_STAR = 2;
const TFLAG_NAMED = 4;
const TFLAG_DIRECT_IFACE = 32;
const KIND_DIRECT_IFACE = 0x20;
/** Bytes of the descriptor of each kind that has more than the common part; maps by version. */
const KIND_BYTES: Partial<Record<GoKind, number>> = { pointer: 56, slice: 56, array: 72, chan: 64, func: 56, interface: 80, struct: 80 };
const MAX_FIELDS = 4096;
const MAX_TYPES = 200_000;

export interface GoField {
  readonly name: string;
  readonly type: GoType;
  readonly offset: number;
  readonly embedded: boolean;
}

export interface MapLayout {
  /** Up to Go 1.23 with buckets and overflow chains (`hmap`), then Swiss tables (`internal/runtime/maps.Map`). */
  readonly kind: 'buckets' | 'swiss';
  readonly indirectKey: boolean;
  readonly indirectElem: boolean;
  readonly keyBytes: number;
  readonly elemBytes: number;
  readonly bucketBytes: number;
  readonly groupBytes: number;
  /** Swiss: where slot 0 of a group has its key and its element, and how far the slots are apart. */
  readonly keys: number;
  readonly keyStride: number;
  readonly elems: number;
  readonly elemStride: number;
}

/** A type of the program, read from its descriptor. */
export class GoType {
  readonly address: number;
  private readonly types: Types;

  constructor(types: Types, address: number) {
    this.types = types;
    this.address = address;
  }

  private get memory(): Peek {
    return this.types.memory;
  }
  /** As `%T` prints it: `map[string]*main.Queue`. */
  get name(): string {
    const { memory } = this;
    const at = this.types.nameOffset(memory.i32(this.address + TYPE.str));
    if (at === undefined) return this.composedName();
    const name = readName(memory, at).text;
    return (this.tflag & TFLAG_EXTRA_STAR) !== 0 ? name.slice(1) : name;
  }
  get kind(): GoKind {
    return KINDS[this.memory.u8(this.address + TYPE.kind) & 31] ?? 'invalid';
  }
  get size(): number {
    return this.memory.word(this.address + TYPE.size);
  }
  get align(): number {
    return this.memory.u8(this.address + TYPE.align);
  }
  get isNamed(): boolean {
    return (this.tflag & TFLAG_NAMED) !== 0;
  }
  /** The data word of an interface holds the value itself, not its address. */
  get isDirect(): boolean {
    if (this.types.go.minor >= 26) return (this.tflag & TFLAG_DIRECT_IFACE) !== 0;
    return (this.memory.u8(this.address + TYPE.kind) & KIND_DIRECT_IFACE) !== 0;
  }
  /** Of pointers, slices, arrays, channels and maps. */
  get elem(): GoType | undefined {
    const { kind } = this;
    if (kind === 'map') return this.pointed(56);
    return kind === 'pointer' || kind === 'slice' || kind === 'array' || kind === 'chan' ? this.pointed(48) : undefined;
  }
  get key(): GoType | undefined {
    return this.kind === 'map' ? this.pointed(48) : undefined;
  }
  /** Of arrays. */
  get length(): number {
    return this.memory.word(this.address + 64);
  }
  /** Of channels: 1 receive, 2 send, 3 both. */
  get direction(): number {
    return this.memory.u8(this.address + 56) & 3;
  }
  /** Of interfaces. */
  get methodCount(): number {
    return Math.min(this.memory.word(this.address + 64), MAX_FIELDS);
  }
  get fields(): readonly GoField[] {
    if (this.kind !== 'struct') return [];
    const { memory } = this;
    const list = memory.word(this.address + 56);
    const count = Math.min(memory.word(this.address + 64), MAX_FIELDS);
    const fields: GoField[] = [];
    for (let i = 0; i < count; i++) {
      const at = list + 24 * i;
      const type = this.types.at(memory.word(at + 8));
      if (type === undefined) break;
      const { text, embedded } = readName(memory, memory.word(at));
      fields.push({ name: text, type, offset: memory.word(at + 16), embedded });
    }
    return fields;
  }
  /** Of functions. */
  get signature(): { readonly params: readonly GoType[]; readonly results: readonly GoType[]; readonly variadic: boolean } {
    const { memory, address } = this;
    const ins = memory.u16(address + 48);
    const outs = memory.u16(address + 50);
    const list = address + 56 + (this.isUncommon ? 16 : 0);
    const types = Array.from({ length: Math.min(ins + (outs & 0x7fff), MAX_FIELDS) }, (_, i) => this.types.at(memory.word(list + 8 * i)));
    const present = (some: (GoType | undefined)[]): GoType[] => some.filter((type) => type !== undefined);
    return { params: present(types.slice(0, ins)), results: present(types.slice(ins)), variadic: outs >= 0x8000 };
  }
  get map(): MapLayout {
    const { memory, address } = this;
    const { minor } = this.types.go;
    const swiss = this.types.hasSwissMaps;
    const flags = memory.u32(address + (minor >= 27 ? 128 : swiss ? 104 : 84));
    const strided = minor >= 27;
    return {
      kind: swiss ? 'swiss' : 'buckets',
      indirectKey: (flags & (swiss ? 4 : 1)) !== 0,
      indirectElem: (flags & (swiss ? 8 : 2)) !== 0,
      keyBytes: memory.u8(address + 80),
      elemBytes: memory.u8(address + 81),
      bucketBytes: memory.u16(address + 82),
      groupBytes: memory.word(address + 80),
      keys: strided ? memory.word(address + 88) : 8,
      keyStride: memory.word(address + (strided ? 96 : 88)),
      elems: strided ? memory.word(address + 104) : 8 + memory.word(address + 96),
      elemStride: memory.word(address + (strided ? 112 : 88)),
    };
  }

  /** Bytes of the whole descriptor, for going on to the next one where they lie in a row. */
  get descriptorBytes(): number {
    const { memory, address, kind } = this;
    const map = !this.types.hasSwissMaps ? 88 : this.types.go.minor >= 27 ? 136 : 112;
    let bytes = kind === 'map' ? map : (KIND_BYTES[kind] ?? TYPE.bytes);
    if (this.isUncommon) bytes += 16 + 16 * memory.u16(address + bytes + 4);
    if (kind === 'func') bytes += 8 * (memory.u16(address + 48) + (memory.u16(address + 50) & 0x7fff));
    if (kind === 'interface') bytes += 8 * this.methodCount;
    if (kind === 'struct') bytes += 24 * Math.min(memory.word(address + 64), MAX_FIELDS);
    return bytes;
  }
  /** The types that this one is made of. */
  get parts(): readonly GoType[] {
    const parts = [this.elem, this.key, ...this.fields.map(({ type }) => type)];
    if (this.kind === 'func') parts.push(...this.signature.params, ...this.signature.results);
    return parts.filter((type) => type !== undefined);
  }

  private get tflag(): number {
    return this.memory.u8(this.address + TYPE.tflag);
  }
  private get isUncommon(): boolean {
    return (this.tflag & TFLAG_UNCOMMON) !== 0;
  }
  private pointed(offset: number): GoType | undefined {
    return this.types.at(this.memory.word(this.address + offset));
  }
  /** Types made by package reflect have their names in a table that cannot be found. */
  private composedName(): string {
    const elem = (): string => this.elem?.name ?? '?';
    switch (this.kind) {
      case 'pointer':
        return `*${elem()}`;
      case 'slice':
        return `[]${elem()}`;
      case 'array':
        return `[${this.length}]${elem()}`;
      case 'chan':
        return `chan ${elem()}`;
      case 'map':
        return `map[${this.key?.name ?? '?'}]${elem()}`;
      default:
        return this.kind;
    }
  }
}

/** The type descriptors of a program. */
export class Types {
  readonly go: GoModule;
  readonly memory: Peek;
  private readonly from: number;
  private readonly to: number;
  private readonly known = new Map<number, GoType>();
  private names: Map<string, GoType> | undefined = undefined;

  constructor(go: GoModule, memory: Peek) {
    this.go = go;
    this.memory = memory;
    const { moduledata, structs } = go;
    // The moduledata is not written to once it is there; memory may not be there yet.
    const image = go.pclntab?.memory ?? memory;
    this.from = moduledata === undefined ? 0 : image.word(moduledata + structs.moduledata_types);
    this.to = moduledata === undefined ? 0 : image.word(moduledata + structs.moduledata_etypes);
  }

  /** Go 1.24 and 1.25 can be told to keep the old maps. */
  get hasSwissMaps(): boolean {
    return this.go.minor >= 24 && !/\bnoswissmap\b/.test(this.go.version ?? '');
  }

  /** The type whose descriptor is at `address`; `undefined` where nothing there can be one. */
  at(address: number): GoType | undefined {
    const known = this.known.get(address);
    if (known !== undefined) return known;
    const { memory } = this;
    if (address < 4096 || address % 4 !== 0 || !memory.contains(address, TYPE.bytes)) return undefined;
    const type = new GoType(this, address);
    const { align } = type;
    if (type.kind === 'invalid' || type.size > 2 ** 32 || align === 0 || align > 64 || (align & (align - 1)) !== 0) return undefined;
    // The program's own types stay; those made by package reflect come and go with the heap.
    if (address >= this.from && address < this.to) this.known.set(address, type);
    return type;
  }

  /** The dynamic type of an interface with methods. */
  ofItab(itab: number): GoType | undefined {
    return itab === 0 ? undefined : this.at(this.memory.word(itab + 8));
  }

  /** The dynamic type of the interface of this type that stands at `address`; undefined where it is nil. */
  dynamicOf(type: GoType, address: number): GoType | undefined {
    const word = this.memory.word(address);
    return type.methodCount === 0 ? this.at(word) : this.ofItab(word);
  }

  /** Address of a name by its offset; `undefined` for names of types that package reflect made. */
  nameOffset(offset: number): number | undefined {
    const at = this.from + offset;
    return offset > 0 && at < this.to ? at : undefined;
  }

  /**
   * The types that can be found: those the linker lists for package reflect, and those that they are made of. Named
   * types that nothing but code refers to are not among them up to Go 1.26; since 1.27 all are.
   */
  get list(): readonly GoType[] {
    return [...this.byNames.values()];
  }

  /** The type with this name, as `%T` prints it. */
  byName(name: string): GoType | undefined {
    return this.byNames.get(name);
  }

  private get byNames(): Map<string, GoType> {
    if (this.names !== undefined) return this.names;
    const names = new Map<string, GoType>();
    const seen = new Set<number>();
    const open = this.roots();
    for (let type = open.pop(); type !== undefined && seen.size < MAX_TYPES; type = open.pop()) {
      if (seen.has(type.address)) continue;
      seen.add(type.address);
      const { name } = type;
      if (!names.has(name)) names.set(name, type);
      open.push(...type.parts);
    }
    this.names = new Map([...names].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    return this.names;
  }

  private roots(): GoType[] {
    const { moduledata, structs } = this.go;
    if (moduledata === undefined) return [];
    const { memory } = this;
    const found: GoType[] = [];
    if (structs.moduledata_typelinks >= 0) {
      const list = memory.word(moduledata + structs.moduledata_typelinks);
      const count = Math.min(memory.word(moduledata + structs.moduledata_typelinks + 8), MAX_TYPES);
      for (let i = 0; i < count; i++) {
        const type = this.at(this.from + memory.i32(list + 4 * i));
        if (type !== undefined) found.push(type);
      }
      const itabs = memory.word(moduledata + structs.moduledata_itablinks);
      const itabCount = Math.min(memory.word(moduledata + structs.moduledata_itablinks + 8), MAX_TYPES);
      for (let i = 0; i < itabCount; i++) {
        const itab = memory.word(itabs + 8 * i);
        for (const type of [this.at(memory.word(itab)), this.ofItab(itab)]) if (type !== undefined) found.push(type);
      }
      return found;
    }
    const end = this.from + memory.word(moduledata + structs.moduledata_typedesclen);
    for (let at = this.from + 8; at < end && found.length < MAX_TYPES; ) {
      const type = this.at(at);
      if (type === undefined) break;
      found.push(type);
      at += Math.ceil(type.descriptorBytes / 8) * 8;
    }
    return found;
  }
}

/** A `reflect` name: a byte of flags, the length as a varint, the text. */
function readName(memory: Peek, at: number): { text: string; embedded: boolean } {
  let length = 0;
  let pos = at + 1;
  for (let shift = 0; shift < 21; shift += 7) {
    const byte = memory.u8(pos++);
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return { text: memory.text(pos, Math.min(length, 4096)), embedded: (memory.u8(at) & 8) !== 0 };
}
