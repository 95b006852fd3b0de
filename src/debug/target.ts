import type { Instance, Store } from '../engine/store.js';
import type { Machine } from '../engine/machine.js';
import { type GoModule, recognise } from '../go/recognise.js';
import { SourceMap } from '../go/sources.js';
import { type GoView, viewOf } from '../go/view.js';
import { functionNaming } from '../program/inspect.js';
import type { Replay } from '../replay/replay.js';
import { InstructionReader } from '../wasm/binary/code-reader.js';
import type { Module } from '../wasm/module.js';

/** One instruction of the module. */
export interface CodeOffset {
  /** Position in the function index space. */
  readonly func: number;
  /** Byte offset in the module. */
  readonly offset: number;
}

/** What is debugged: a module on a replaying machine, and what is known of it. */
export class Target {
  readonly replay: Replay;
  readonly module: Module;
  readonly machine: Machine;
  readonly store: Store;
  readonly instance: Instance;
  readonly go: GoModule | undefined;
  /** Present for Go modules whose table of functions was found. */
  readonly view: GoView | undefined;
  readonly sources: SourceMap | undefined;
  /** Names by position in the function index space. */
  readonly name: (index: number) => string | undefined;
  private names: { readonly index: number; readonly name: string }[] | undefined = undefined;

  constructor(replay: Replay) {
    this.replay = replay;
    this.module = replay.module;
    this.machine = replay.machine;
    this.store = replay.store;
    this.instance = replay.instance;
    this.go = recognise(replay.module);
    if (this.go?.pclntab !== undefined) {
      this.view = viewOf(replay.machine, replay.instance, () => BigInt(replay.elapsed));
      this.sources = SourceMap.of(this.go);
    }
    this.name = functionNaming(replay.module);
  }

  /** As people know it: by its name, or by its index. */
  nameOf(index: number): string {
    return this.name(index) ?? `function ${index}`;
  }

  /** The functions that the module defines and that have a name. */
  get functions(): readonly { readonly index: number; readonly name: string }[] {
    if (this.names === undefined) {
      this.names = [];
      const { imported, funcs } = this.module;
      for (let i = 0; i < funcs.length; i++) {
        const name = this.name(imported.funcs + i);
        if (name !== undefined) this.names.push({ index: imported.funcs + i, name });
      }
    }
    return this.names;
  }

  /** Is it one that goes on with Go's stack after an unwinding? */
  isTrampoline(index: number): boolean {
    return index === this.go?.loop?.func || index === this.go?.exportLoop?.func;
  }

  /** Frames under way, also those of the host. */
  get level(): number {
    return this.machine.frameCount;
  }

  /** Where instructions with one of these opcodes stand whose first immediate is `wanted`; in one function, or in all. */
  uses(opcodes: readonly number[], wanted: (index: number) => boolean, func?: number): readonly CodeOffset[] {
    const { bytes, imported, funcs } = this.module;
    const found: CodeOffset[] = [];
    const [first, last] = func === undefined ? [0, funcs.length] : [func - imported.funcs, func - imported.funcs + 1];
    for (let i = first; i < last; i++) {
      const { body } = funcs[i]!;
      const reader = new InstructionReader(bytes, body.offset, body.end);
      while (reader.pos < body.end) {
        if (opcodes.includes(reader.next()) && wanted(reader.x)) found.push({ func: imported.funcs + i, offset: reader.start });
      }
    }
    return found;
  }

  /** Function address in the store. */
  address(index: number): number {
    return this.instance.funcs[index]!;
  }

  /** The function that has the byte at `offset` of the module. */
  functionAt(offset: number): number | undefined {
    const at = this.module.funcs.findIndex(({ body }) => body.offset <= offset && offset < body.end);
    return at < 0 ? undefined : at + this.module.imported.funcs;
  }
}
