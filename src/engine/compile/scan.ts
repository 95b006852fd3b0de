import type { InstructionReader } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';

/** What is known of a body before it is translated. */
export interface Scan {
  /** Locals that are only ever set from globals, or moved by multiples of 4: how compilers keep a stack pointer. */
  readonly pointers: ReadonlySet<number>;
  /** Does it compute with floats? */
  readonly computes: boolean;
}

export function scan(reader: InstructionReader): Scan {
  let computes = false;
  const found = new Set<number>();
  const others = new Set<number>();
  /** What the last instructions left on the stack: nothing known, a pointer, a constant. */
  let top = 0;
  let below = 0;
  while (reader.pos < reader.end) {
    const op = reader.next();
    const { x } = reader;
    let next = 0;
    computes ||= (op >= OP.f32_ceil && op <= OP.f32_max) || (op >= OP.f64_ceil && op <= OP.f64_max);
    if (op === OP.global_get) next = POINTER;
    else if (op === OP.local_get) next = found.has(x) && !others.has(x) ? POINTER : 0;
    else if (op === OP.i32_const) next = (x & 3) === 0 ? OFFSET : 0;
    else if ((op === OP.i32_add || op === OP.i32_sub) && top === OFFSET && below === POINTER) next = POINTER;
    else if (op === OP.local_set || op === OP.local_tee) {
      (top === POINTER ? found : others).add(x);
      next = op === OP.local_tee ? top : 0;
    }
    below = top;
    top = next;
  }
  for (const x of others) found.delete(x);
  return { pointers: found, computes };
}
const POINTER = 1;
const OFFSET = 2;
