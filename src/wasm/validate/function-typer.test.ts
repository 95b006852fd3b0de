import { describe, expect, it } from 'vitest';
import { loadProgram } from '../../../spec-tests/support/programs.js';
import { decode } from '../binary/decode.js';
import { ValidationError } from '../errors.js';
import { WASM_3 } from '../features.js';
import { assemble } from '../text/assemble.js';
import { TypeRegistry } from '../type-registry.js';
import { I32, isRef, type ValType } from '../types.js';
import { ModuleContext } from './context.js';
import { FunctionTyper } from './function-typer.js';
import { validate } from './validate.js';

function typerOf(text: string): FunctionTyper {
  return new FunctionTyper(new ModuleContext(decode(assemble(text).bytes)));
}

/** What can be seen before each instruction: the instruction, its operands, and reachability. */
function walk(typer: FunctionTyper, func: number): string[] {
  const lines: string[] = [];
  typer.enter(func);
  while (typer.next()) {
    const operands = Array.from(typer.types.subarray(0, typer.height), (type) => typer.context.show(type));
    lines.push(
      `${'  '.repeat(typer.depth - 1)}${typer.reader.instruction.mnemonic} [${operands.join(' ')}]${typer.unreachable ? ' unreachable' : ''}`,
    );
    typer.apply();
  }
  return lines;
}

describe('typing instruction by instruction', () => {
  it('shows the operands before each instruction', () => {
    const typer = typerOf(`(module
      (func (param v128 i32) (result i32) (local i64)
        local.get 0
        local.get 1
        block (param i32) (result i32)
          i32.const 1
          i32.add
        end
        local.get 2
        drop
        i8x16.splat
        v128.or
        i32x4.extract_lane 0))`);
    expect(walk(typer, 0)).toEqual([
      'local.get []',
      'local.get [v128]',
      'block [v128 i32]',
      '  i32.const [v128 i32]',
      '  i32.add [v128 i32 i32]',
      '  end [v128 i32]',
      'local.get [v128 i32]',
      'drop [v128 i32 i64]',
      'i8x16.splat [v128 i32]',
      'v128.or [v128 v128]',
      'i32x4.extract_lane [v128]',
      'end [i32]',
    ]);
  });

  it('says what is never reached', () => {
    const typer = typerOf(`(module
      (func (param i32) (result i32)
        local.get 0
        if (result i32)
          i32.const 7
          return
          i32.add
        else
          i32.const 8
        end))`);
    expect(walk(typer, 0)).toEqual([
      'local.get []',
      'if [i32]',
      '  i32.const []',
      '  return [i32]',
      '  i32.add [] unreachable',
      '  else [i32] unreachable',
      '  i32.const []',
      '  end [i32]',
      'end [i32]',
    ]);
  });

  it('knows the labels: what a branch brings, and down to where it cuts the stack', () => {
    const typer = typerOf('(module (func (param i64) (result i32) i32.const 5 local.get 0 loop (param i64) br 0 end))');
    typer.enter(0);
    while (typer.next()) {
      if (typer.reader.instruction.mnemonic === 'br') {
        const label = typer.label(typer.reader.x);
        expect([label.kind, label.height, label.labelTypes.length]).toEqual(['loop', 1, 1]);
        expect(typer.label(1).kind).toBe('func');
      }
      typer.apply();
    }
  });

  it('sees types as a given registry knows them', () => {
    const module = decode(assemble('(module (type $t (struct)) (func (param (ref $t)) local.get 0 drop))').bytes);
    const registry = new TypeRegistry();
    registry.addFunc({ kind: 'func', params: [I32], results: [I32] });
    const typer = new FunctionTyper(new ModuleContext(module, WASM_3, registry));
    typer.enter(0);
    const type: ValType = typer.localTypes[0]!;
    expect(isRef(type)).toBe(true);
    expect(typer.context.typeIds[0]).toBe(1);
  });

  it('may go on with another body after an error', () => {
    const typer = typerOf('(module (func i32.const 1) (func (result i32) i32.const 1))');
    typer.enter(0);
    expect(() => typer.run()).toThrow(ValidationError);
    expect(walk(typer, 1)).toEqual(['i32.const []', 'end [i32]']);
  });

  it('allocates nothing for each instruction', () => {
    const module = decode(loadProgram('hello-go1.27-wasip1-stripped'));
    validate(module);
    const typer = new FunctionTyper(new ModuleContext(module));
    const all = (): number => {
      let instructions = 0;
      for (let i = 0; i < module.funcs.length; i++) {
        typer.enter(module.imported.funcs + i);
        for (; typer.next(); instructions++) typer.apply();
      }
      return instructions;
    };
    all();
    const before = process.memoryUsage().heapUsed;
    const instructions = all();
    // Less than a byte each; a collection in between makes it negative.
    expect(instructions).toBeGreaterThan(500_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(instructions);
  });
});

describe('errors', () => {
  const invalid = (text: string): string => {
    try {
      validate(decode(assemble(text).bytes));
    } catch (error) {
      if (error instanceof ValidationError) return `${error.message} func=${error.func}`;
      throw error;
    }
    return 'valid';
  };
  it('name the function, the place and the types', () => {
    expect(invalid('(module (func) (func (result i32) i64.const 1 i32.eqz))')).toBe(
      'type mismatch: instruction requires [i32] but stack has [i64] (function 1, at byte 0x21) func=1',
    );
    expect(invalid('(module (func (block i32.const 1)))')).toContain('type mismatch: block requires [] but stack has [i32]');
    expect(invalid('(module (global i32 (i64.const 1)))')).toContain('func=undefined');
    expect(invalid('(module (type $s (struct)) (func (param (ref $s)) (result (ref null func)) local.get 0))')).toContain(
      'instruction requires [funcref] but stack has [(ref 0)]',
    );
  });
});
