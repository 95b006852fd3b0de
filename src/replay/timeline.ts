import type { Machine } from '../engine/machine.js';
import type { Probe } from '../engine/probes.js';
import { type Digest, digestOf, hashOf } from './digest.js';
import { type Moment, Moments } from './moments.js';
import { Cancelled, type Hit, type LastWrite, type Position, type Search, type Stop } from './position.js';
import type { Replay, ReplayOutcome } from './replay.js';

/** A session that is still being recorded: the timeline's recording grows with it. */
export interface Live {
  /** Lets the program run on for a while and takes in what it did; false when it has ended. */
  extend(): Promise<boolean>;
}

export interface TimelineOptions {
  /** Bytes that snapshots may take together (default 256 MB). Older ones make room. */
  readonly memoryBudget?: number | undefined;
  /** Instructions from one snapshot to the next; by default what the machine does in about 50 ms, or more where memories are large, but not many millions. */
  readonly spacing?: number | undefined;
  readonly live?: Live | undefined;
}

const DEFAULT_BUDGET = 256 * 2 ** 20;
/** How long it should take to run from one snapshot to the next, in milliseconds: the part of the time that taking one costs decides. */
const SPACING_MS = { least: 50, most: 500 } as const;
const SNAPSHOT_SHARE = 1 / 20;
/**
 * Compiled loops do ten times as many instructions in that time as the same code while memory is watched, which a
 * search for the last writer waits for. So many instructions are enough, as long as snapshots cost no more than this;
 * where they do, the search takes more of them itself.
 */
const ENOUGH = 50_000_000;
const LARGEST_SHARE = 1 / 2;
/** For so long a search runs without looking up, in milliseconds. */
const SLICE_MS = 100;
const FIRST_SLICE = 1_000_000;
/** What the stretches before count in the rate at which the machine runs, each in that of the next. */
const MEMORY = 0.8;

/** A search as seen by a stretch of it. */
interface Looking {
  readonly progress?: () => void;
  readonly cancelled?: (() => boolean) | undefined;
  /** Goes over what lies between snapshots that are there, and takes no more. */
  readonly between?: boolean;
}

/** What a watch has heard. */
interface Heard {
  last: LastWrite | undefined;
  times: number;
  /** Clock value of the first time. */
  since: number;
}
/** So often is a watch heard before it is asked whether it need be. */
const MANY = 2000;

/** Between two snapshots, or (`to` undefined) between one and where a search began. */
interface Interval {
  readonly from: Moment;
  readonly to: Moment | undefined;
  readonly end: number;
}

/**
 * The run of a program as something that one can move along: forwards at full speed, and backwards by going to the
 * last snapshot before and running on from there. It moves a replay, whose machine can be looked at and probed at
 * wherever it stands; what it is asked for beside `run` and `runBack` fires no probe.
 */
export class Timeline {
  readonly replay: Replay;
  readonly machine: Machine;
  /** Gets each piece of the guest's output once, when the timeline first comes past it. */
  onOutput: ((fd: number, bytes: Uint8Array) => void) | undefined = undefined;
  private readonly moments: Moments;
  private readonly live: Live | undefined;
  /** Instructions of a slice, and from one snapshot to the next. */
  private slice = FIRST_SLICE;
  private spacing: number;
  private readonly paced: boolean;
  /** Instructions and milliseconds of the last stretches, older ones counting less. */
  private ran = 0;
  private took = 0;
  /** Milliseconds that the last snapshot took. */
  private snapshotMs = 0;
  private lookedUp = performance.now();
  /** Output up to here in the stream has been told. */
  private told = 0;

  /** `replay`: which has not run yet. */
  constructor(replay: Replay, options: TimelineOptions = {}) {
    this.replay = replay;
    this.machine = replay.machine;
    this.live = options.live;
    this.paced = options.spacing === undefined;
    this.spacing = options.spacing ?? FIRST_SLICE * 4;
    this.moments = new Moments(replay, options.memoryBudget ?? DEFAULT_BUDGET);
    this.moments.take();
    replay.onOutput = (fd, bytes) => {
      if (replay.offset <= this.told) return;
      this.told = replay.offset;
      this.onOutput?.(fd, bytes);
    };
  }

