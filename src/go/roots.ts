import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import { Peek } from './peek.js';
import type { GoModule } from './recognise.js';
import { MODULEDATA } from './structs.js';

/**
 * Address of the slice `runtime.allgs`. Data has no symbols on wasm, so it is read off `runtime.allgadd`, which works
 * on all three words of the slice: the one place in the data whose neighbours at +8 and +16 are in that body as well.
 */
export function findAllgs(go: GoModule): number | undefined {
  if (go.image === undefined || go.moduledata === undefined) return undefined;
  const memory = Peek.of(go.image);
  const from = memory.word(go.moduledata + MODULEDATA.noptrdata);
  const to = memory.word(go.moduledata + MODULEDATA.enoptrbss);
  const constants = constantsOf(go, 'runtime.allgadd');
  const found = [...constants].filter((at) => at >= from && at < to && at % 8 === 0 && constants.has(at + 8) && constants.has(at + 16));
  return found.length === 1 ? found[0] : undefined;
}

/** All integer constants in a function's body. */
function constantsOf(go: GoModule, name: string): Set<number> {
  const constants = new Set<number>();
  const func = go.func(name);
  const body = func === undefined ? undefined : go.module.funcs[func - go.module.imported.funcs]?.body;
  if (body === undefined) return constants;
  const reader = new InstructionReader(go.module.bytes, body.offset, body.end);
  while (reader.pos < reader.end) {
    const op = reader.next();
    if (op === OP.i32_const) constants.add(reader.x >>> 0);
    else if (op === OP.i64_const && reader.hi === 0) constants.add(reader.lo >>> 0);
  }
  return constants;
}
