import { FunctionBlocks } from './blocks.js';
import type { GoCall, GoFunc, LineRun } from './pclntab.js';
import type { GoModule } from './recognise.js';
import { CodeSegments } from './segments.js';
import { mostSimilar } from './similar.js';

/** Where an instruction stands in the source. */
export interface SourcePosition {
  /** PC_B of the instruction: exact if `lo` equals `hi`. */
  readonly pcB: { readonly lo: number; readonly hi: number };
  /** The calls there, innermost first; of the lowest PC_B that is possible. */
  readonly calls: readonly GoCall[];
  /** All PC_Bs that are possible have the same file and line. */
  readonly certain: boolean;
}

/** A place in the code where a source line, or a function's body, begins. */
export interface CodePlace {
  /** Position in the function index space. */
  readonly func: number;
  readonly pcF: number;
  readonly pcB: number;
  /** Byte offset in the module: of the first instruction of this PC_B or, where the code does not tell, of its block. */
  readonly offset: number;
  /** Go's name of the function whose line it is; differs from `into` where that was inlined. */
  readonly function: string;
  /** The function that has the code. */
  readonly into: string;
  readonly file: string;
  readonly line: number;
  /**
   * A stop at `offset` is a stop at this line, once for each time that it is executed: the place of its PC_B is
   * known, nothing leaves the PC_B in the middle, the line begins nowhere else in the function, and there is no
   * source line before it whose code could be in the same PC_B (the table has one line for a PC_B, that of its last
   * instruction). Otherwise the line is that of the block as a whole, which begins at `offset`.
   */
  readonly exact: boolean;
  /** Source lines whose code may be executed between `offset` and this line: the block begins with the first one. */
  readonly lines: { readonly first: number; readonly last: number };
}

export interface GoFunctionInfo {
  readonly name: string;
  readonly func: number;
  readonly pcF: number;
  readonly file: string | undefined;
  /** Line of `func`, known since Go 1.20; else the smallest line of its code. */
  readonly line: number | undefined;
}

/** An inlined call and what was inlined into it in turn. */
export interface InlineNode {
  readonly name: string;
  /** PC_Bs that the body, with what it inlines, extends over. */
  readonly pcB: { readonly lo: number; readonly hi: number };
  /** Where the call stands, in the function around; absent for the function itself. */
  readonly calledFrom?: { readonly file: string | undefined; readonly line: number | undefined };
  readonly inlined: readonly InlineNode[];
}

/** A run of PC_Bs at one line, and the function that has the code. */
interface Start extends Pick<LineRun, 'start' | 'end' | 'name' | 'file' | 'line' | 'startLine' | 'body'> {
  readonly func: number;
}

/** Between wasm instructions, PC_F:PC_B and Go's files and lines, both ways; for stripped modules as well. */
export class SourceMap {
  readonly go: GoModule;
  private byFile: Map<string, Map<number, Start[]>> | undefined = undefined;
  private byName: Map<string, Start[]> | undefined = undefined;
  private readonly blocks = new Map<number, FunctionBlocks | undefined>();
  private readonly linesOf = new Map<number, readonly LineRun[]>();
  private readonly segments = new Map<number, CodeSegments | undefined>();

  private constructor(go: GoModule) {
    this.go = go;
  }

  /** The map of a module, made once. */
  static of(go: GoModule): SourceMap {
    let map = maps.get(go);
    if (map === undefined) maps.set(go, (map = new SourceMap(go)));
    return map;
  }

  /** Where the instruction at byte `offset` of function `func` stands; `undefined` outside Go's calling convention. */
  position(func: number, offset: number): SourcePosition | undefined {
    const range = this.segmentsOf(func)?.at(offset);
    const go = this.func(func);
    if (range === undefined || go === undefined) return undefined;
    const calls = go.calls(range.lo);
    let certain = true;
    for (let pcB = range.lo + 1; pcB <= range.hi; pcB++) certain &&= go.line(pcB) === calls[0]?.line && go.file(pcB) === calls[0]?.file;
    return { pcB: range, calls, certain };
  }

  /** The calls at a PC that execution stands at, innermost first; for a return address pass `pcB − 1`. */
  callsAt(pcF: number, pcB: number): readonly GoCall[] {
    return this.go.pclntab?.funcOf(pcF * 65536)?.calls(pcB) ?? [];
  }