  get position(): Position {
    return { clock: this.machine.clock, offset: this.replay.offset };
  }
  /** Everything is known up to this clock value. */
  get edge(): number {
    return this.replay.recording.clock;
  }
  /** Clock values of the snapshots there are, and the bytes that they take. */
  get snapshots(): { readonly clocks: readonly number[]; readonly bytes: number } {
    return { clocks: this.moments.list.map(({ clock }) => clock), bytes: this.moments.bytes };
  }

  /** Goes to clock value `clock`, or as near to it as the run comes. */
  async goto(clock: number, search: Search = {}): Promise<Position> {
    const now = this.machine.clock;
    await this.muted(async () => {
      try {
        await this.move(clock, search);
      } catch (error) {
        if (error instanceof Cancelled) await this.move(now, {});
        throw error;
      }
    });
    return this.position;
  }

  /** To the instruction before this one; stays at the start. */
  stepBack(search: Search = {}): Promise<Position> {
    return this.goto(Math.max(0, this.machine.clock - 1), search);
  }

  /** Runs forwards with all probes until one asks to stop, `limit` is reached or the run ends. */
  async run(limit: number = Infinity, search: Search = {}): Promise<Stop> {
    const looking = { cancelled: search.cancelled };
    for (;;) {
      const stop = await this.forward(limit, looking);
      if (stop.kind !== 'edge') return stop.kind === 'stopped' ? stop.reason : this.atEnd(stop);
      if (!(await this.extend(looking))) return { kind: 'edge' };
    }
  }
  private atEnd(outcome: Exclude<ReplayOutcome, { kind: 'stopped' }>): Stop {
    return outcome.kind === 'failed' ? { kind: 'trap', error: outcome.error } : { kind: 'edge' };
  }

  /**
   * Goes back to the last moment before this one at which a probe asked to stop; undefined, and no move, where there
   * was none. Intervals between snapshots are run again, the latest first.
   */
  async runBack(search: Search = {}): Promise<Hit<Probe> | undefined> {
    const now = this.machine.clock;
    const found = await this.elsewhere(() =>
      this.backwards(search, () => true, async (end) => {
        let last: Hit<Probe> | undefined;
        for (;;) {
          const stop = await this.forward(end, { cancelled: search.cancelled, between: true });
          if (stop.kind !== 'stopped' || stop.reason.kind !== 'probe') return last;
          if (this.machine.clock < now) last = { position: this.position, value: stop.reason.probe };
        }
      }),
    );
    if (found !== undefined) await this.goto(found.position.clock);
    return found;
  }

  /**
   * Who wrote last, before this moment, to any of `length` bytes from `address` on; undefined where nobody has. The
   * timeline stays where it is. Intervals between snapshots in which the page is the same before and after are passed
   * over, so a write that put back what had been there may be missed; `thorough` looks into all of them. A long interval
   * in which it is not the same is first run through at full speed, for more snapshots.
   */
  async lastWriter(address: number, length: number, options: { readonly memory?: number; readonly thorough?: boolean } = {}, search: Search = {}): Promise<LastWrite | undefined> {
    const { machine, moments } = this;
    const { memory = 0, thorough = false } = options;
    const now = machine.clock;
    return this.elsewhere(async () => {
      const heard: Heard = { last: undefined, times: 0, since: 0 };
      const probe = machine.probes.onWrite(memory, address, length, (_, access) => {
        const position = { clock: machine.clock - (access.host && machine.depth > 0 ? 1 : 0), offset: this.replay.offset };
        if (position.clock >= now) return undefined;
        heard.last = { position, ...this.innermost(), host: access.host };
        if (heard.times++ === 0) heard.since = machine.clock;
        return heard.times === MANY ? 'stop' : undefined;
      });
      try {
        const changed = (from: Moment, to: Moment | undefined): boolean => thorough || !moments.isSame(from, to, memory, address, length);
        return await this.backwards(search, changed, (end) => this.lastHeard(heard, end, search), !thorough);
      } finally {
        probe.remove();
      }
    });
  }
  /** What is heard last from here to `end`. What is heard again and again is looked for near the end first. */
  private async lastHeard(heard: Heard, end: number, search: Search): Promise<LastWrite | undefined> {
    const { machine, moments } = this;
    let before: LastWrite | undefined;
    for (let span = 0; ; ) {
      heard.last = undefined;
      heard.times = 0;
      await this.listen(heard, end, search);
      if (heard.times < MANY) return heard.last ?? before;
      before = heard.last;
      const { clock } = machine;
      const often = clock - heard.since;
      if (end - clock <= 2 * often) continue;
      span = Math.max(span, often);
      const near = Math.max(end - span, Math.ceil((clock + end) / 2));
      const here = moments.now();
      await this.muted(() => this.forward(near, { cancelled: search.cancelled, between: true }));
      const found = await this.lastHeard(heard, end, search);
      if (found !== undefined) return found;
      moments.restore(here);
      end = near;
      span *= 2;
    }
  }
  /** Runs to `end`, or until something was heard many times. */
  private async listen(heard: Heard, end: number, search: Search): Promise<void> {
    while (this.machine.clock < end && heard.times < MANY) {
      const stop = await this.forward(end, { cancelled: search.cancelled, between: true });
      if (stop.kind !== 'stopped' || stop.reason.kind === 'limit') return;
    }
  }
  /** The part of the known intervals between snapshots, 0 to 1, whose page of these bytes was changed: how long `lastWriter` may take. */
  changedShare(address: number, length: number, memory: number = 0): number {
    const { moments } = this;
    const { list } = moments;
    const changed = list.filter((from, i) => i + 1 < list.length && !moments.isSame(from, list[i + 1], memory, address, length));
    return changed.length / Math.max(1, list.length - 1);
  }
  private innermost(): Pick<LastWrite, 'func' | 'offset'> {
    const frame = this.machine.frames(2).find(({ kind }) => kind === 'wasm');
    return frame?.kind === 'wasm' ? { func: frame.func, offset: frame.offset } : { func: undefined, offset: undefined };
  }

