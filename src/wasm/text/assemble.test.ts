import { describe, expect, it } from 'vitest';
import { decode } from '../binary/decode.js';
import { functionNames } from '../binary/names.js';
import { SyntaxError } from '../errors.js';
import { WASM_3, withFeatures } from '../features.js';
import { validate } from '../validate/validate.js';
import { assemble } from './assemble.js';
import { describeError } from './source.js';

type Exports = Record<string, (...args: unknown[]) => unknown>;
interface HostEngine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
}

/** Runs on the engine of Node, which knows nothing of ours. */
function instantiate(text: string, imports: object = {}): Exports {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: HostEngine }).WebAssembly;
  return new Instance(new Module(assemble(text).bytes), imports).exports;
}

function failure(text: string | Uint8Array): SyntaxError {
  try {
    assemble(text);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('assemble', () => {
  it('evaluates folded operands in order', () => {
    const { f } = instantiate('(func (export "f") (param i32 i32) (result i32) (i32.sub (local.get 0) (i32.mul (local.get 1) (i32.const 3))))');
    expect(f!(100, 7)).toBe(79);
  });

  it('mixes flat and folded forms, named and numbered labels', () => {
    const { f } = instantiate(`(module
      (func (export "f") (param $n i32) (result i32) (local $sum i32)
        block $done
          loop $again
            (br_if $done (i32.eqz (local.get $n)))
            local.get $sum
            local.get $n
            i32.add
            local.set $sum
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            br 0
          end $again
        end
        local.get $sum))`);
    expect(f!(10)).toBe(55);
  });

  it('writes the condition of a folded if before it', () => {
    const { f } = instantiate(`(func (export "f") (param i32) (result i32)
      (if $l (result i32) (if (result i32) (local.get 0) (then (i32.const 0)) (else (i32.const 1)))
        (then (br $l (i32.const 10))) (else (i32.const 20))))`);
    expect([f!(0), f!(1)]).toEqual([10, 20]);
  });

  it('knows the abbreviations of tables, memories and segments', () => {
    const { f, m } = instantiate(`(module
      (type $t (func (result i32)))
      (table funcref (elem $a $b))
      (memory (export "m") (data "ab" "\\63"))
      (data (i32.const 4) "xyz")
      (func $a (type $t) i32.const 1)
      (func $b (result i32) i32.const 2)
      (func (export "f") (param i32) (result i32) (call_indirect (type $t) (local.get 0))))`);
    expect([f!(0), f!(1)]).toEqual([1, 2]);
    expect(new TextDecoder().decode(new Uint8Array((m as unknown as { buffer: ArrayBuffer }).buffer, 0, 7))).toBe('abc\0xyz');
  });

  it('takes imports and exports in either form', () => {
    const calls: unknown[] = [];
    const { f, g } = instantiate(
      `(module
        (import "env" "log" (func $log (param i32)))
        (func $other (export "g") (import "env" "other") (result i32))
        (func (export "f") (call $log (call $other))))`,
      { env: { log: (x: unknown) => calls.push(x), other: () => 7 } },
    );
    f!();
    expect(calls).toEqual([7]);
    expect(g!()).toBe(7);
  });

  it('adds the types that type uses imply after the explicit ones, in the order of their first use', () => {
    const { bytes } = assemble(`(module
      (func (result f64) (block (param) (result f32 f32) (unreachable)) (unreachable))
      (func (param i32))
      (type (func (param i32)))
      (func (result f64) (unreachable)))`);
    const { types, funcs } = decode(bytes);
    expect(types.map(({ comp }) => (comp.kind === 'func' ? [comp.params.length, comp.results.length] : []))).toEqual([[1, 0], [0, 1], [0, 2]]);
    expect(funcs.map(({ type }) => type)).toEqual([1, 0, 1]);
  });

  it('does not take a member of a larger group or a subtype for an implied type', () => {
    const { bytes } = assemble('(module (rec (type (func)) (type (struct))) (type (sub (func))) (func))');
    const module = decode(bytes);
    validate(module);
    expect(module.funcs[0]!.type).toBe(3);
  });

  it('writes a data count section only where an instruction names a segment', () => {
    const has = (text: string): boolean => decode(assemble(text).bytes).sections.some(({ id }) => id === 12);
    expect(has('(module (memory 1) (data "a"))')).toBe(false);
    expect(has('(module (memory 1) (data $d "a") (func (data.drop $d)))')).toBe(true);
  });

  it('keeps names, of identifiers and of annotations', () => {
    const names = functionNames(
      decode(
        assemble(`(module $m (type $t (struct (field $x i32)))
          (func $f (param $p i32) (local i64) (local $l f32) (block $b (loop $c)))
          (func $g (@name "g g")) (memory $mem 1) (global (@name "glob") i32 (i32.const 0)) (data $d "") (elem $e func) (tag $tag) (table $tab 0 funcref))`)
          .bytes,
      ),
    );
    expect(names.module).toBe('m');
    expect([...names.of('func')]).toEqual([[0, 'f'], [1, 'g g']]);
    expect([...names.within('local', 0)]).toEqual([[0, 'p'], [2, 'l']]);
    expect([...names.within('label', 0)]).toEqual([[0, 'b'], [1, 'c']]);
    expect([...names.within('field', 0)]).toEqual([[0, 'x']]);
    expect((['type', 'memory', 'global', 'data', 'elem', 'tag', 'table'] as const).map((kind) => names.of(kind).get(0))).toEqual(
      ['t', 'mem', 'glob', 'd', 'e', 'tag', 'tab'],
    );
  });

  it('puts custom sections in their places and branch hints before the code', () => {
    const module = decode(
      assemble(`(module (@custom "last") (@custom "first" (before first) "1") (@custom "mid" (after func) "\\00\\ff")
        (func (param i32) (@metadata.code.branch_hint "\\01") (if (local.get 0) (then))))`).bytes,
    );
    expect(module.sections.map(({ name }) => name)).toEqual(['first', 'type', 'function', 'mid', 'metadata.code.branch_hint', 'code', 'last']);
    const hints = module.customs[2]!;
    // One function, index 0, one hint: offset 3 is the `if` after the (empty) local declarations and local.get.
    expect([...module.bytes.subarray(hints.start, hints.end)]).toEqual([1, 0, 1, 3, 1, 1]);
  });

  it('says where the bytes come from', () => {
    const { bytes, sourceMap } = assemble('(module\n  (func\n    (drop\n      (i32.const 1))))');
    const { body } = decode(bytes).funcs[0]!;
    expect(sourceMap.position(body.offset)).toEqual({ line: 4, column: 8 });
    expect(sourceMap.position(body.offset + 2)).toEqual({ line: 3, column: 6 });
    expect(sourceMap.position(0)).toBeUndefined();
  });

  it('takes a module in binary and quoted form', () => {
    const { bytes } = assemble('(func)');
    const escaped = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
    expect(assemble(`(module binary "${escaped}")`).bytes).toEqual(bytes);
    expect(assemble('(module $x quote "(fu" "nc)")')).toMatchObject({ bytes, id: 'x' });
  });

  it('admits proposals by name only', () => {
    const text = '(memory 1 1 shared)';
    expect(failure(text).message).toMatch(/^unexpected token/);
    expect(assemble(text, { features: withFeatures(WASM_3, 'threads') }).bytes.length).toBeGreaterThan(8);
    expect(failure('(func (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)) drop drop)').message).toBe('unknown operator i64.add128');
  });
});

describe('syntax errors', () => {
  it.each([
    ['(func (i32.foo))', 'unknown operator i32.foo', 1, 8],
    ['(func\n  i32.const)', 'unexpected token: found ), expected a number', 2, 12],
    ['(func\r\n  (i32.const 4294967296))', 'constant out of range', 2, 14],
    ['(func\r\r\n  (local.get $x))', 'unknown local $x', 3, 14],
    ['(func (br $x))', 'unknown label $x', 1, 11],
    ['(func (call $é))', 'empty identifier', 1, 13],
    ['(func $a) (func $a)', 'duplicate func $a', 1, 17],
    ['(func (param $x i32) (local $x i32))', 'duplicate local $x', 1, 29],
    ['(func block $a end $b)', 'mismatching label $b', 1, 20],
    ['(func) (import "" "" (func))', 'import after function', 1, 8],
    ['(global i32 (i32.const 0)) (func (import "" ""))', 'import after global', 1, 28],
    ['(func (i32.load align=3 (i32.const 0)))', 'alignment must be a power of two', 1, 17],
    ['(start 0) (start 0)', 'multiple start sections', 1, 11],
    ['(type (func)) (func (type 0) (param i32))', 'inline function type', 1, 30],
    ['(func (param i32) (type 0))', 'unexpected token', 1, 20],
    ['(func end)', 'unexpected token', 1, 7],
    ['(func block)', 'unexpected token: found ), expected an instruction or end', 1, 12],
    ['(func (if (i32.const 0)))', 'unexpected token: found ), expected an operand in parentheses or (then', 1, 24],
    ['(func (nop nop))', 'unexpected token', 1, 12],
    ['(func (v128.const i8x16 1))', 'wrong number of lane literals', 1, 25],
    ['(func (i8x16.shuffle 1))', 'invalid lane length', 1, 22],
    ['(export "\\ff" (func 0))', 'malformed UTF-8 encoding', 1, 9],
    ['(module) (module)', 'unexpected token', 1, 10],
    ['(fun)', 'unknown operator fun', 1, 2],
    ['(memory 1', 'unexpected token: found the end of the text', 1, 10],
    ['(func (@custom "x"))', 'misplaced @custom annotation', 1, 7],
    ['(type (sub (field i32)))', 'unexpected token', 1, 12],
  ])('%j', (text, message, line, column) => {
    const error = failure(text);
    expect(error.message.startsWith(message), error.message).toBe(true);
    expect([error.line, error.column]).toEqual([line, column]);
  });

  it('are shown with their line and a caret', () => {
    const text = '(module\n\t(func (i32.cosnt 1)))\n';
    expect(describeError(text, failure(text), 'a.wat')).toBe(
      ['a.wat:2:9: unknown operator i32.cosnt', '   (func (i32.cosnt 1)))', '          ^'].join('\n'),
    );
    const long = `(func ${'nop '.repeat(500)}nup)`;
    const shown = describeError(long, failure(long), 'a.wat').split('\n');
    expect(shown[1]!.length).toBeLessThan(120);
    expect(shown[1]!.slice(shown[2]!.length - 1)).toMatch(/^nup/);
  });

  it('are short whatever is wrong, and no control sequence for a terminal', () => {
    const text = `(${'x'.repeat(1_000_000)} \x1b[31m\u009b31m \u{1f600}`;
    const [head, line, caret] = describeError(text, failure(text), 'a.wat').split('\n');
    expect(head).toMatch(/^a\.wat:1:2: unknown operator x{100,200}…$/);
    expect([line!.length, caret!.length]).toEqual([102, 4]);
    const second = '(module)\r\n\u{1f600} \x1b[31m\u009b31m\r\n';
    expect(describeError(second, failure(second), 'a.wat')).toBe('a.wat:2:1: illegal character\n  \u{1f600}  [31m 31m\n  ^');
  });

  it('tell a text that is too long to be read', () => {
    const error = failure(new Uint8Array(2 ** 29));
    expect(error).toMatchObject({ message: 'a text of 536870912 bytes; it may have 536869888 at most', line: 1, column: 1 });
  });

  it('come, not overflows, from whatever is nested too deeply', () => {
    const deep = 100_000;
    for (const open of ['(', '(module ', '(func ', '(type (array (mut ', '(rec (rec ', '(block ', '(func (block (result ', '(import "" "" ']) {
      expect(failure(open.repeat(deep)).message).toMatch(/^unexpected token|^unknown operator/);
    }
  });
});

describe('deep nesting', () => {
  const depth = 50_000;
  it.each([
    ['folded blocks', `(func ${'(block '.repeat(depth)}${')'.repeat(depth)})`],
    ['flat blocks', `(func ${'block '.repeat(depth)}${'end '.repeat(depth)})`],
    ['operands', `(func (drop ${'(i32.eqz '.repeat(depth)}(i32.const 0)${')'.repeat(depth)}))`],
    ['conditions', `(func (drop ${'(if (result i32) '.repeat(depth)}(i32.const 0)${'(then (i32.const 1)) (else (i32.const 2)))'.repeat(depth)}))`],
    ['annotations', `${'(@a '.repeat(depth)}${')'.repeat(depth)}`],
    ['comments', `${'(;'.repeat(depth)}${';)'.repeat(depth)}`],
  ])('of %s works', (_, text) => {
    validate(decode(assemble(text).bytes));
  });
});
