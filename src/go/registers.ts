import type { Instance, Store } from '../engine/store.js';
import type { GlobalLayout } from './abi.js';
import { Peek } from './peek.js';

/**
 * The registers of Go's virtual CPU in a running instance. PC_F and PC_B say what the trampoline calls next: they are
 * the word below SP, or globals in the layout of Go 1.11. Addresses are unsigned; g and CTXT are read as numbers,
 * since an address always fits 32 bits.
 */
export class Registers {
  readonly layout: GlobalLayout;
  readonly memory: Peek;
  private readonly store: Store;
  private readonly cells: Readonly<Record<string, number>>;

  constructor(store: Store, instance: Instance, layout: GlobalLayout) {
    this.store = store;
    this.layout = layout;
    this.cells = Object.fromEntries(Object.entries(layout).map(([name, global]) => [name, store.globals[instance.globals[global as number]!]!.cell]));
    const memory = instance.memories[0];
    this.memory = new Peek(memory === undefined ? () => new Uint8Array() : () => store.memories[memory]!.u8);
  }

  private low(name: keyof GlobalLayout): number {
    return this.store.globalCells.i32[this.cells[name]! * 2]!;
  }
  private wide(name: keyof GlobalLayout): bigint {
    return this.store.globalCells.i64[this.cells[name]!]!;
  }

  get sp(): number {
    return this.low('SP') >>> 0;
  }
  get ctxt(): number {
    return this.low('CTXT') >>> 0;
  }
  get g(): number {
    return this.low('G') >>> 0;
  }
  get pause(): boolean {
    return this.low('PAUSE') !== 0;
  }
  ret(index: 0 | 1 | 2 | 3): bigint {
    return this.wide(`RET${index}`);
  }
  get pcF(): number {
    return this.layout.PC_F === undefined ? this.memory.u32(this.pcAt + 2) : this.low('PC_F') >>> 0;
  }
  get pcB(): number {
    return this.layout.PC_B === undefined ? this.memory.u16(this.pcAt) : this.low('PC_B') >>> 0;
  }
  /** Address of the PC to go on from, in the layouts that keep it in memory. */
  get pcAt(): number {
    return (this.sp - 8) >>> 0;
  }

  /** What the trampoline does on its way out. */
  clearPause(): void {
    this.store.globalCells.i32[this.cells.PAUSE! * 2] = 0;
  }
}
