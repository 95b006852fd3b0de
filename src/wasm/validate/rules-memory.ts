import type { InstructionReader } from '../binary/code-reader.js';
import { ADDR, type ImmediateKind } from '../instructions.js';
import { I32, I64, isRef, type AddressType, type MemoryType, type TableType, type ValType } from '../types.js';
import type { Rule, Rules } from './rule.js';
import type { Typing } from './typing.js';

function memory(typing: Typing, index: number): MemoryType {
  return typing.context.memories[index] ?? typing.invalid(`unknown memory ${index}`);
}
function table(typing: Typing, index: number): TableType {
  return typing.context.tables[index] ?? typing.invalid(`unknown table ${index}`);
}
/** Element type of a segment. */
export function elemType(typing: Typing, index: number): ValType {
  return typing.context.elems[index] ?? typing.invalid(`unknown elem segment ${index}`);
}

/** Data segments are known before the code only by the data count section (§5.5.16). */
export function checkData(typing: Typing, index: number): void {
  const { dataCount } = typing.context.module;
  if (dataCount === undefined) typing.reader.fail('data count section required', typing.reader.start);
  if (index >= dataCount) typing.invalid(`unknown data segment ${index}`);
}

/** Lengths of a copy are as narrow as the narrower side. */
function narrower(a: AddressType, b: AddressType): AddressType {
  return a === I64 && b === I64 ? I64 : I32;
}

/** Applies the table's signature with `ADDR` standing for the memory's address type. */
function applyWith(typing: Typing, reader: InstructionReader, address: AddressType): void {
  const { params, results } = reader.instruction;
  for (let i = params!.length - 1; i >= 0; i--) typing.pop(params![i] === ADDR ? address : params![i]!);
  for (let i = 0; i < results!.length; i++) typing.push(results![i] === ADDR ? address : results![i]!);
}

function access(typing: Typing, reader: InstructionReader): void {
  const row = reader.instruction;
  const { address } = memory(typing, reader.memory);
  if (reader.align > row.align!) typing.invalid(`alignment must not be larger than natural: 2^${reader.align} bytes in ${row.mnemonic}`);
  if (row.feature === 'threads' && reader.align !== row.align) typing.invalid('alignment of an atomic access must be natural');
  if (address === I32 && reader.hi !== 0) typing.invalid('offset out of range');
  applyWith(typing, reader, address);
}

function checkLane(typing: Typing, reader: InstructionReader): void {
  if (reader.x >= reader.instruction.lanes!) typing.invalid(`invalid lane index ${reader.x}`);
}

/** Rules for every instruction with these immediates. */
export const IMMEDIATE_RULES: Partial<Record<ImmediateKind, Rule>> = {
  memarg: access,
  'memarg+lane': (typing, reader) => {
    memory(typing, reader.memory);
    checkLane(typing, reader);
    access(typing, reader);
  },
  lane: (typing, reader) => {
    checkLane(typing, reader);
    const { params, results } = reader.instruction;
    typing.popAll(params!);
    typing.pushAll(results!);
  },
  lanes: (typing, reader) => {
    for (let i = 0; i < 16; i++) {
      const lane = reader.bytes[reader.at + i]!;
      if (lane >= reader.instruction.lanes!) typing.invalid(`invalid lane index ${lane}`);
    }
    typing.popAll(reader.instruction.params!);
    typing.pushAll(reader.instruction.results!);
  },
  memory: (typing, reader) => applyWith(typing, reader, memory(typing, reader.x).address),
  'data+memory': (typing, reader) => {
    const { address } = memory(typing, reader.y);
    checkData(typing, reader.x);
    applyWith(typing, reader, address);
  },
};

export const MEMORY_RULES: Rules = {
  'memory.copy': (typing, reader) => {
    const to = memory(typing, reader.x).address;
    const from = memory(typing, reader.y).address;
    typing.pop(narrower(to, from));
    typing.pop(from);
    typing.pop(to);
  },
  'data.drop': (typing, reader) => checkData(typing, reader.x),
  'elem.drop': (typing, reader) => void elemType(typing, reader.x),

  'table.get': (typing, reader) => {
    const { address, element } = table(typing, reader.x);
    typing.pop(address);
    typing.push(element);
  },
  'table.set': (typing, reader) => {
    const { address, element } = table(typing, reader.x);
    typing.pop(element);
    typing.pop(address);
  },
  'table.size': (typing, reader) => typing.push(table(typing, reader.x).address),
  'table.grow': (typing, reader) => {
    const { address, element } = table(typing, reader.x);
    typing.pop(address);
    typing.pop(element);
    typing.push(address);
  },
  'table.fill': (typing, reader) => {
    const { address, element } = table(typing, reader.x);
    typing.pop(address);
    typing.pop(element);
    typing.pop(address);
  },
  'table.copy': (typing, reader) => {
    const to = table(typing, reader.x);
    const from = table(typing, reader.y);
    checkElements(typing, from.element, to.element);
    typing.pop(narrower(to.address, from.address));
    typing.pop(from.address);
    typing.pop(to.address);
  },
  'table.init': (typing, reader) => {
    const { address, element } = table(typing, reader.y);
    checkElements(typing, elemType(typing, reader.x), element);
    typing.pop(I32);
    typing.pop(I32);
    typing.pop(address);
  },
};

function checkElements(typing: Typing, from: ValType, to: ValType): void {
  if (isRef(from) && typing.context.registry.matches(from, to)) return;
  typing.invalid(`type mismatch: elements of type ${typing.context.show(from)} do not fit a table of ${typing.context.show(to)}`);
}
