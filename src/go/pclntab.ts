import { FUNC_VALUE_OFFSET } from './abi.js';
import { decodePcTable, type PcRun, valueAt } from './pc-table.js';
import { Peek } from './peek.js';

/**
 * Go's table of functions, files and lines (`internal/abi/symtab.go`, `runtime/symtab.go`), which the runtime itself
 * needs and which is therefore in every binary, stripped or not. Go 1.18 to 1.27.
 */
const MAGIC_118 = 0xfffffff0;
const MAGIC_120 = 0xfffffff1;

/** Indices of the tables and blobs of a function that are read here (`internal/abi/symtab.go`). */
const PCDATA_INL_TREE_INDEX = 2;
const FUNCDATA_INL_TREE = 3;

const NO_OFFSET = 0xffffffff;
const FLAG_TOP_FRAME = 1;

/** One logical call at a PC: what inlining folded into one function becomes several of these, innermost first. */
export interface GoCall {
  readonly name: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** All but the last of a list were inlined. */
  readonly inlined: boolean;
  /** `abi.FuncID` of the function called. */
  readonly funcId: number;
  /** PC_B where this position was looked up: of the call itself, where that was inlined. */
  readonly pcB: number;
  /** Line of the `func` that this position is in; known since Go 1.20. */
  readonly startLine: number | undefined;
}

/** A run of PC_Bs at one source line of one body. */
export interface LineRun {
  readonly start: number;
  /** First PC_B behind the run. */
  readonly end: number;
  readonly file: string;
  readonly line: number;
  /** The function whose line it is, and the line of its `func` (known since Go 1.20). */
  readonly name: string;
  readonly startLine: number | undefined;
  /** Tells the bodies in one function from each other: the PC_Bs of the calls inlined around it; empty for the function's own. */
  readonly body: string;
}

/** One function of the table, numbered like the module's defined functions. */
export class GoFunc {
  readonly table: Pclntab;
  readonly index: number;
  /** Address of the `_func` record. */
  readonly at: number;
  readonly name: string;
  private readonly tables = new Map<number, readonly PcRun[]>();

  constructor(table: Pclntab, index: number, at: number) {
    this.table = table;
    this.index = index;
    this.at = at;
    this.name = table.nameAt(table.memory.i32(at + 4));
  }

  get pcF(): number {
    return FUNC_VALUE_OFFSET + this.index;
  }
  /** Line of the `func` keyword; known since Go 1.20. */
  get startLine(): number | undefined {
    return this.table.short ? undefined : this.table.memory.i32(this.at + 36);
  }
  /** The bottom of a stack: `rt0_go`, `mstart`, `goexit`. */
  get isTopFrame(): boolean {
    return (this.table.memory.u8(this.at + this.tail + 1) & FLAG_TOP_FRAME) !== 0;
  }
  /** How many PC_B values the function has; 0 if it has no tables. */
  get pcCount(): number {
    return this.runs(this.table.memory.u32(this.at + 16)).at(-1)?.end ?? 0;
  }

  /** Bytes between SP and the return-address slot at `pcB`; `undefined` where the tables do not say. */
  spDelta(pcB: number): number | undefined {
    return this.value(this.table.memory.u32(this.at + 16), pcB);
  }
  /** `abi.FuncID`: tells the runtime's own from others; its numbers differ between versions. */
  get funcId(): number {
    return this.table.memory.u8(this.at + this.tail);
  }
  /** PC_B of the call of `deferreturn`, where a recovered panic goes on; 0 if the function defers nothing. */
  get deferReturn(): number {
    return this.table.memory.u32(this.at + 12);
  }
  /** Bytes of arguments and results; `undefined` where only the caller knows (assembly). */
  get argumentBytes(): number | undefined {
    const bytes = this.table.memory.i32(this.at + 8);
    return bytes < 0 ? undefined : bytes;
  }
  /** The path as the linker wrote it; `undefined` if unknown. */
  file(pcB: number): string | undefined {
    const index = this.value(this.table.memory.u32(this.at + 20), pcB);
    if (index === undefined || index < 0) return undefined;
    return this.table.file(this.table.memory.u32(this.at + 32), index);
  }
  line(pcB: number): number | undefined {
    const line = this.value(this.table.memory.u32(this.at + 24), pcB);
    return line === undefined || line < 0 ? undefined : line;
  }
  /** The value of an auxiliary table, −1 where there is none. */
  pcdata(index: number, pcB: number): number {
    const { memory } = this.table;
    if (index >= memory.u32(this.at + 28)) return -1;
    return this.value(memory.u32(this.at + this.tail + 4 + 4 * index), pcB) ?? -1;
  }
  /** Address of a funcdata blob. */
  funcdata(index: number): number | undefined {
    const { memory, gofunc } = this.table;
    if (gofunc === undefined || index >= memory.u8(this.at + this.tail + 3)) return undefined;
    const offset = memory.u32(this.at + this.tail + 4 + 4 * memory.u32(this.at + 28) + 4 * index);
    return offset === NO_OFFSET ? undefined : gofunc + offset;
  }

