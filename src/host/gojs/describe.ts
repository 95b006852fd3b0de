import type { GuestMemory } from '../../engine/guest-memory.js';
import type { Shown } from '../described-call.js';
import type { Slot } from './frame.js';
import { GO_IMPORTS, type GoImport } from './imports.js';

/** The longest text or run of bytes that is shown whole. */
const SHOWN = 64;
/** How many elements of a list are shown. */
const LISTED = 8;

const IMPORTS = new Map(GO_IMPORTS.map((entry) => [entry.name, entry]));

export function importNamed(name: string): GoImport | undefined {
  return IMPORTS.get(name);
}

/** How the parts of a call are shown. `reference`: what an id stands for, in words. */
export interface Showing {
  readonly memory: GuestMemory;
  reference(id: number): string;
}

/** The parameters or results at `sp`, by name. Never throws: what lies outside the memory is shown as such. */
export function showSlots(slots: readonly Slot[], sp: number, showing: Showing): Record<string, Shown> {
  return Object.fromEntries(slots.map((slot) => [slot.name, attempt(() => show(slot, sp + slot.offset, showing))]));
}

function attempt(what: () => Shown): Shown {
  try {
    return what();
  } catch {
    return '(outside the memory)';
  }
}

function show({ type }: Slot, address: number, showing: Showing): Shown {
  const { memory } = showing;
  switch (type) {
    case 'bool':
      return memory.u8(address) === 0 ? 'false' : 'true';
    case 'int32':
      return memory.i32(address);
    case 'int64':
    case 'int':
    case 'uintptr':
      return memory.i64(address);
    case 'pointer':
      return `0x${memory.u64(address).toString(16)}`;
    case 'ref':
      return showRef(address, showing);
    case 'string':
      return quote(memory, Number(memory.i64(address)), Number(memory.i64(address + 8)));
    case 'bytes':
      return `${memory.i64(address + 8)} bytes`;
    case 'refs': {
      const first = Number(memory.i64(address));
      const count = Number(memory.i64(address + 8));
      const shown = Array.from({ length: Math.min(count, LISTED) }, (_, i) => showRef(first + i * 8, showing));
      return `[${[...shown, ...(count > LISTED ? [`and ${count - LISTED} more`] : [])].join(', ')}]`;
    }
  }
}

function quote(memory: GuestMemory, address: number, length: number): string {
  const text = length === 0 ? '' : memory.text(address, Math.min(length, SHOWN));
  return JSON.stringify(text) + (length > SHOWN ? ` and ${length - SHOWN} bytes more` : '');
}

/** A number as itself, the rest by reference id. */
function showRef(address: number, { memory, reference }: Showing): string {
  const number = memory.f64(address);
  if (number === 0) return 'undefined';
  return Number.isNaN(number) ? reference(memory.u32(address)) : String(number);
}

/** A number or a string as itself, an object by its id: `#12 object`. `nameOf`: how to call an object that every program knows. */
export function showReference(id: number, value: unknown, nameOf: (object: object) => string | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN)) + (value.length > SHOWN ? ` and ${value.length - SHOWN} units more` : '');
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  const name = typeof value === 'symbol' ? undefined : nameOf(value);
  return `#${id} ${name ?? (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol' ? typeof value : 'value')}`;
}
