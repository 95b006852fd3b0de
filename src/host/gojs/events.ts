/** A JavaScript function to be called by the event loop. */
export interface Callback {
  readonly callback: object;
  /** What it is called on. */
  readonly self: unknown;
  readonly args: readonly unknown[];
}

export type Timer = {
  readonly id: number;
  /** On the monotonic clock, in nanoseconds. */
  due: bigint;
  /** Settles between timers that are due at the same time. */
  order: number;
} & ({ readonly kind: 'go' } | ({ readonly kind: 'js'; readonly every: bigint | undefined } & Callback));

/** What the event loop has to do next. */
export type Event = { readonly kind: 'timeout'; readonly id: number } | ({ readonly kind: 'callback' } & Callback);

/**
 * What waits for the program to become idle: timers, Go's own and those of JavaScript, and callbacks of finished
 * operations. A timer that is due comes first, as in Node's event loop; callbacks keep the order of their requests.
 */
export class EventQueue {
  /** By `due`, then `order`. */
  timers: Timer[] = [];
  completions: Callback[] = [];
  nextId = 1;
  /** Of the next timer. */
  order = 0;

  /** `runtime.scheduleTimeoutEvent`. */
  addTimeout(due: bigint): number {
    const id = this.nextId++;
    this.insert({ kind: 'go', id, due, order: 0 });
    return id;
  }
  addTimer(due: bigint, every: bigint | undefined, what: Callback): number {
    const id = this.nextId++;
    this.insert({ kind: 'js', id, due, order: 0, every, ...what });
    return id;
  }
  private insert(timer: Timer): void {
    timer.order = this.order++;
    let at = this.timers.length;
    while (at > 0 && this.timers[at - 1]!.due > timer.due) at--;
    this.timers.splice(at, 0, timer);
  }
  remove(id: number): void {
    const at = this.timers.findIndex((timer) => timer.id === id);
    if (at >= 0) this.timers.splice(at, 1);
  }

  /** When the next timer is due. */
  get due(): bigint | undefined {
    return this.timers[0]?.due;
  }

  take(now: bigint): Event | undefined {
    const timer = this.timers[0];
    if (timer === undefined || timer.due > now) {
      const done = this.completions.shift();
      return done === undefined ? undefined : { kind: 'callback', ...done };
    }
    this.timers.shift();
    if (timer.kind === 'go') return { kind: 'timeout', id: timer.id };
    if (timer.every !== undefined) this.insert({ ...timer, due: now + timer.every });
    return { kind: 'callback', callback: timer.callback, self: timer.self, args: timer.args };
  }
}