  /** The logical calls at `pcB`, innermost first; the last one is this function. */
  calls(pcB: number): GoCall[] {
    const { memory } = this.table;
    const tree = this.funcdata(FUNCDATA_INL_TREE);
    const calls: GoCall[] = [];
    let pc = pcB;
    let position = { file: this.file(pc), line: this.line(pc) };
    let index = tree === undefined ? -1 : this.pcdata(PCDATA_INL_TREE_INDEX, pc);
    // Deeper than any inlining: a parent link that leads nowhere ends here.
    while (tree !== undefined && index >= 0 && calls.length < 256) {
      const record = tree + index * (this.table.short ? 20 : 16);
      const nameAt = memory.i32(record + (this.table.short ? 12 : 4));
      calls.push({ name: this.table.nameAt(nameAt), ...position, inlined: true, funcId: memory.u8(record + (this.table.short ? 2 : 0)), pcB: pc, startLine: this.table.short ? undefined : memory.i32(record + 12) });
      if (this.table.short) {
        // Before Go 1.20 a record names its parent and the position of its call directly.
        position = { file: this.table.file(memory.u32(this.at + 32), memory.i32(record + 4)), line: memory.i32(record + 8) };
        index = (memory.u16(record) << 16) >> 16;
        pc = memory.i32(record + 16);
      } else {
        pc = memory.i32(record + 8);
        position = { file: this.file(pc), line: this.line(pc) };
        index = this.pcdata(PCDATA_INL_TREE_INDEX, pc);
      }
    }
    calls.push({ name: this.name, ...position, inlined: false, funcId: this.funcId, pcB: pc, startLine: this.startLine });
    return calls;
  }

  /**
   * Where each line of the function, and of each body that was inlined into it, begins: the runs of PC_B during which a
   * body stands at one line, be it in calls that were inlined there in turn. In the order of their ends.
   */
  *lineRuns(): Generator<LineRun> {
    const { memory } = this.table;
    const count = this.pcCount;
    const hasInlines = this.funcdata(FUNCDATA_INL_TREE) !== undefined && PCDATA_INL_TREE_INDEX < memory.u32(this.at + 28);
    const inlines = hasInlines ? this.runs(memory.u32(this.at + this.tail + 4 + 4 * PCDATA_INL_TREE_INDEX)) : [];
    const tables = [this.runs(memory.u32(this.at + 20)), this.runs(memory.u32(this.at + 24)), inlines];
    const starts = [...new Set(tables.flatMap((runs) => runs.map(({ start }) => start)))].filter((start) => start < count).sort((a, b) => a - b);
    const open = new Map<string, { run: Omit<LineRun, 'end'>; seen: number }>();
    for (const pcB of starts) {
      const inlined = (valueAt(inlines, pcB) ?? -1) >= 0;
      const calls = inlined ? this.calls(pcB) : [{ name: this.name, file: this.file(pcB), line: this.line(pcB), startLine: this.startLine, pcB }];
      let body = '';
      for (let level = calls.length - 1; level >= 0; level--) {
        const { name, file, line, startLine } = calls[level]!;
        const key = `${body}:${file}:${line}`;
        const known = open.get(key);
        if (known !== undefined) known.seen = pcB;
        else if (file !== undefined && line !== undefined) open.set(key, { run: { start: pcB, file, line, name, body, startLine }, seen: pcB });
        if (level > 0) body += `${calls[level]!.pcB}>`;
      }
      for (const [key, { run, seen }] of open) {
        if (seen === pcB) continue;
        open.delete(key);
        yield { ...run, end: pcB };
      }
    }
    for (const { run } of open.values()) yield { ...run, end: count };
  }