  /** The offset where execution enters for a PC, and the function that it is in. */
  codeAt(pcF: number, pcB: number): { func: number; offset: number; located: boolean } | undefined {
    const func = this.go.code?.funcOf(pcF);
    const block = func === undefined ? undefined : this.blocksOf(func)?.at(pcB);
    return block === undefined ? undefined : { func: func!, offset: block.offset, located: block.located };
  }

  /** All source files that code comes from, as the linker wrote their paths, sorted. */
  get files(): readonly string[] {
    return [...this.index.keys()].sort();
  }

  /** Files whose path is `name` or ends with `/name`. */
  filesNamed(name: string): readonly string[] {
    return this.index.has(name) ? [name] : this.files.filter((file) => file.endsWith(`/${name}`));
  }

  similarFiles(name: string, count = 5): string[] {
    const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
    const bases = new Set(this.files.map(base));
    const likely = mostSimilar(base(name), bases, count);
    return this.files.filter((file) => likely.includes(base(file))).slice(0, count);
  }

  /** Lines of a file that code begins at, ascending. */
  lines(file: string): readonly number[] {
    return [...(this.index.get(file)?.keys() ?? [])].sort((a, b) => a - b);
  }

  /** The lines with code nearest to `line`: the last one before and the first one after it. */
  nearestLines(file: string, line: number): readonly number[] {
    const lines = this.lines(file);
    const after = lines.findIndex((known) => known >= line);
    const before = after < 0 ? lines.at(-1) : lines[after - 1];
    return [before, after < 0 ? undefined : lines[after]].filter((known) => known !== undefined);
  }

  /** Every place where code of the line begins: once for each function it is in or was inlined into, and more for loops. */
  places(file: string, line: number): CodePlace[] {
    return this.describe(this.index.get(file)?.get(line) ?? []);
  }

  /** All functions of the module that follow Go's calling convention or are in its table, in the order of the table. */
  get functions(): readonly GoFunctionInfo[] {
    const found: GoFunctionInfo[] = [];
    for (let i = 0; i < (this.go.pclntab?.count ?? 0); i++) {
      const go = this.go.pclntab!.func(i)!;
      const func = this.go.code?.funcOf(go.pcF);
      if (func !== undefined) found.push({ name: go.name, func, pcF: go.pcF, file: go.file(0), line: go.startLine ?? go.line(0) });
    }
    return found;
  }

  /** Names of all functions, those that only stand inlined in others too. */
  get functionNames(): readonly string[] {
    return [...this.bodies.keys()];
  }

  similarFunctions(name: string, count = 5): string[] {
    return mostSimilar(name, this.bodies.keys(), count);
  }

  /** Where a function is entered. Its stack check may enter it again: `PC_B` 0 by a trampoline. */
  entry(name: string): CodePlace | undefined {
    return this.bodiesOf(name).find(({ into, pcB }) => into === name && pcB === 0);
  }

  /** The offset behind a function's stack check and the allocation of its frame, where its arguments are at home. */
  afterPrologue(func: number): number | undefined {
    const segments = this.segmentsOf(func);
    const go = this.func(func);
    if (segments === undefined || go === undefined || (go.spDelta(1) ?? 0) === 0) return segments?.segments[0]?.start;
    return segments.stretches.find(({ lo }) => lo === 1)?.start ?? segments.segments[0]?.start;
  }

  /** Where a function's body begins: its own entry, and each place where it was inlined. */
  bodiesOf(name: string): CodePlace[] {
    return this.describe(this.bodies.get(name) ?? []);
  }

  /** What was inlined into a function, nested. */
  inlineTree(func: number): InlineNode | undefined {
    const go = this.func(func);
    if (go === undefined) return undefined;
    const root = { name: go.name, pcB: { lo: 0, hi: Math.max(0, go.pcCount - 1) }, inlined: [] as MutableNode[], key: '' };
    let open: MutableNode[] = [];
    for (let pcB = 0; pcB < go.pcCount; pcB++) {
      const path = go.calls(pcB).slice(0, -1).reverse();
      const callers = go.calls(pcB).slice(1).reverse();
      let parent: MutableNode = root;
      const now: MutableNode[] = [];
      path.forEach(({ name }, depth) => {
        const { file, line, pcB: at } = callers[depth]!;
        const key = `${name} ${at}`;
        let node = open[depth];
        if (node === undefined || node.key !== key || (depth > 0 && now[depth - 1] !== open[depth - 1])) {
          node = { name, pcB: { lo: pcB, hi: pcB }, calledFrom: { file, line }, inlined: [], key };
          parent.inlined.push(node);
        }
        node.pcB.hi = pcB;
        now.push(node);
        parent = node;
      });
      open = now;
    }
    return strip(root);
  }

