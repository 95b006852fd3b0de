import {
  BOT,
  type CompType,
  type FieldType,
  type FuncType,
  HEAP,
  heapOf,
  type HeapType,
  isAbstract,
  isExact,
  isNullable,
  isRef,
  ref,
  type StorageType,
  type SubType,
  type ValType,
} from './types.js';

/**
 * Types by structure (§3.1.4, §3.2): recursion groups that are equal up to the numbering of their own members get the
 * same ids, so that equality of defined types is equality of numbers, across modules too. The validator has a
 * registry a module, a store has one for all its instances.
 *
 * "Canonical" value types and ids name members of a registry where a module's types name its own type indices.
 */
export class TypeRegistry {
  private readonly types: SubType[] = [];
  /** By id: the ids of its supertypes from the root of its hierarchy down to itself. */
  private readonly lineages: Int32Array[] = [];
  /** Id of the first member by the group's structure. */
  private readonly groups = new Map<string, number>();

  get size(): number {
    return this.types.length;
  }

  /** Registers a module's types, which must be valid as far as indices go. Answers the id of each type index. */
  add(types: readonly SubType[]): Int32Array {
    const ids = new Int32Array(types.length);
    for (let start = 0; start < types.length; start += types[start]!.recLength) this.addGroup(types, start, ids);
    return ids;
  }

  /** Registers a function type that is already canonical: that of a host function. */
  addFunc(type: FuncType): number {
    const sub: SubType = { comp: type, final: true, supers: [], recStart: -1, recLength: 1 };
    // No member refers to itself, so any numbering of the group's own members will do.
    return this.intern(
      [sub],
      groupKey([sub], (index) => `${index}`),
      (index) => index,
    );
  }

  private addGroup(types: readonly SubType[], start: number, ids: Int32Array): void {
    const { recLength } = types[start]!;
    const group = types.slice(start, start + recLength);
    const key = groupKey(group, (index) => (index >= start ? `.${index - start}` : `${ids[index]!}`));
    const first = this.intern(group, key, (index, own) => (index >= start ? own + index - start : ids[index]!));
    for (let i = 0; i < recLength; i++) ids[start + i] = first + i;
  }

  /** `rename` makes an id of a type index, given the id of the group's first member. */
  private intern(group: readonly SubType[], key: string, rename: (index: number, first: number) => number): number {
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const first = this.types.length;
    this.groups.set(key, first);
    for (const type of group) {
      const renamed = renameSub(type, (index) => rename(index, first), first, group.length);
      this.types.push(renamed);
      const parent = renamed.supers[0];
      this.lineages.push(Int32Array.of(...(parent === undefined ? [] : this.lineages[parent]!), this.lineages.length));
    }
    return first;
  }

  sub(id: number): SubType {
    return this.types[id]!;
  }
  comp(id: number): CompType {
    return this.types[id]!.comp;
  }

  /** `type` with its type index, if it has one, replaced by that index's id. */
  canon(type: ValType, ids: Int32Array): ValType {
    if (!isRef(type)) return type;
    const heap = heapOf(type);
    return isAbstract(heap) ? type : ref(ids[heap]!, isNullable(type), isExact(type));
  }

  /** Over ids: is `a` the same as `b` or declared below it? */
  isSubtype(a: number, b: number): boolean {
    if (a === b) return true;
    const depth = this.lineages[b]!.length - 1;
    return this.lineages[a]![depth] === b;
  }

  /** Matching of heap types (§3.3.3), without `exact`. */
  heapMatches(a: HeapType, b: HeapType): boolean {
    if (a === b || a === HEAP.bot) return true;
    if (!isAbstract(a)) {
      if (!isAbstract(b)) return this.isSubtype(a, b);
      return this.abstractMatches(this.kindOf(a), b);
    }
    // Only the bottom of a hierarchy is below a defined type.
    if (!isAbstract(b)) return a === (this.kindOf(b) === HEAP.func ? HEAP.nofunc : HEAP.none);
    return this.abstractMatches(a, b);
  }

  private kindOf(id: number): HeapType {
    return HEAP[this.types[id]!.comp.kind];
  }

  private abstractMatches(a: HeapType, b: HeapType): boolean {
    if (a === b) return true;
    switch (b) {
      case HEAP.any:
        return a === HEAP.eq || a === HEAP.i31 || a === HEAP.struct || a === HEAP.array || a === HEAP.none;
      case HEAP.eq:
        return a === HEAP.i31 || a === HEAP.struct || a === HEAP.array || a === HEAP.none;
      case HEAP.i31:
      case HEAP.struct:
      case HEAP.array:
        return a === HEAP.none;
      case HEAP.func:
        return a === HEAP.nofunc;
      case HEAP.extern:
        return a === HEAP.noextern;
      case HEAP.exn:
        return a === HEAP.noexn;
      default:
        return false;
    }
  }