  /** A digest of the whole state at a clock value; the timeline stays where it is. */
  async hashAt(clock: number, search: Search = {}): Promise<string> {
    return this.elsewhere(async () => {
      await this.move(clock, search);
      return this.hash;
    });
  }
  /** The same of where the timeline stands. */
  get hash(): string {
    return hashOf(this.digest);
  }
  get digest(): Digest {
    return digestOf(this.machine);
  }

  // How it moves

  /** A search with the probes mute that leads away from where the timeline stands, and in the end back. */
  private async elsewhere<T>(work: () => Promise<T>): Promise<T> {
    const here = this.moments.now();
    try {
      return await this.muted(work);
    } finally {
      this.moments.restore(here);
    }
  }

  private async muted<T>(work: () => Promise<T>): Promise<T> {
    const { probes } = this.machine;
    const before = probes.muted;
    probes.muted = true;
    try {
      return await work();
    } finally {
      probes.muted = before;
    }
  }

  private async move(clock: number, search: Search): Promise<void> {
    const { machine, moments } = this;
    const at = moments.before(clock);
    const moment = moments.list[Math.max(at, 0)]!;
    if (machine.clock > clock || machine.clock < moment.clock) moments.restore(moment);
    const start = machine.clock;
    const progress = (): void => search.progress?.((machine.clock - start) / Math.max(1, Math.min(clock, this.edge) - start));
    while (machine.clock < clock) {
      const looking = { ...search, progress };
      const stop = await this.forward(clock, looking);
      if (stop.kind === 'edge' && (await this.extend(looking))) continue;
      if (stop.kind !== 'stopped' || stop.reason.kind === 'limit') return;
    }
  }

  /** To `limit`, the edge, the end, or where a probe asks to stop; takes snapshots on the way. */
  private async forward(limit: number, looking: Looking): Promise<ReplayOutcome> {
    const { machine, replay } = this;
    for (;;) {
      const { clock } = machine;
      const start = performance.now();
      const due = looking.between === true ? Infinity : this.nextSnapshot(clock);
      const end = Math.min(limit, clock + this.slice, due);
      const outcome = replay.advance(end);
      this.pace(machine.clock - clock, performance.now() - start);
      const paused = outcome.kind === 'stopped' && outcome.reason.kind === 'limit';
      if (paused && machine.clock === due) this.keep();
      if (!paused || machine.clock >= limit) return outcome;
      await this.lookUp(looking);
    }
  }

  /** The clock value after `clock` at which a snapshot is to be taken. */
  private nextSnapshot(clock: number): number {
    const { list } = this.moments;
    const at = this.moments.before(clock);
    const next = (list[at]?.clock ?? 0) + this.spacing;
    const after = list[at + 1]?.clock ?? Infinity;
    if (next <= clock) return after - clock > this.spacing / 2 ? clock + Math.min(FIRST_SLICE, this.spacing) : Infinity;
    return after - next >= this.spacing / 2 ? next : Infinity;
  }

