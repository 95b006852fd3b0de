import type { DataSegments } from './data-segments.js';
import type { GlobalType, MemoryType, SubType, TableType, TagType, ValType } from './types.js';

/**
 * A decoded module (spec §2.5). Function bodies and constant expressions stay where they are, as ranges of `bytes`
 * (`offset` inclusive, `end` exclusive): a module costs little more than its file, and every later layer reads the
 * same instructions through `InstructionReader`.
 */
export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly SubType[];
  readonly imports: readonly Import[];
  /** Defined functions: index space position is `imported.funcs + i`. Likewise for the other kinds. */
  readonly funcs: readonly DefinedFunc[];
  readonly tables: readonly DefinedTable[];
  readonly memories: readonly MemoryType[];
  readonly globals: readonly DefinedGlobal[];
  readonly tags: readonly TagType[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elems: readonly ElemSegment[];
  readonly datas: DataSegments;
  /** What the data count section says; undefined without one. */
  readonly dataCount: number | undefined;
  readonly customs: readonly CustomSection[];
  readonly sections: readonly SectionInfo[];
  /** How many imports of each kind come before the defined ones. */
  readonly imported: {
    readonly funcs: number;
    readonly tables: number;
    readonly memories: number;
    readonly globals: number;
    readonly tags: number;
  };
}

export type ImportDesc =
  | { readonly kind: 'func'; readonly type: number; readonly exact?: boolean }
  | { readonly kind: 'table'; readonly type: TableType }
  | { readonly kind: 'memory'; readonly type: MemoryType }
  | { readonly kind: 'global'; readonly type: GlobalType }
  | { readonly kind: 'tag'; readonly type: TagType };

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly desc: ImportDesc;
  readonly offset: number;
}

export interface Export {
  readonly name: string;
  readonly kind: 'func' | 'table' | 'memory' | 'global' | 'tag';
  readonly index: number;
}

/** A range of `Module.bytes` that holds instructions up to and including the final `end`. */
export interface CodeRange {
  readonly offset: number;
  readonly end: number;
}

export interface DefinedFunc {
  readonly type: number;
  /** The declared locals after the parameters, run-length: [count, type, count, type, …]. */
  readonly locals: readonly number[];
  readonly body: CodeRange;
}

export interface DefinedTable {
  readonly type: TableType;
  /** Absent: every element starts as null. */
  readonly init: CodeRange | undefined;
}

export interface DefinedGlobal {
  readonly type: GlobalType;
  readonly init: CodeRange;
}

export type SegmentMode =
  | { readonly kind: 'passive' }
  | { readonly kind: 'declarative' }
  /** `target` is a table or memory index; `at` the offset expression. */
  | { readonly kind: 'active'; readonly target: number; readonly at: CodeRange };

export interface ElemSegment {
  readonly mode: SegmentMode;
  readonly type: ValType;
  /** Function indices (the short forms), or constant expressions. */
  readonly items:
    { readonly kind: 'funcs'; readonly indices: Int32Array } | { readonly kind: 'exprs'; readonly exprs: readonly CodeRange[] };
  readonly offset: number;
}

export interface DataSegment {
  readonly mode: SegmentMode;
  /** The content, as a range of `Module.bytes`. */
  readonly start: number;
  readonly end: number;
}

export interface CustomSection {
  readonly name: string;
  /** The content after the name, as a range of `Module.bytes`. */
  readonly start: number;
  readonly end: number;
  /** Id of the last non-custom section before it (0: none): where a writer must put it back. */
  readonly after: number;
}

export interface SectionInfo {
  readonly id: number;
  readonly name: string;
  /** Offset of the section's id byte, of its content, and its end. */
  readonly offset: number;
  readonly start: number;
  readonly end: number;
}