  /** The top of the hierarchy that a heap type is in. */
  top(heap: HeapType): HeapType {
    const abstract = isAbstract(heap) ? heap : this.kindOf(heap);
    switch (abstract) {
      case HEAP.func:
      case HEAP.nofunc:
        return HEAP.func;
      case HEAP.extern:
      case HEAP.noextern:
        return HEAP.extern;
      case HEAP.exn:
      case HEAP.noexn:
        return HEAP.exn;
      default:
        return HEAP.any;
    }
  }

  /** Matching of value types (§3.3.4) over canonical types. */
  matches(a: ValType, b: ValType): boolean {
    if (a === b || a === BOT) return true;
    if (!isRef(a) || !isRef(b)) return false;
    if (isNullable(a) && !isNullable(b)) return false;
    const from = heapOf(a);
    const to = heapOf(b);
    // Below an exact type are itself and the bottom of its hierarchy.
    if (isExact(b) && !isAbstract(from)) return isExact(a) && from === to;
    return this.heapMatches(from, to);
  }

  private storageMatches(a: StorageType, b: StorageType): boolean {
    return a === b || this.matches(a, b);
  }

  private fieldMatches(a: FieldType, b: FieldType): boolean {
    if (a.mutable !== b.mutable) return false;
    return this.storageMatches(a.storage, b.storage) && (!a.mutable || this.storageMatches(b.storage, a.storage));
  }

  /** Matching of composite types (§3.3.6) over canonical types. */
  compMatches(a: CompType, b: CompType): boolean {
    if (a.kind === 'func' && b.kind === 'func') return this.listMatches(b.params, a.params) && this.listMatches(a.results, b.results);
    if (a.kind === 'array' && b.kind === 'array') return this.fieldMatches(a.field, b.field);
    if (a.kind !== 'struct' || b.kind !== 'struct') return false;
    return a.fields.length >= b.fields.length && b.fields.every((field, i) => this.fieldMatches(a.fields[i]!, field));
  }

  private listMatches(a: readonly ValType[], b: readonly ValType[]): boolean {
    return a.length === b.length && a.every((type, i) => this.matches(type, b[i]!));
  }
}

/** `type` with every type index in it replaced. */
function renameSub(type: SubType, rename: (index: number) => number, recStart: number, recLength: number): SubType {
  const value = (item: ValType): ValType => {
    if (!isRef(item) || isAbstract(heapOf(item))) return item;
    return ref(rename(heapOf(item)), isNullable(item), isExact(item));
  };
  const field = (item: FieldType): FieldType => ({ storage: value(item.storage), mutable: item.mutable });
  const { comp } = type;
  let renamed: CompType;
  if (comp.kind === 'func') renamed = { kind: 'func', params: comp.params.map(value), results: comp.results.map(value) };
  else if (comp.kind === 'struct') renamed = { kind: 'struct', fields: comp.fields.map(field) };
  else renamed = { kind: 'array', field: field(comp.field) };
  return {
    comp: renamed,
    final: type.final,
    supers: type.supers.map(rename),
    recStart,
    recLength,
    ...(type.describes === undefined ? {} : { describes: rename(type.describes) }),
    ...(type.descriptor === undefined ? {} : { descriptor: rename(type.descriptor) }),
  };
}

/** A group's structure as text, equal for equal groups; `index` writes what another type is called. */
function groupKey(group: readonly SubType[], index: (index: number) => string): string {
  const value = (type: ValType): string => {
    if (!isRef(type) || isAbstract(heapOf(type))) return `${type}`;
    return `${isNullable(type) ? 'n' : 'r'}${isExact(type) ? 'x' : ''}${index(heapOf(type))}`;
  };
  const field = (item: FieldType): string => `${item.mutable ? 'm' : ''}${value(item.storage)}`;
  return group
    .map((type) => {
      const { comp } = type;
      const head = `${type.final ? 'f' : 'o'}${type.supers.map(index).join(',')}`;
      const describes = type.describes === undefined ? '' : `<${index(type.describes)}`;
      const described = type.descriptor === undefined ? describes : `${describes}>${index(type.descriptor)}`;
      if (comp.kind === 'func') return `${head}${described}F${comp.params.map(value).join(',')}:${comp.results.map(value).join(',')}`;
      if (comp.kind === 'struct') return `${head}${described}S${comp.fields.map(field).join(',')}`;
      return `${head}${described}A${field(comp.field)}`;
    })
    .join(';');
}
