/** The labels of the enclosing blocks. A later label hides an earlier one of the same identifier. */
export class LabelStack {
  private readonly ids: (string | undefined)[] = [];
  /** The heights at which each identifier stands, innermost last. */
  private readonly heights = new Map<string, number[]>();

  get length(): number {
    return this.ids.length;
  }

  push(id: string | undefined): void {
    if (id !== undefined) {
      const heights = this.heights.get(id);
      if (heights === undefined) this.heights.set(id, [this.ids.length]);
      else heights.push(this.ids.length);
    }
    this.ids.push(id);
  }
  pop(): void {
    const id = this.ids.pop();
    if (id !== undefined) this.heights.get(id)!.pop();
  }

  /** The identifier of the innermost label. */
  get top(): string | undefined {
    return this.ids.at(-1);
  }
  /** The depth of the label that an identifier stands for. */
  depth(id: string): number | undefined {
    const height = this.heights.get(id)?.at(-1);
    return height === undefined ? undefined : this.ids.length - 1 - height;
  }
  /** The identifier that stands for the label at a depth, if it has one that is not hidden. */
  id(depth: number): string | undefined {
    const id = this.ids[this.ids.length - 1 - depth];
    return id !== undefined && this.depth(id) === depth ? id : undefined;
  }
}
