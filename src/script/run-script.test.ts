import { describe, expect, it } from 'vitest';
import { WASM_3 } from '../wasm/features.js';
import { PROPOSALS, profileOf, STANDARD } from './profiles.js';
import { countAssertions, runScript, type ScriptResult } from './run-script.js';

function run(text: string): ScriptResult {
  return runScript(text, { features: WASM_3, maxInstructions: 100_000 });
}

describe('runScript', () => {
  it('counts assertions alone as passed', () => {
    expect(run('(module (func (export "f") (result i32) (i32.const 1))) (invoke "f") (assert_return (invoke "f") (i32.const 1))')).toEqual({
      passed: 1,
      failed: 0,
      skipped: 0,
      failures: [],
    });
  });

  const FAILING = `
    (module (func (export "f") (result f32) (f32.const 1)) (func (export "t") (unreachable)) (func (export "l") (loop (br 0))))`;
  it.each([
    ['(assert_return (invoke "f") (f32.const 2))', 'expected (f32.const 2), got (f32.const 1)'],
    ['(assert_return (invoke "f"))', 'expected nothing, got (f32.const 1)'],
    ['(assert_return (invoke "f") (f32.const nan:canonical))', 'expected (f32.const nan:canonical), got (f32.const 1)'],
    ['(assert_return (invoke "f") (i32.const 1))', 'expected (i32.const 1), got (f32.const 1)'],
    ['(assert_return (invoke "g"))', 'no func is exported as "g"'],
    ['(assert_return (invoke "f" (i32.const 1)) (f32.const 1))', '"f" takes 0 arguments, not 1'],
    ['(assert_return (invoke $m "f") (f32.const 1))', 'unknown module instance $m'],
    ['(assert_return (invoke "t"))', 'Trap: unreachable'],
    ['(assert_return (invoke "l"))', 'it does not come to an end'],
    ['(assert_trap (invoke "f") "unreachable")', 'expected Trap "unreachable", but it succeeded with (f32.const 1)'],
    ['(assert_trap (invoke "t") "integer overflow")', 'expected Trap "integer overflow", got Trap: unreachable'],
    ['(assert_exhaustion (invoke "t") "unreachable")', 'expected Exhaustion "unreachable", got Trap: unreachable'],
    ['(assert_malformed (module quote "(func)") "unexpected token")', 'expected SyntaxError or DecodeError "unexpected token", but it succeeded'],
    ['(assert_malformed (module (func (result i32))) "type")', 'expected SyntaxError or DecodeError "type", got ValidationError: type mismatch'],
    ['(assert_invalid (module quote "(fun)") "unknown")', 'expected ValidationError "unknown", got SyntaxError: unknown operator fun'],
    ['(assert_unlinkable (module) "unknown import")', 'expected LinkError "unknown import", but it succeeded'],
    ['(module (import "a" "b" (func)))', 'LinkError: unknown import'],
    ['(register "x" $y)', 'unknown module instance $y'],
    ['(assert_frob)', 'SyntaxError: unknown operator assert_frob'],
  ])('%s fails, and the next command runs', (command, message) => {
    const { passed, failed, failures } = run(`${FAILING}\n${command}\n(assert_return (invoke "f") (f32.const 1))`);
    expect(failures[0]!.message.startsWith(message), failures[0]!.message).toBe(true);
    expect(failures[0]).toMatchObject({ line: 3, command: command.slice(1).split(/[ )]/)[0] });
    // A module that failed is no module for what follows.
    const follows = command.startsWith('(module') ? 0 : 1;
    expect([passed, failed]).toEqual([follows, 2 - follows]);
  });

  it('numbers line and column of the place itself', () => {
    expect(run('(module)\n  (assert_return (invoke "f" (i32.const 99999999999)))').failures).toMatchObject([{ line: 2, column: 41 }]);
  });

  it('goes on with the same machine after traps and exhaustion', () => {
    const text = `(module (func $d (export "d") (call $d)) (func (export "t") (unreachable)) (func (export "ok")))
      ${'(assert_exhaustion (invoke "d") "call stack exhausted") (assert_trap (invoke "t") "unreachable") (assert_return (invoke "ok"))'.repeat(5)}`;
    expect(run(text)).toMatchObject({ passed: 15, failed: 0 });
  });
});

describe('profiles', () => {
  it('go by the folders of a path', () => {
    expect(profileOf('suite/memory.wast')).toBe(STANDARD);
    expect(profileOf('suite/custom/name.wast')).toBe(STANDARD);
    expect(profileOf('suite\\proposals\\threads\\memory.wast').name).toBe('threads');
    expect(profileOf('legacy/throw.wast').name).toBe('legacy-exceptions');
    expect(profileOf('x/proposals/threads.wast')).toBe(STANDARD);
    for (const profile of PROPOSALS) expect(profileOf(`/a/${profile.folder!}/b/c.wast`)).toBe(profile);
  });

  it('say how many assertions a script holds that is not run', () => {
    expect(countAssertions('(module) (invoke "f") (assert_return (invoke "f")) (assert_bad)', WASM_3)).toBe(1);
  });
});
