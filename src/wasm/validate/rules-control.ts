import { CATCH } from '../binary/code-reader.js';
import { HEAP, I32, isRef, BOT, EXNREF, FUNCREF, ref, type FuncType, type GlobalType, type ValType } from '../types.js';
import type { Rule, Rules } from './rule.js';
import type { ControlKind, Typing } from './typing.js';

const NONE: readonly ValType[] = [];
/** What a caught exception is: never null. */
const EXN: ValType = ref(HEAP.exn, false);

/** Takes the condition of an `if` and the parameters of a block type (encoded as the reader does), and opens the block. */
function openBlock(typing: Typing, kind: ControlKind, blockType: number): void {
  let params = NONE;
  let results = NONE;
  if (blockType > 0) results = typing.single(typing.canon(blockType));
  else if (blockType < 0) ({ params, results } = typing.funcType(~blockType));
  if (kind === 'if') typing.pop(I32);
  typing.popAll(params);
  typing.open(kind, params, results);
}

const block =
  (kind: ControlKind): Rule =>
  (typing, reader) =>
    openBlock(typing, kind, reader.blockType);

function func(typing: Typing, index: number): FuncType {
  return typing.context.funcs[index] ?? typing.invalid(`unknown function ${index}`);
}

function tag(typing: Typing, index: number): FuncType {
  return typing.context.tags[index] ?? typing.invalid(`unknown tag ${index}`);
}

function call(typing: Typing, type: FuncType): void {
  typing.popAll(type.params);
  typing.pushAll(type.results);
}

function returnCall(typing: Typing, type: FuncType): void {
  const { results } = typing.controls[0]!;
  if (!listMatches(typing, type.results, results)) {
    const { context } = typing;
    typing.invalid(
      `type mismatch: current function requires result type ${context.showAll(results)} but callee returns ${context.showAll(type.results)}`,
    );
  }
  typing.popAll(type.params);
  typing.setUnreachable();
}

function listMatches(typing: Typing, from: readonly ValType[], to: readonly ValType[]): boolean {
  return from === to || (from.length === to.length && from.every((type, i) => typing.context.registry.matches(type, to[i]!)));
}

/** The type that `call_indirect` names; its table must hold functions. The table's address operand is taken. */
function indirect(typing: Typing, type: number, table: number): FuncType {
  const tableType = typing.context.tables[table] ?? typing.invalid(`unknown table ${table}`);
  const funcType = typing.funcType(type);
  if (!typing.context.registry.matches(tableType.element, FUNCREF)) {
    typing.invalid(
      `type mismatch: instruction requires a table of functions but table ${table} has ${typing.context.show(tableType.element)}`,
    );
  }
  typing.pop(tableType.address);
  return funcType;
}

/** The type that `call_ref` names; the reference is taken. */
function referenced(typing: Typing, index: number): FuncType {
  const type = typing.funcType(index);
  typing.pop(ref(typing.context.typeIds[index]!, true));
  return type;
}

/** A catch clause sends the tag's values, and perhaps the exception, to a label. */
function checkCatch(typing: Typing, kind: number, tagIndex: number, depth: number): void {
  const values = kind === CATCH.catch || kind === CATCH.catchRef ? tag(typing, tagIndex).params : NONE;
  const sent = kind === CATCH.catchRef || kind === CATCH.catchAllRef ? [...values, EXN] : values;
  const expected = typing.label(depth).labelTypes;
  if (!listMatches(typing, sent, expected)) {
    typing.invalid(
      `type mismatch: label requires ${typing.context.showAll(expected)} but the catch clause has ${typing.context.showAll(sent)}`,
    );
  }
}

function brTable(typing: Typing, labels: Uint32Array, count: number): void {
  typing.pop(I32);
  const expected = typing.label(labels[count - 1]!).labelTypes;
  let checked: readonly ValType[] | undefined;
  for (let i = 0; i < count; i++) {
    const types = typing.label(labels[i]!).labelTypes;
    // Neighbours mostly go to the same place, or to places of one type.
    if (types === checked) continue;
    if (types.length !== expected.length) {
      typing.invalid(`type mismatch: labels of one br_table take ${typing.context.showAll(expected)} and ${typing.context.showAll(types)}`);
    }
    typing.peekAll(types);
    checked = types;
  }
  typing.popAll(expected);
  typing.setUnreachable();
}

function select(typing: Typing): void {
  typing.pop(I32);
  const second = typing.popAny();
  const first = typing.popAny();
  if (isRef(first) || isRef(second)) {
    typing.invalid(`type mismatch: instruction requires numeric or vector type but stack has ${typing.context.showAll([first, second])}`);
  }
  if (first !== second && first !== BOT && second !== BOT) typing.mismatch([first, first, I32]);
  typing.push(first === BOT ? second : first);
}

function local(typing: Typing, index: number): ValType {
  if (index >= typing.localCount) typing.invalid(`unknown local ${index}`);
  return typing.localTypes[index]!;
}

function global(typing: Typing, index: number): GlobalType {
  const type = typing.context.globals[index];
  if (type === undefined || index >= (typing.globalLimit ?? Infinity)) typing.invalid(`unknown global ${index}`);
  return type;
}

