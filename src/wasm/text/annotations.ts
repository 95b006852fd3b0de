import type { Annotation, Tokens } from './lexer.js';

const NONE: readonly Annotation[] = [];

/**
 * The annotations in a range of tokens. Whoever understands one at its place takes it; what is left at the end
 * stands where it means nothing.
 */
export class Annotations {
  private readonly byToken = new Map<number, Annotation[]>();

  constructor(tokens: Tokens, from: number, to: number) {
    for (const annotation of tokens.annotations) {
      if (annotation.before < from || annotation.before > to) continue;
      const list = this.byToken.get(annotation.before);
      if (list === undefined) this.byToken.set(annotation.before, [annotation]);
      else list.push(annotation);
    }
  }

  get isEmpty(): boolean {
    return this.byToken.size === 0;
  }

  /** Takes those before the token `at` that `wanted` accepts, in their order. */
  take(at: number, wanted: (name: string) => boolean): readonly Annotation[] {
    const list = this.byToken.get(at);
    if (list === undefined) return NONE;
    const rest = list.filter(({ name }) => !wanted(name));
    if (rest.length > 0) this.byToken.set(at, rest);
    else this.byToken.delete(at);
    return list.filter(({ name }) => wanted(name));
  }

  /** The first one that nobody took. */
  leftover(): Annotation | undefined {
    let first: Annotation | undefined;
    for (const [annotation] of this.byToken.values()) if (first === undefined || annotation!.offset < first.offset) first = annotation;
    return first;
  }
}
