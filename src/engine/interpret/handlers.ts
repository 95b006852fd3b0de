/** Where an exception goes that a handler catches. Positions count words from the frame base. */
export interface Clause {
  /** Address of the tag; `ANY_TAG` catches all. */
  readonly tag: number;
  /** Byte offset of the instruction where execution goes on. */
  target: number;
  /** Where the operands that the handler gets begin. */
  readonly position: number;
  /** Where a reference to the exception stands among them: not at all, before or after the thrown values. */
  readonly reference: 'none' | 'first' | 'last';
}

export const ANY_TAG = -1;

/** Instructions whose exceptions go to the same clauses, as a range of byte offsets. */
interface Region {
  readonly start: number;
  end: number;
  clauses: readonly Clause[];
  /** Exceptions are treated as if thrown at this offset (`delegate`); undefined: as usual. */
  delegate: number | undefined;
}

/** No instruction of the function: its caller is next. */
export const CALLER = -1;

/**
 * The exception handlers of one function. Part of what a `PositionMap` says: it is asked only when something is thrown,
 * so running into a `try_table` and out of it costs nothing.
 */
export class Handlers {
  /** In order of `start`, so that inner ones come after outer ones. */
  private readonly regions: Region[] = [];
  private readonly open: Region[] = [];

  /** A protected block begins. */
  begin(start: number, clauses: readonly Clause[]): void {
    const region: Region = { start, end: Infinity, clauses, delegate: undefined };
    this.regions.push(region);
    this.open.push(region);
  }
  /** The innermost protected block ends. */
  end(end: number, delegate?: number): void {
    const region = this.open.pop()!;
    region.end = end;
    region.delegate = delegate;
  }

  /** The handler of an exception of `tag` that the instruction at `offset` throws, or the call there. */
  find(offset: number, tag: number): Clause | undefined {
    let at = offset;
    for (let i = this.regions.length - 1; i >= 0; i--) {
      const { start, end, clauses, delegate } = this.regions[i]!;
      if (at < start || at >= end) continue;
      if (delegate !== undefined) at = delegate;
      const clause = clauses.find((one) => one.tag === ANY_TAG || one.tag === tag);
      if (clause !== undefined) return clause;
    }
    return undefined;
  }
}
