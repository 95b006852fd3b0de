import {
  type ArrayType,
  EXTERNREF,
  type FieldType,
  HEAP,
  heapOf,
  I16,
  I32,
  I8,
  isAbstract,
  isDefaultable,
  isExact,
  isNullable,
  isRef,
  ref,
  type StructType,
  type ValType,
} from '../types.js';
import { showHeapType } from '../show.js';
import type { Rule, Rules } from './rule.js';
import { checkData, elemType } from './rules-memory.js';
import type { Typing } from './typing.js';

const EQREF: ValType = ref(HEAP.eq, true);
const ANYREF: ValType = ref(HEAP.any, true);
const I31REF: ValType = ref(HEAP.i31, true);
const ARRAYREF: ValType = ref(HEAP.array, true);

function struct(typing: Typing, index: number): StructType {
  const comp = typing.context.comp(index) ?? typing.unknownType(index);
  return comp.kind === 'struct' ? comp : typing.invalid(`type mismatch: type ${index} is no structure type`);
}
function array(typing: Typing, index: number): ArrayType {
  const comp = typing.context.comp(index) ?? typing.unknownType(index);
  return comp.kind === 'array' ? comp : typing.invalid(`type mismatch: type ${index} is no array type`);
}
function field(typing: Typing, type: number, index: number): FieldType {
  return struct(typing, type).fields[index] ?? typing.invalid(`unknown field ${index} of type ${type}`);
}

function isPacked(item: FieldType): boolean {
  return item.storage === I8 || item.storage === I16;
}
/** What is on the stack for a field's content. */
function unpacked(item: FieldType): ValType {
  return isPacked(item) ? I32 : item.storage;
}

function nullable(typing: Typing, type: number): ValType {
  return ref(typing.context.typeIds[type]!, true);
}
/** The reference to an object just made; its exact type is part of the language only with custom descriptors. */
function made(typing: Typing, type: number): ValType {
  return ref(typing.context.typeIds[type]!, false, typing.context.has('custom-descriptors'));
}

function read(typing: Typing, item: FieldType, signed: boolean): void {
  if (isPacked(item) !== signed) {
    typing.invalid(`type mismatch: a ${isPacked(item) ? 'packed' : 'value'} field is read ${signed ? 'with' : 'without'} extension`);
  }
  typing.push(unpacked(item));
}

const structGet =
  (signed: boolean): Rule =>
  (typing, reader) => {
    const item = field(typing, reader.x, reader.y);
    typing.pop(nullable(typing, reader.x));
    read(typing, item, signed);
  };

const arrayGet =
  (signed: boolean): Rule =>
  (typing, reader) => {
    const item = array(typing, reader.x).field;
    typing.pop(I32);
    typing.pop(nullable(typing, reader.x));
    read(typing, item, signed);
  };

function mutableArray(typing: Typing, index: number): ArrayType {
  const type = array(typing, index);
  if (!type.field.mutable) typing.invalid(`immutable array type ${index}`);
  return type;
}

/** Bytes can become the elements only of arrays of numbers and vectors. */
function checkFromData(typing: Typing, type: ArrayType): void {
  if (isRef(type.field.storage)) typing.invalid('array type is not numeric or vector');
}
function checkFromElem(typing: Typing, type: ArrayType, segment: number): void {
  const from = elemType(typing, segment);
  if (!isRef(type.field.storage) || !typing.context.registry.matches(from, type.field.storage)) {
    typing.invalid(
      `type mismatch: elements of type ${typing.context.show(from)} do not fit an array of ${typing.context.show(type.field.storage)}`,
    );
  }
}

/** Type index of the descriptor of a type. */
function descriptorOf(typing: Typing, type: number): number | undefined {
  return typing.context.module.types[type]!.descriptor;
}

/** `struct.new…`: a type that has a descriptor is made with one, any other without. */
const structNew =
  (initialized: boolean, described: boolean): Rule =>
  (typing, reader) => {
    const { fields } = struct(typing, reader.x);
    const descriptor = descriptorOf(typing, reader.x);
    if (descriptor === undefined) {
      if (described) typing.invalid('type without descriptor requires non-descriptor allocation');
    } else {
      if (!described) typing.invalid('type with descriptor requires descriptor allocation');
      typing.pop(ref(typing.context.typeIds[descriptor]!, true, true));
    }
    if (initialized) {
      for (let i = fields.length - 1; i >= 0 && !typing.exhausted(); i--) typing.pop(unpacked(fields[i]!));
    } else if (!fields.every((item) => isDefaultable(item.storage))) {
      typing.invalid(`type mismatch: type ${reader.x} has a field without default`);
    }
    typing.push(made(typing, reader.x));
  };

