import { describe, expect, it } from 'vitest';
import { type GoType, packPc, pcB, pcF, stackLayout } from './abi.js';

describe('the layout of a call on the Go stack', () => {
  // As the hand-written offsets of Go's own host (lib/wasm/wasm_exec.js) have them.
  it.each<[string, GoType[], GoType[], number[], number[]]>([
    ['runtime.wasmWrite', ['uintptr', 'pointer', 'int32'], [], [8, 16, 24], []],
    ['runtime.walltime', [], ['int64', 'int32'], [], [8, 16]],
    ['runtime.scheduleTimeoutEvent', ['int64'], ['int32'], [8], [16]],
    ['syscall/js.valueGet', ['ref', 'string'], ['ref'], [8, 16], [32]],
    ['syscall/js.valueCall', ['ref', 'string', 'refs'], ['ref', 'bool'], [8, 16, 32], [56, 64]],
    ['syscall/js.valueInstanceOf', ['ref', 'ref'], ['bool'], [8, 16], [24]],
    ['syscall/js.copyBytesToGo', ['bytes', 'ref'], ['int', 'bool'], [8, 32], [40, 48]],
    ['narrow types in a row', ['bool', 'bool', 'int32', 'int32', 'bool'], ['bool', 'bool'], [8, 9, 12, 16, 20], [24, 25]],
  ])('%s', (_, params, results, paramOffsets, resultOffsets) => {
    expect(stackLayout(params, results)).toEqual({ params: paramOffsets, results: resultOffsets });
  });
});

it('packs a PC of more than 16 bits of PC_F', () => {
  const pc = packPc(0x12345, 0xfedc);
  expect(pc).toBe(0x12345fedcn);
  expect([pcF(pc), pcB(pc)]).toEqual([0x12345, 0xfedc]);
});
