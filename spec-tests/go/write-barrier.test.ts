import { expect, it } from 'vitest';
import { writeBarriers } from '../../src/go/write-barrier.js';
import { decode } from '../../src/wasm/binary/decode.js';
import { functionNames } from '../../src/wasm/binary/names.js';
import { loadProgram, programs } from '../support/programs.js';

/** What Go's runtime has, by version. */
const BARRIERS: Readonly<Record<string, readonly string[]>> = {
  '1.19': ['runtime.gcWriteBarrier'],
  '1.21': Array.from({ length: 6 }, (_, i) => `runtime.gcWriteBarrier${i + 1}`),
  '1.24': Array.from({ length: 8 }, (_, i) => `runtime.gcWriteBarrier${i + 1}`),
  '1.27': Array.from({ length: 8 }, (_, i) => `runtime.gcWriteBarrier${i + 1}`),
};

it.each(programs)('$name: the functions of the write barrier', ({ name, language, toolchain }) => {
  const module = decode(loadProgram(name));
  const names = functionNames(module);
  const found = writeBarriers(module).filter((func) => !module.exports.some(({ kind, index }) => kind === 'func' && index === func));
  if (name.endsWith('stripped')) expect(found).toHaveLength(BARRIERS[toolchain]!.length);
  else expect(found.map((func) => names.func(func))).toEqual(language === 'go' ? BARRIERS[toolchain] : []);
});