  /** Offset of `funcID` in the record, which grew a field in Go 1.20. */
  private get tail(): number {
    return this.table.short ? 36 : 40;
  }
  private value(offset: number, pcB: number): number | undefined {
    return valueAt(this.runs(offset), pcB);
  }
  private runs(offset: number): readonly PcRun[] {
    if (offset === 0) return [];
    let runs = this.tables.get(offset);
    if (runs === undefined) {
      runs = decodePcTable(this.table.memory, this.table.address + this.table.pctab + offset);
      this.tables.set(offset, runs);
    }
    return runs;
  }
}

export class Pclntab {
  readonly memory: Peek;
  /** Address of the header; the offsets below count from it. */
  readonly address: number;
  readonly count: number;
  /** Go 1.18 and 1.19: records without `startLine`, inline tree records of 20 bytes. */
  readonly short: boolean;
  /** Entries are whole PCs up to Go 1.24, function numbers since 1.25. */
  readonly entries: 'pc' | 'function';
  readonly pctab: number;
  /** `moduledata.gofunc`, which funcdata offsets count from. Set once the moduledata is found. */
  gofunc: number | undefined = undefined;
  private readonly funcnametab: number;
  private readonly cutab: number;
  private readonly filetab: number;
  private readonly functab: number;
  private readonly funcs: (GoFunc | undefined)[] = [];
  private names: Map<string, number> | undefined = undefined;
  private readonly texts = new Map<number, string>();

  private constructor(memory: Peek, address: number) {
    this.memory = memory;
    this.address = address;
    this.short = memory.u32(address) === MAGIC_118;
    this.count = memory.word(address + 8);
    this.funcnametab = memory.word(address + 32);
    this.cutab = memory.word(address + 40);
    this.filetab = memory.word(address + 48);
    this.pctab = memory.word(address + 56);
    this.functab = memory.word(address + 64);
    this.entries = memory.u32(address + this.functab) >= 0x10000 ? 'pc' : 'function';
  }

  /** Finds the table of a module with `functions` defined functions in its memory image. */
  static find(image: Uint8Array, functions: number): Pclntab | undefined {
    const memory = Peek.of(image);
    const words = new Uint32Array(image.buffer, image.byteOffset, image.byteLength >>> 2);
    for (let i = 0; i < words.length; i++) {
      const magic = words[i]!;
      if (magic !== MAGIC_118 && magic !== MAGIC_120) continue;
      const at = i * 4;
      // Two zero bytes, the pc quantum 1, the pointer size 8.
      if (memory.u32(at + 4) !== 0x08010000 || memory.word(at + 8) !== functions) continue;
      const offsets = [32, 40, 48, 56, 64].map((field) => memory.word(at + field));
      const increasing = offsets.every((offset, k) => offset > (k === 0 ? 64 : offsets[k - 1]!));
      if (increasing && memory.contains(at + offsets[4]!, functions * 8 + 4)) return new Pclntab(memory, at);
    }
    return undefined;
  }

  /** Where `moduledata.funcnametab` points: what identifies the moduledata of this table. */
  get funcnametabAddress(): number {
    return this.address + this.funcnametab;
  }

  /** The function of defined function `index`, or `undefined` behind the end. */
  func(index: number): GoFunc | undefined {
    if (!(index >= 0 && index < this.count)) return undefined;
    return (this.funcs[index] ??= new GoFunc(this, index, this.address + this.functab + this.memory.u32(this.address + this.functab + index * 8 + 4)));
  }

  /** The function that a PC lies in. */
  funcOf(pc: number): GoFunc | undefined {
    return this.func(Math.floor(pc / 65536) - FUNC_VALUE_OFFSET);
  }

  /** Index of the function with exactly this name; the first one if there are several. */
  indexOf(name: string): number | undefined {
    if (this.names === undefined) {
      this.names = new Map();
      for (let i = 0; i < this.count; i++) {
        const known = this.func(i)!.name;
        if (!this.names.has(known)) this.names.set(known, i);
      }
    }
    return this.names.get(name);
  }

  nameAt(offset: number): string {
    return offset < 0 ? '' : this.text(this.funcnametabAddress + offset);
  }

  /** The path of file `index` of the compilation unit whose part of the cutab starts at `unit`. */
  file(unit: number, index: number): string | undefined {
    if (unit === NO_OFFSET) return undefined;
    const offset = this.memory.u32(this.address + this.cutab + 4 * (unit + index));
    return offset === NO_OFFSET ? undefined : this.text(this.address + this.filetab + offset);
  }

  /** Names and paths are asked for again and again. */
  private text(address: number): string {
    let text = this.texts.get(address);
    if (text === undefined) this.texts.set(address, (text = this.memory.cString(address, 4096)));
    return text;
  }
}
