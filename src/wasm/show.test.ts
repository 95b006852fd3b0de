import { expect, it } from 'vitest';
import { decode } from './binary/decode.js';
import { showFuncType, showImportDesc, showSubType, showType } from './show.js';
import { assemble } from './text/assemble.js';
import { EXTERNREF, FUNCREF, HEAP, I32, I64, I8, ref, V128 } from './types.js';

it.each([
  [I32, 'i32'],
  [V128, 'v128'],
  [I8, 'i8'],
  [FUNCREF, 'funcref'],
  [EXTERNREF, 'externref'],
  [ref(HEAP.none, true), 'nullref'],
  [ref(HEAP.nofunc, true), 'nullfuncref'],
  [ref(HEAP.i31, false), '(ref i31)'],
  [ref(3, true), '(ref null 3)'],
  [ref(4, false, true), '(ref (exact 4))'],
])('type %i is shown as %s', (type, text) => {
  expect(showType(type)).toBe(text);
});

it('function types are shown as in the text format', () => {
  expect(showFuncType({ kind: 'func', params: [], results: [] })).toBe('(func)');
  expect(showFuncType({ kind: 'func', params: [I32, I32], results: [I64] })).toBe('(func (param i32 i32) (result i64))');
});

it('types and imports read as they were written', () => {
  const types = [
    '(func (param i32))',
    '(sub (struct (field (mut i8)) (field i64)))',
    '(sub final 1 (struct (field (mut i8)) (field i64)))',
    '(array (mut (ref null 0)))',
  ];
  const imports = ['(func (param i32))', '(memory i64 1 2)', '(table 3 funcref)', '(global (mut (ref null 1)))', '(tag (param i32))'];
  const text = `(module ${types.map((type) => `(type ${type})`).join('')} ${imports.map((type) => `(import "a" "b" ${type})`).join('')})`;
  const module = decode(assemble(text).bytes);
  expect(module.types.map((type) => showSubType(type))).toEqual(types);
  expect(module.imports.map(({ desc }) => showImportDesc(desc, module.types))).toEqual(imports);
});