  /** The machine has run `ran` instructions in `took` milliseconds. */
  private pace(ran: number, took: number): void {
    this.ran = this.ran * MEMORY + ran;
    this.took = this.took * MEMORY + took;
    const rate = this.ran / Math.max(this.took, 0.05);
    this.slice = Math.ceil(Math.max(FIRST_SLICE / 4, rate * SLICE_MS));
    // While memory is watched code runs slower than where snapshots are of use.
    if (!this.paced || this.machine.probes.watchedAddresses !== undefined) return;
    const ms = Math.min(Math.max(this.snapshotMs / SNAPSHOT_SHARE, SPACING_MS.least), SPACING_MS.most);
    const enough = Math.max(ENOUGH, (rate * this.snapshotMs) / LARGEST_SHARE);
    this.spacing = Math.ceil(Math.max(FIRST_SLICE, Math.min(rate * ms, enough)));
  }

  private keep(): Moment {
    const start = performance.now();
    const moment = this.moments.take();
    this.snapshotMs = performance.now() - start;
    return moment;
  }

  /** Asks whether to go on; now and then lets others run. */
  private async lookUp({ cancelled, progress }: Looking): Promise<void> {
    if (performance.now() - this.lookedUp >= SLICE_MS) {
      progress?.();
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      this.lookedUp = performance.now();
    }
    if (cancelled?.() === true) throw new Cancelled();
  }

  private async extend(looking: Looking): Promise<boolean> {
    const { recording } = this.replay;
    const { complete, clock } = recording;
    while (this.live !== undefined) {
      // `forward` comes to the edge before it would look up itself.
      await this.lookUp(looking);
      const more = await this.live.extend();
      if (recording.complete > complete || recording.clock > clock) return true;
      if (!more) return false;
    }
    return false;
  }

  /**
   * Goes through the intervals between snapshots from here backwards, and runs `look` with all probes from the start of
   * each that `interesting` lets through, with the clock at which it ends. `finely`: goes through long ones in pieces.
   */
  private async backwards<T>(
    search: Search,
    interesting: (from: Moment, to: Moment | undefined) => boolean,
    look: (end: number) => Promise<T | undefined>,
    finely = false,
  ): Promise<T | undefined> {
    const { moments, machine } = this;
    const { probes } = machine;
    const now = machine.clock;
    let to: Moment | undefined;
    // While the machine still stands where the last interval ends.
    const intervals: Interval[] = [];
    for (let at = moments.before(now - 1); at >= 0; at--) {
      const from = moments.list[at]!;
      if (interesting(from, to)) intervals.push({ from, to, end: to?.clock ?? now });
      to = from;
    }
    try {
      for (const [i, interval] of intervals.entries()) {
        const isLong = interval.end - interval.from.clock > 2 * ENOUGH;
        const pieces = finely && isLong ? await this.pieces(interval, interesting, search) : [interval];
        probes.muted = false;
        for (const { from, end } of pieces) {
          moments.restore(from);
          const found = await look(end);
          if (found !== undefined) return found;
        }
        probes.muted = true;
        search.progress?.((i + 1) / intervals.length);
      }
      return undefined;
    } finally {
      probes.muted = true;
    }
  }

  /** Takes snapshots within an interval; the intervals between them that `interesting` lets through, the last first. */
  private async pieces(interval: Interval, interesting: (from: Moment, to: Moment | undefined) => boolean, search: Search): Promise<Interval[]> {
    const { moments, machine } = this;
    const { from, end } = interval;
    const starts = [from];
    moments.restore(from);
    for (let next = from.clock + ENOUGH; machine.clock < end; next += ENOUGH) {
      const isLast = next > end - ENOUGH / 2;
      await this.forward(isLast ? end : next, { cancelled: search.cancelled, between: true });
      if (isLast || machine.clock < next) break;
      starts.push(this.keep());
    }
    // Here the machine stands where the interval ends.
    const pieces = starts.map((start, i): Interval => ({ from: start, to: starts[i + 1] ?? interval.to, end: starts[i + 1]?.clock ?? end }));
    return pieces.filter((piece) => interesting(piece.from, piece.to)).reverse();
  }
}