  private func(func: number): GoFunc | undefined {
    const pcF = this.go.code?.pcFOf(func);
    return pcF === undefined ? undefined : this.go.pclntab?.funcOf(pcF * 65536);
  }

  private segmentsOf(func: number): CodeSegments | undefined {
    if (!this.segments.has(func)) this.segments.set(func, CodeSegments.of(this.go, func));
    return this.segments.get(func);
  }

  private blocksOf(func: number): FunctionBlocks | undefined {
    if (!this.blocks.has(func)) {
      const segments = this.segmentsOf(func);
      this.blocks.set(func, segments === undefined ? undefined : new FunctionBlocks(this.go, segments));
    }
    return this.blocks.get(func);
  }

  private describe(starts: readonly Start[]): CodePlace[] {
    const places: CodePlace[] = [];
    for (const start of starts) {
      const place = this.describeOne(start, starts);
      if (place !== undefined) places.push(place);
    }
    return places;
  }

  private describeOne(start: Start, all: readonly Start[]): CodePlace | undefined {
    const { func, start: pcB, end, body, file, line } = start;
    const go = this.func(func);
    const blocks = this.blocksOf(func);
    const block = blocks?.at(pcB);
    if (go === undefined || blocks === undefined || block === undefined) return undefined;
    const others = all.filter((other) => other !== start && other.func === func && other.body === body);
    const isCold = (of: Start): boolean => blocks.at(of.start)?.cold === true;
    // What only raises the panic of a line's failed check is not where the line begins.
    if (isCold(start) && others.some((other) => !isCold(other) || other.start < pcB)) return undefined;
    const once = others.every(isCold) && !blocks.enteredInside(pcB, end);
    const first = this.firstLine(go, start);
    const exact = block.located && block.straight && once && first === line;
    return { func, pcF: go.pcF, pcB, offset: block.offset, function: start.name, into: go.name, file, line, exact, lines: { first, last: line } };
  }

  /** The first source line that may have code in the block of a line: the one behind the last that the table knows before it. */
  private firstLine(go: GoFunc, { file, line, startLine, body }: Start): number {
    let known = this.linesOf.get(go.index);
    if (known === undefined) this.linesOf.set(go.index, (known = [...go.lineRuns()]));
    let before = startLine ?? line;
    for (const other of known) if (other.body === body && other.file === file && other.line < line && (other.line > before || before === line)) before = other.line;
    return before >= line ? line : before + 1;
  }

  private get index(): Map<string, Map<number, Start[]>> {
    if (this.byFile === undefined) this.build();
    return this.byFile!;
  }
  private get bodies(): Map<string, Start[]> {
    if (this.byName === undefined) this.build();
    return this.byName!;
  }

  /** Goes over all functions once: where each line and each body begins. */
  private build(): void {
    const byFile = new Map<string, Map<number, Start[]>>();
    const byName = new Map<string, Start[]>();
    const put = <K>(map: Map<K, Start[]>, key: K, start: Start): void => void (map.get(key)?.push(start) ?? map.set(key, [start]));
    for (let i = 0; i < (this.go.pclntab?.count ?? 0); i++) {
      const go = this.go.pclntab!.func(i)!;
      const func = this.go.code?.funcOf(go.pcF);
      if (func === undefined) continue;
      const bodies = new Set<string>();
      const runs: Start[] = [];
      for (const run of go.lineRuns()) {
        const start = { ...run, func };
        let lines = byFile.get(run.file);
        if (lines === undefined) byFile.set(run.file, (lines = new Map()));
        put(lines, run.line, start);
        runs.push(start);
      }
      // Runs come in the order of their ends: the one that begins first is the body's begin.
      runs.sort((a, b) => a.start - b.start);
      for (const run of runs) {
        if (bodies.has(run.body)) continue;
        bodies.add(run.body);
        put(byName, run.name, run);
      }
    }
    this.byFile = byFile;
    this.byName = byName;
  }
}

const maps = new WeakMap<GoModule, SourceMap>();

interface MutableNode extends InlineNode {
  readonly pcB: { lo: number; hi: number };
  readonly inlined: MutableNode[];
  readonly key: string;
}

function strip({ name, pcB, calledFrom, inlined }: MutableNode): InlineNode {
  return { name, pcB, ...(calledFrom === undefined ? {} : { calledFrom }), inlined: inlined.map(strip) };
}
