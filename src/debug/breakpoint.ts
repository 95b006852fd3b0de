import type { Expression } from './expression.js';
import type { EventKind } from './events.js';
import type { Site } from './places.js';
import type { WatchedFor, WatchedThing } from './watched.js';

/** What a breakpoint waits for. */
export type Trigger =
  | { readonly kind: 'places'; readonly sites: readonly Site[] }
  | { readonly kind: 'event'; readonly event: EventKind; readonly goroutine: number | undefined }
  | { readonly kind: 'watch'; readonly on: WatchedFor; readonly thing: WatchedThing };

/** Stop only at some hits, by their number. */
export interface HitCondition {
  readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>=' | '%';
  readonly count: number;
}

export interface Breakpoint {
  readonly id: number;
  /** Given by the user, or of those that are there from the start. */
  readonly name: string | undefined;
  /** What it was made from. */
  readonly text: string;
  readonly trigger: Trigger;
  enabled: boolean;
  condition: Expression | undefined;
  hitCondition: HitCondition | undefined;
  /** A log point: it says something and does not stop. */
  log: readonly Expression[] | undefined;
  /** How often it was met on the way forward, its condition holding. */
  hits: number;
}

const HIT_CONDITION = /^(==|!=|<=|>=|<|>|%)\s*([0-9]+)$/;

/** `> 3`, `% 10`; undefined if it is none. */
export function parseHitCondition(text: string): HitCondition | undefined {
  const match = HIT_CONDITION.exec(text.trim());
  const count = Number(match?.[2]);
  return match === null || !Number.isSafeInteger(count) || (match[1] === '%' && count === 0) ? undefined : { operator: match[1] as HitCondition['operator'], count };
}

export function fits({ operator, count }: HitCondition, hits: number): boolean {
  switch (operator) {
    case '==':
      return hits === count;
    case '!=':
      return hits !== count;
    case '<':
      return hits < count;
    case '<=':
      return hits <= count;
    case '>':
      return hits > count;
    case '>=':
      return hits >= count;
    case '%':
      return hits % count === 0;
  }
}
