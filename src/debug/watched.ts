import { loadValue } from '../engine/value.js';
import { resultOf, type Result } from './expression.js';
import type { Detector } from './detector.js';
import type { Target } from './target.js';

/** What a watchpoint watches. Addresses are of memory 0. */
export type WatchedThing =
  | { readonly kind: 'memory'; readonly address: number; readonly length: number }
  | { readonly kind: 'global'; readonly index: number }
  /** A local of one frame: it ends with that. */
  | { readonly kind: 'local'; readonly index: number; readonly func: number; readonly depth: number };

export function showThing(thing: WatchedThing): string {
  switch (thing.kind) {
    case 'memory':
      return `${thing.length} byte${thing.length === 1 ? '' : 's'} at 0x${thing.address.toString(16)}`;
    case 'global':
      return `global[${thing.index}]`;
    case 'local':
      return `$${thing.index} of the frame of function ${thing.func}`;
  }
}

/** What the thing holds now; undefined where it is not there. */
export function watchedValue(target: Target, thing: WatchedThing): Result | undefined {
  const { store, instance, machine } = target;
  switch (thing.kind) {
    case 'memory': {
      const memory = store.memories[instance.memories[0]!]!;
      if (thing.address + thing.length > memory.byteLength) return undefined;
      if (thing.length > 8) return Array.from(memory.u8.subarray(thing.address, thing.address + thing.length), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
      let value = 0n;
      for (let i = thing.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(memory.u8[thing.address + i]!);
      return value;
    }
    case 'global': {
      const { cell, type } = store.globals[instance.globals[thing.index]!]!;
      return resultOf(loadValue(store.globalCells, cell, type.value));
    }
    case 'local': {
      const frames = machine.frames();
      const frame = frames[frames.length - thing.depth];
      const value = frame?.kind === 'wasm' && frame.funcIndex === thing.func ? frame.locals[thing.index] : undefined;
      return value && resultOf(value);
    }
  }
}

/** Listens to a thing. Memory: before the instruction that accesses it; else whenever its value is another than before. */
export function watchDetector<T>(target: Target, thing: WatchedThing, on: 'read' | 'write' | 'change', heard: () => T | undefined): Detector<T> {
  if (thing.kind === 'memory') {
    const memory = target.instance.memories[0]!;
    return (ears) => ears.access(memory, thing.address, thing.length, on === 'read' ? 'read' : 'write', heard);
  }
  return (ears) => {
    let before = watchedValue(target, thing);
    ears.everywhere(() => {
      const now = watchedValue(target, thing);
      const changed = now !== before;
      before = now;
      return changed ? heard() : undefined;
    });
  };
}
