import { MAX_SUBTYPE_DEPTH } from '../binary/limits.js';
import { ValidationError } from '../errors.js';
import type { Features } from '../features.js';
import type { Module } from '../module.js';
import type { TypeRegistry } from '../type-registry.js';
import { type CompType, heapOf, isAbstract, isRef, type StorageType, type SubType } from '../types.js';

/** Checks the type section (§3.2, §3.4.1), registers its types and answers their ids by type index. */
export function validateTypes(module: Module, features: Features, registry: TypeRegistry): Int32Array {
  const { types } = module;
  const section = module.sections.find((item) => item.id === 1)?.start ?? 0;
  const checker = new TypeChecker(types, section);
  const gc = features.has('gc');
  for (let i = 0; i < types.length; i++) checker.checkIndices(i, gc);
  const ids = registry.add(types);
  for (let i = 0; i < types.length; i++) checker.checkSubtype(i, ids, registry);
  return ids;
}

class TypeChecker {
  private readonly types: readonly SubType[];
  private readonly offset: number;
  private readonly depths: Uint8Array;

  constructor(types: readonly SubType[], offset: number) {
    this.types = types;
    this.offset = offset;
    this.depths = new Uint8Array(types.length);
  }

  private fail(message: string): never {
    throw new ValidationError(message, this.offset);
  }

  /** A type refers to types of earlier groups and of its own; its supertypes come before it. */
  checkIndices(index: number, gc: boolean): void {
    const type = this.types[index]!;
    const limit = gc ? type.recStart + type.recLength : index;
    forEachStorage(type.comp, (storage) => {
      if (isRef(storage) && !isAbstract(heapOf(storage)) && heapOf(storage) >= limit)
        this.fail(`unknown type ${heapOf(storage)} in type ${index}`);
    });
    if (type.supers.length > 1) this.fail(`sub type ${index} has more than one super type`);
    for (const parent of type.supers) {
      if (parent >= index) this.fail(`unknown type ${parent} as super type of type ${index}`);
      this.depths[index] = this.depths[parent]! + 1;
      if (this.depths[index]! > MAX_SUBTYPE_DEPTH) this.fail(`sub type ${index} has more than ${MAX_SUBTYPE_DEPTH} super types above it`);
    }
    this.checkDescriptors(index, type);
  }

  private checkDescriptors(index: number, type: SubType): void {
    const { describes, descriptor, recStart, recLength } = type;
    const outside = (other: number): boolean => other < recStart || other >= recStart + recLength;
    if (describes !== undefined) {
      if (outside(describes)) this.fail('described type is outside rec group');
      if (describes >= index) this.fail('forward use of described type');
      if (type.comp.kind !== 'struct') this.fail('described type must be a struct');
      if (this.types[describes]!.descriptor !== index) this.fail('described type is not described by descriptor');
    }
    if (descriptor !== undefined) {
      if (outside(descriptor)) this.fail('descriptor type is outside rec group');
      if (type.comp.kind !== 'struct') this.fail('descriptor type must be a struct');
      const back = this.types[descriptor]!.describes;
      if (descriptor <= index) this.fail('forward use of described type');
      if (back !== index) this.fail('type is not described by its descriptor');
    }
  }

  /** A type must match the one that it is declared below. */
  checkSubtype(index: number, ids: Int32Array, registry: TypeRegistry): void {
    const type = this.types[index]!;
    const parent = type.supers[0];
    if (parent === undefined) return;
    const above = this.types[parent]!;
    const mismatch = (): never => this.fail(`sub type ${index} does not match super type ${parent}`);
    const sub = registry.sub(ids[index]!);
    const superior = registry.sub(ids[parent]!);
    if (above.final || !registry.compMatches(sub.comp, superior.comp)) mismatch();
    // A subtype has a descriptor if its supertype has, and describes something exactly if its supertype does.
    if (
      (above.descriptor !== undefined && type.descriptor === undefined) ||
      (above.describes === undefined) !== (type.describes === undefined)
    )
      mismatch();
    if (above.descriptor !== undefined && !registry.isSubtype(sub.descriptor!, superior.descriptor!)) {
      this.fail(`descriptor type ${type.descriptor!} does not match ${above.descriptor}`);
    }
    if (above.describes !== undefined && !registry.isSubtype(sub.describes!, superior.describes!)) {
      this.fail(`described type ${type.describes!} does not match ${above.describes}`);
    }
  }
}

function forEachStorage(comp: CompType, visit: (storage: StorageType) => void): void {
  if (comp.kind === 'func') {
    comp.params.forEach(visit);
    comp.results.forEach(visit);
  } else if (comp.kind === 'struct') comp.fields.forEach((field) => visit(field.storage));
  else visit(comp.field.storage);
}
