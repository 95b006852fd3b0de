import { describe, expect, it } from 'vitest';
import { WASM_3 } from '../features.js';
import { EXNREF, EXTERNREF } from '../types.js';
import { type Command, parseScript } from './script.js';

function commands(text: string): readonly Command[] {
  return [...parseScript(text, WASM_3)];
}

describe('parseScript', () => {
  it('reads every form of module', () => {
    expect(
      commands(
        '(module $a) (module $b binary "\\00asm") (module quote "(func)") (module definition $d (func)) (module instance $i $d) (module instance)',
      ),
    ).toMatchObject([
      { kind: 'module', definition: false, module: { form: 'text', id: 'a' } },
      { kind: 'module', module: { form: 'binary', id: 'b' } },
      { kind: 'module', module: { form: 'quote', id: undefined } },
      { kind: 'module', definition: true, module: { id: 'd' } },
      { kind: 'instance', id: 'i', module: 'd' },
      { kind: 'instance', id: undefined, module: undefined },
    ]);
  });

  it('reads actions, values and patterns', () => {
    const [first, second, third] = commands(`
      (register "r" $m)
      (assert_return (invoke $m "f" (i32.const -1) (v128.const i16x8 1 2 3 4 5 6 7 -1) (ref.null exn) (ref.extern 3))
        (f32.const nan:canonical) (either (i64.const 1) (ref.i31)) (v128.const f64x2 nan:arithmetic 1) (ref.null) (ref.func))
      (assert_trap (get "g") "text")`);
    expect(first).toMatchObject({ kind: 'register', as: 'r', module: 'm', line: 2, column: 7 });
    expect(second).toMatchObject({
      kind: 'assert_return',
      line: 3,
      action: {
        kind: 'invoke',
        module: 'm',
        name: 'f',
        args: [
          { kind: 'i32', value: -1 },
          { kind: 'v128', bytes: Uint8Array.of(1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 255, 255) },
          { kind: 'null', type: EXNREF },
          { kind: 'host', type: EXTERNREF, value: 3 },
        ],
      },
      expected: [
        { kind: 'f32', nan: 'nan:canonical' },
        { kind: 'either', patterns: [{ kind: 'i64', value: 1n }, { kind: 'ref', heap: 'i31' }] },
        { kind: 'lanes', shape: 'f64x2', lanes: [{ nan: 'nan:arithmetic' }, { bits: 0x3ff0000000000000n }] },
        { kind: 'any null' },
        { kind: 'ref', heap: 'func' },
      ],
    });
    expect(third).toMatchObject({ kind: 'assert_trap', action: { kind: 'get', name: 'g' }, message: 'text' });
  });

  it('takes bare fields for one module', () => {
    const [only, ...more] = commands('(func) (memory 0) (func (export "f"))');
    expect(more).toEqual([]);
    expect(only).toMatchObject({ kind: 'module' });
  });

  it('does not let one malformed command stop the others', () => {
    const all = commands(`
      (module (func (nonsense)))
      (assert_return (invoke "f" (i32.const 99999999999)))
      stray
      (assert_trap (module (func)) "x")
      (assert_malformed (module quote "(func") "unexpected token")
      (frobnicate)
      (module)`);
    expect(all.map((command) => ('error' in command ? `${command.word}: ${command.error.message}` : command.kind))).toEqual([
      'module',
      'assert_return: constant out of range',
      'stray: unknown operator stray',
      'assert_uninstantiable',
      'assert_malformed',
      'frobnicate: unknown operator frobnicate',
      'module',
    ]);
    const [module] = all;
    expect(() => module?.kind === 'module' && module.module.assemble(WASM_3)).toThrow('unknown operator nonsense');
  });

  it('reads alternatives however deep they are nested', () => {
    const deep = 100_000;
    const [command] = commands(`(assert_return (invoke "f") ${'(either '.repeat(deep)}(i32.const 1)${')'.repeat(deep)} (i32.const 2))`);
    expect(command).toMatchObject({ expected: [{ kind: 'either', patterns: [{ kind: 'i32', value: 1 }] }, { kind: 'i32', value: 2 }] });
    expect(commands(`(assert_return (invoke "f") ${'(either '.repeat(deep)}`)).toMatchObject([{ kind: 'malformed' }]);
  });

  it('tells the places of many commands in one line', () => {
    const count = 50_000;
    const all = commands('(module)'.repeat(count) + ' (modulé)(x)');
    expect(all.slice(-3)).toMatchObject([{ column: count * 8 - 7 }, { column: count * 8 + 2, kind: 'malformed' }, { column: count * 8 + 10, word: 'x' }]);
  });

  it('counts what stands between commands once', () => {
    expect(commands('(module) 1 stray \x9b "x" ) (module) \x9b ) (\x9b)')).toMatchObject([
      { kind: 'module' },
      { kind: 'malformed', word: '1' },
      { kind: 'module' },
      { kind: 'malformed', word: 'script' },
      { kind: 'malformed', word: 'script' },
    ]);
  });

  it('refuses patterns as arguments', () => {
    expect(commands('(invoke "f" (f32.const nan:canonical))')).toMatchObject([{ kind: 'malformed' }]);
    expect(commands('(invoke "f" (ref.func))')).toMatchObject([{ kind: 'malformed' }]);
  });
});