/** The supertype of everything that a value cast to `type` may be. */
function topOf(typing: Typing, type: ValType): ValType {
  return ref(typing.context.registry.top(heapOf(type)), true);
}

/** What remains of `from` when what matches `to` has gone elsewhere. */
function without(from: ValType, to: ValType): ValType {
  return isNullable(to) ? ref(heapOf(from), false, isExact(from)) : from;
}

/** May a branch cast `from` to `to`? Downwards; anywhere in the hierarchy since custom descriptors. */
function castable({ context }: Typing, from: ValType, to: ValType): boolean {
  const { registry } = context;
  if (context.has('custom-descriptors')) return registry.top(heapOf(from)) === registry.top(heapOf(to));
  return registry.matches(to, from);
}

/** `br_on_cast…`: the `described` forms take a descriptor besides. */
const brOnCast =
  (onFail: boolean, described: boolean): Rule =>
  (typing, reader) => {
    const { context } = typing;
    const from = typing.canon(reader.type);
    const to = typing.canon(reader.target);
    const types = typing.label(reader.x).labelTypes;
    if (!castable(typing, from, to)) typing.invalid(`type mismatch: ${context.show(to)} cannot be cast from ${context.show(from)}`);
    if (described) typing.pop(descriptorOperand(typing, reader.target));
    const sent = onFail ? without(from, to) : to;
    const last = types.at(-1);
    if (last === undefined || !context.registry.matches(sent, last)) {
      typing.invalid(`type mismatch: label requires ${context.showAll(types)} but the branch brings ${context.show(sent)}`);
    }
    typing.pop(from);
    typing.push(sent);
    typing.popAll(types);
    for (let i = 0; i < types.length - 1; i++) typing.push(types[i]!);
    typing.push(onFail ? to : without(from, to));
  };

/** What a cast to `type` (as in the code, not canonical) compares descriptors with. */
function descriptorOperand(typing: Typing, type: ValType): ValType {
  const heap = heapOf(type);
  const descriptor = isAbstract(heap) ? undefined : descriptorOf(typing, heap);
  if (descriptor === undefined) {
    return typing.invalid(`type ${showHeapType(heap)} does not have a descriptor`);
  }
  return ref(typing.context.typeIds[descriptor]!, true, isExact(type));
}

const convert =
  (from: ValType, to: number): Rule =>
  (typing) => {
    const operand = typing.pop(from);
    typing.push(ref(to, isNullable(operand)));
  };

const i31Get: Rule = (typing) => {
  typing.pop(I31REF);
  typing.push(I32);
};

