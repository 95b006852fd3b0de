import { describe, expect, it } from 'vitest';
import { loadProgram } from '../../../spec-tests/support/programs.js';
import { decode } from './decode.js';
import { functionNames, type Names } from './names.js';
import { ByteWriter } from './writer.js';

const nameMap = (names: readonly (readonly [number, string])[]) => (out: ByteWriter) =>
  void out.vec(names, ([index, name]) => out.u32(index).name(name));

/** Names of a module with an import, a function and this content of the name section. */
function names(section: (out: ByteWriter) => void): Names {
  const content = new ByteWriter();
  section(content);
  const out = new ByteWriter().header();
  out.section(1, (types) => types.bytes([1, 0x60, 0, 0]));
  out.section(2, (imports) => imports.u32(1).name('env').name('now').bytes([0, 0]));
  out.section(3, (funcs) => funcs.bytes([1, 0]));
  out.section(7, (exports) => exports.u32(1).name('run').bytes([0, 1]));
  out.section(10, (code) => code.bytes([1, 2, 0, 0x0b]));
  out.customSection('name', content.take());
  return functionNames(decode(out.take()));
}

describe('the name section', () => {
  it('names modules, functions, locals and the rest', () => {
    const found = names((out) => {
      out.byte(0).sized((content) => content.name('it'));
      out.byte(1).sized(nameMap([[1, 'main.run']]));
      out.byte(2).sized((content) => content.u32(1).u32(1).bytes([1, 0]).name('x'));
      out.byte(7).sized(nameMap([[0, 'counter']]));
    });
    expect(found.module).toBe('it');
    expect(found.func(1)).toBe('main.run');
    expect(found.func(0)).toBeUndefined();
    expect(found.local(1, 0)).toBe('x');
    expect(found.of('global').get(0)).toBe('counter');
  });

  it('is replaced by imports, exports and indices where it says nothing', () => {
    const found = names(() => {});
    expect([0, 1, 2].map((index) => found.showFunc(index))).toEqual(['env.now', 'run', 'func[2]']);
  });

  it('counts as far as it is well-formed', () => {
    const found = names((out) => {
      out.byte(1).sized((content) => content.u32(2).u32(0).name('first').u32(1).bytes([9, 0x61]));
      out.byte(2).u32(1000);
    });
    expect(found.func(0)).toBe('first');
    expect(found.func(1)).toBeUndefined();
    expect(found.local(0, 0)).toBeUndefined();
  });

  it('of a Go program names its functions', () => {
    const module = decode(loadProgram('hello-go1.27-wasip1'));
    const found = functionNames(module).of('func');
    expect(found.size).toBeGreaterThan(1000);
    expect([...found.values()]).toContain('runtime.mcall');
    expect(functionNames(module)).toBe(functionNames(module));
  });
});
