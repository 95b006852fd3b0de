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

/** Instructions that are looked at in search of a call. */
const AHEAD = 64;

/**
 * Does the straight code from where the reader stands come to a call of certain functions?
 *
 * @param meant By positions in the function index space.
 */
export function comesTo(reader: InstructionReader, meant: (func: number) => boolean): boolean {
  for (let i = 0; i < AHEAD && reader.pos < reader.end; i++) {
    const op = reader.next();
    if (op === OP.call && meant(reader.x)) return true;
    if (op <= OP.return && op !== OP.nop && op !== OP.end) return false;
  }
  return false;
}

const POINTER = 1;
const OFFSET = 2;