/** Leaves a `try` or its latest handler for the next handler. */
function handler(typing: Typing, kind: 'catch' | 'catch_all', params: readonly ValType[]): void {
  const { control } = typing;
  if (control.kind !== 'try' && control.kind !== 'catch') typing.reader.fail('END opcode expected', typing.reader.start);
  typing.finish();
  typing.turn(kind, params);
}

export const CONTROL_RULES: Rules = {
  unreachable: (typing) => typing.setUnreachable(),
  block: block('block'),
  loop: block('loop'),
  if: block('if'),
  else: (typing, reader) => {
    if (typing.control.kind !== 'if') reader.fail('END opcode expected', reader.start);
    typing.finish();
    typing.turn('else', typing.control.params);
  },
  end: (typing) => {
    const { control } = typing;
    typing.finish();
    if (control.kind === 'if') {
      // Without an `else` the parameters go through as results.
      typing.turn('else', control.params);
      typing.finish();
    }
    typing.close();
    if (typing.depth > 0) typing.pushAll(control.results);
  },
  br: (typing, reader) => {
    typing.popAll(typing.label(reader.x).labelTypes);
    typing.setUnreachable();
  },
  br_if: (typing, reader) => {
    const types = typing.label(reader.x).labelTypes;
    typing.pop(I32);
    typing.popAll(types);
    typing.pushAll(types);
  },
  br_table: (typing, reader) => brTable(typing, reader.labels, reader.labelCount),
  return: (typing) => {
    typing.popAll(typing.controls[0]!.results);
    typing.setUnreachable();
  },
  call: (typing, reader) => call(typing, func(typing, reader.x)),
  call_indirect: (typing, reader) => call(typing, indirect(typing, reader.x, reader.y)),
  call_ref: (typing, reader) => call(typing, referenced(typing, reader.x)),
  return_call: (typing, reader) => returnCall(typing, func(typing, reader.x)),
  return_call_indirect: (typing, reader) => returnCall(typing, indirect(typing, reader.x, reader.y)),
  return_call_ref: (typing, reader) => returnCall(typing, referenced(typing, reader.x)),

  throw: (typing, reader) => {
    typing.popAll(tag(typing, reader.x).params);
    typing.setUnreachable();
  },
  throw_ref: (typing) => {
    typing.pop(EXNREF);
    typing.setUnreachable();
  },
  try_table: (typing, reader) => {
    for (let i = 0; i < reader.catchCount; i++) {
      checkCatch(typing, reader.catches[3 * i]!, reader.catches[3 * i + 1]!, reader.catches[3 * i + 2]!);
    }
    openBlock(typing, 'try_table', reader.blockType);
  },

  try: block('try'),
  catch: (typing, reader) => handler(typing, 'catch', tag(typing, reader.x).params),
  catch_all: (typing) => handler(typing, 'catch_all', NONE),
  delegate: (typing, reader) => {
    const { control } = typing;
    if (control.kind !== 'try') reader.fail('END opcode expected', reader.start);
    typing.finish();
    typing.close();
    typing.label(reader.x);
    typing.pushAll(control.results);
  },
  rethrow: (typing, reader) => {
    const { kind } = typing.label(reader.x);
    if (kind !== 'catch' && kind !== 'catch_all') typing.invalid('invalid rethrow label');
    typing.setUnreachable();
  },

  drop: (typing) => void typing.popAny(),
  select: (typing, reader) => {
    if (reader.instruction.imm === 'none') select(typing);
    else {
      if (reader.types.length !== 1) typing.invalid(`invalid result arity: select takes one type, not ${reader.types.length}`);
      const type = typing.canon(reader.types[0]!);
      typing.pop(I32);
      typing.pop(type);
      typing.pop(type);
      typing.push(type);
    }
  },

  'local.get': (typing, reader) => {
    const type = local(typing, reader.x);
    if (typing.initialized[reader.x] === 0) typing.invalid(`uninitialized local ${reader.x}`);
    typing.push(type);
  },
  'local.set': (typing, reader) => {
    typing.pop(local(typing, reader.x));
    typing.initialize(reader.x);
  },
  'local.tee': (typing, reader) => {
    const type = local(typing, reader.x);
    typing.pop(type);
    typing.initialize(reader.x);
    typing.push(type);
  },
  'global.get': (typing, reader) => {
    const type = global(typing, reader.x);
    if (typing.constant && type.mutable) typing.invalid('constant expression required');
    typing.push(type.value);
  },
  'global.set': (typing, reader) => {
    const type = global(typing, reader.x);
    if (!type.mutable) typing.invalid(`immutable global ${reader.x}`);
    typing.pop(type.value);
  },

  br_on_null: (typing, reader) => {
    const types = typing.label(reader.x).labelTypes;
    const operand = typing.popRef();
    typing.popAll(types);
    typing.pushAll(types);
    typing.pushNonNull(operand);
  },
  br_on_non_null: (typing, reader) => {
    const types = typing.label(reader.x).labelTypes;
    const last = types.at(-1);
    if (last === undefined || !isRef(last))
      typing.invalid(`type mismatch: label requires ${typing.context.showAll(types)}, which ends with no reference`);
    typing.pushNonNull(typing.popRef());
    typing.popAll(types);
    for (let i = 0; i < types.length - 1; i++) typing.push(types[i]!);
  },
};