export const REFERENCE_RULES: Rules = {
  'ref.null': (typing, reader) => typing.push(typing.canon(reader.type)),
  'ref.is_null': (typing) => {
    typing.popRef();
    typing.push(I32);
  },
  'ref.func': (typing, reader) => {
    const { context } = typing;
    const type = context.funcTypes[reader.x] ?? typing.invalid(`unknown function ${reader.x}`);
    if (context.declared !== undefined) {
      if (typing.constant) context.declared[reader.x] = 1;
      else if (context.declared[reader.x] === 0) typing.invalid(`undeclared function reference ${reader.x}`);
    }
    typing.push(ref(context.typeIds[type]!, false, context.has('custom-descriptors') && context.exactFuncs[reader.x] === 1));
  },
  'ref.eq': (typing) => {
    typing.pop(EQREF);
    typing.pop(EQREF);
    typing.push(I32);
  },
  'ref.as_non_null': (typing) => typing.pushNonNull(typing.popRef()),
  'ref.test': (typing, reader) => {
    typing.pop(topOf(typing, typing.canon(reader.type)));
    typing.push(I32);
  },
  'ref.cast': (typing, reader) => {
    const type = typing.canon(reader.type);
    typing.pop(topOf(typing, type));
    typing.push(type);
  },
  br_on_cast: brOnCast(false, false),
  br_on_cast_fail: brOnCast(true, false),
  'any.convert_extern': convert(EXTERNREF, HEAP.any),
  'extern.convert_any': convert(ANYREF, HEAP.extern),
  'ref.i31': (typing) => {
    typing.pop(I32);
    typing.push(ref(HEAP.i31, false));
  },
  'i31.get_s': i31Get,
  'i31.get_u': i31Get,

  'struct.new': structNew(true, false),
  'struct.new_default': structNew(false, false),
  'struct.get': structGet(false),
  'struct.get_s': structGet(true),
  'struct.get_u': structGet(true),
  'struct.set': (typing, reader) => {
    const item = field(typing, reader.x, reader.y);
    if (!item.mutable) typing.invalid(`immutable field ${reader.y} of type ${reader.x}`);
    typing.pop(unpacked(item));
    typing.pop(nullable(typing, reader.x));
  },

  'array.new': (typing, reader) => {
    const type = array(typing, reader.x);
    typing.pop(I32);
    typing.pop(unpacked(type.field));
    typing.push(made(typing, reader.x));
  },
  'array.new_default': (typing, reader) => {
    const type = array(typing, reader.x);
    if (!isDefaultable(type.field.storage)) typing.invalid(`type mismatch: elements of type ${reader.x} have no default`);
    typing.pop(I32);
    typing.push(made(typing, reader.x));
  },
  'array.new_fixed': (typing, reader) => {
    const element = unpacked(array(typing, reader.x).field);
    for (let i = 0; i < reader.y && !typing.exhausted(); i++) typing.pop(element);
    typing.push(made(typing, reader.x));
  },
  'array.new_data': (typing, reader) => {
    checkFromData(typing, array(typing, reader.x));
    checkData(typing, reader.y);
    typing.pop(I32);
    typing.pop(I32);
    typing.push(made(typing, reader.x));
  },
  'array.new_elem': (typing, reader) => {
    checkFromElem(typing, array(typing, reader.x), reader.y);
    typing.pop(I32);
    typing.pop(I32);
    typing.push(made(typing, reader.x));
  },
  'array.get': arrayGet(false),
  'array.get_s': arrayGet(true),
  'array.get_u': arrayGet(true),
  'array.set': (typing, reader) => {
    const type = mutableArray(typing, reader.x);
    typing.pop(unpacked(type.field));
    typing.pop(I32);
    typing.pop(nullable(typing, reader.x));
  },
  'array.len': (typing) => {
    typing.pop(ARRAYREF);
    typing.push(I32);
  },
  'array.fill': (typing, reader) => {
    const type = mutableArray(typing, reader.x);
    typing.pop(I32);
    typing.pop(unpacked(type.field));
    typing.pop(I32);
    typing.pop(nullable(typing, reader.x));
  },
  'array.copy': (typing, reader) => {
    const to = mutableArray(typing, reader.x).field.storage;
    const from = array(typing, reader.y).field.storage;
    if (to !== from && !(isRef(to) && isRef(from) && typing.context.registry.matches(from, to))) typing.invalid('array types do not match');
    typing.pop(I32);
    typing.pop(I32);
    typing.pop(nullable(typing, reader.y));
    typing.pop(I32);
    typing.pop(nullable(typing, reader.x));
  },
  'array.init_data': (typing, reader) => {
    checkFromData(typing, mutableArray(typing, reader.x));
    checkData(typing, reader.y);
    popRange(typing, reader.x);
  },
  'array.init_elem': (typing, reader) => {
    checkFromElem(typing, mutableArray(typing, reader.x), reader.y);
    popRange(typing, reader.x);
  },

  'struct.new_desc': structNew(true, true),
  'struct.new_default_desc': structNew(false, true),
  'ref.get_desc': (typing, reader) => {
    if (typing.context.comp(reader.x) === undefined) typing.unknownType(reader.x);
    const descriptor = descriptorOf(typing, reader.x) ?? typing.invalid(`type without descriptor: type ${reader.x}`);
    const operand = typing.pop(nullable(typing, reader.x));
    // Nothing or null is of any type, so of the exact one too.
    const exact =
      !isRef(operand) || isAbstract(heapOf(operand)) || (isExact(operand) && heapOf(operand) === typing.context.typeIds[reader.x]);
    typing.push(ref(typing.context.typeIds[descriptor]!, false, exact));
  },
  'ref.cast_desc_eq': (typing, reader) => {
    const type = typing.canon(reader.type);
    typing.pop(descriptorOperand(typing, reader.type));
    typing.pop(topOf(typing, type));
    typing.push(type);
  },
  br_on_cast_desc_eq: brOnCast(false, true),
  br_on_cast_desc_eq_fail: brOnCast(true, true),
};

/** Length, source offset, destination index and array of the `array.init` instructions. */
function popRange(typing: Typing, type: number): void {
  typing.pop(I32);
  typing.pop(I32);
  typing.pop(I32);
  typing.pop(nullable(typing, type));
}
