import type { Module } from '../wasm/module.js';
import { constantOffset } from './image.js';

/**
 * Which function a PC_F means: it is a slot of table 0, filled by the element section. Decoded rather than computed,
 * because tools that rewrite a module renumber its functions and keep the table in order.
 */
export class CodeMap {
  /** Slot of the first function: 0x1000 in all modern versions. */
  readonly base: number;
  private readonly slots: Int32Array;
  private readonly bySlot: Int32Array;

  private constructor(base: number, slots: Int32Array, functions: number) {
    this.base = base;
    this.slots = slots;
    this.bySlot = new Int32Array(functions).fill(-1);
    slots.forEach((func, i) => {
      if (func < functions && this.bySlot[func] === -1) this.bySlot[func] = base + i;
    });
  }

  /** `undefined` if table 0 is not filled by one segment of functions at a constant place. */
  static of(module: Module): CodeMap | undefined {
    const functions = module.imported.funcs + module.funcs.length;
    for (const { mode, items } of module.elems) {
      if (mode.kind !== 'active' || mode.target !== 0 || items.kind !== 'funcs') continue;
      const base = constantOffset(module.bytes, mode.at);
      if (base !== undefined) return new CodeMap(base, items.indices, functions);
    }
    return undefined;
  }

  /** Function index for a PC_F. */
  funcOf(pcF: number): number | undefined {
    return this.slots[pcF - this.base];
  }
  /** PC_F of a function index. */
  pcFOf(func: number): number | undefined {
    const slot = this.bySlot[func];
    return slot === undefined || slot < 0 ? undefined : slot;
  }
}
