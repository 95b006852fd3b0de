import type { Format } from './format.js';
import type { Shown, TraceRecord } from './records.js';

/** The scheduler's track; goroutines have their ids. */
const SCHEDULER = 0;
const PID = 1;

interface Outcome {
  readonly results?: Shown | undefined;
  readonly error?: string | undefined;
}

interface OpenCall {
  readonly name: string;
  readonly args: Shown | undefined;
  readonly start: number;
  readonly tid: number;
  /** Which slice of the track it began in: a call that outlives its slice cannot be nested in one. */
  readonly slice: number;
  readonly category: 'host' | 'export';
}

/**
 * The trace event format that chrome://tracing and Perfetto read: goroutines as tracks, what each ran as slices,
 * wake-ups as flow arrows, host calls as slices inside, everything else as instants. Times are virtual microseconds.
 */
export class Chrome implements Format {
  private readonly out: string[] = [];
  private opened = false;
  private readonly tracks = new Set<number>();
  /** Who runs now, and since when: a goroutine, or the scheduler. */
  private current = { tid: SCHEDULER, name: 'scheduler', start: 0 };
  private slices = 0;
  private flows = 0;
  private asyncs = 0;
  /** Flow arrows that wait for their goroutine to run. */
  private readonly waking = new Map<number, number>();
  private readonly calls: OpenCall[] = [];
  private collection: number | undefined = undefined;

  record(record: TraceRecord, time: number): string {
    if (!this.opened) {
      this.out.push('{"displayTimeUnit":"ns","traceEvents":[\n', json({ ph: 'M', pid: PID, tid: 0, name: 'process_name', args: { name: 'program' } }));
      this.opened = true;
      this.track(SCHEDULER, record.goroutine === null ? 'program' : 'scheduler');
      if (record.goroutine === null) this.current.name = 'program';
    }
    this.add(record, time);
    return this.out.splice(0).join('');
  }

  end(time: number): string {
    if (!this.opened) return '{"displayTimeUnit":"ns","traceEvents":[]}\n';
    while (this.calls.length > 0) this.leave(time, {});
    this.switchTo(SCHEDULER, 'scheduler', time);
    if (this.collection !== undefined) this.collect('e', time);
    return `${this.out.splice(0).join('')}\n]}\n`;
  }

  private add(record: TraceRecord, time: number): void {
    switch (record.event) {
      case 'goroutine':
        this.goroutine(record, time);
        break;
      case 'host':
      case 'export':
        this.call(record, time);
        break;
      case 'memory':
        this.put({ ph: 'C', tid: 0, ts: us(time), name: `memory ${record.memory}`, args: { pages: record.to_pages } });
        break;
      case 'gc':
        if (record.action === 'start' && this.collection === undefined) {
          this.collection = record.cycle;
          this.collect('b', time);
        } else if (record.action === 'sweep' && this.collection !== undefined) this.collect('e', time);
        else this.instant(record, record.action, time);
        break;
      case 'unwind':
        this.instant(record, `unwind: ${record.cause}`, time, { depth: record.depth, resumable: record.resumable });
        break;
      case 'loop':
        this.instant(record, `${record.entry} ${record.function}`, time, { pc_f: record.pc_f, pc_b: record.pc_b, nested: record.nested });
        break;
      case 'pause':
        this.instant(record, record.action, time);
        if (record.action === 'pause') this.switchTo(SCHEDULER, 'host', time);
        else if (record.action === 'resume' && record.goroutine !== 0) this.switchTo(record.goroutine, '', time);
        break;
      case 'call':
        this.instant(record, record.function === '' ? `function ${record.index}` : record.function, time);
        break;
      case 'instruction':
        this.instant(record, record.instruction, time, { offset: record.offset });
        break;
    }
  }

  private goroutine(record: TraceRecord & { event: 'goroutine' }, time: number): void {
    const { goroutine: id } = record;
    this.track(id, `g${id} ${record.function}`);
    switch (record.action) {
      case 'created':
        this.instant({ goroutine: record.by }, `go ${record.function}`, time, { goroutine: id });
        this.wake(id, record.by, time);
        break;
      case 'ready':
        this.wake(id, record.by, time);
        break;
      case 'running':
        this.switchTo(id, record.function, time);
        if (this.waking.has(id)) {
          this.put({ ph: 'f', bp: 'e', cat: 'wake', name: 'wake', id: this.waking.get(id), tid: id, ts: us(time) });
          this.waking.delete(id);
        }
        break;
      case 'park':
      case 'yield':
      case 'exit':
        this.instant(record, record.action === 'park' ? `park: ${record.reason}` : record.action, time);
        if (this.current.tid === id) this.switchTo(SCHEDULER, 'scheduler', time);
        break;
      case 'end':
        break;
      default:
        this.instant(record, record.action === 'panic' ? `panic: ${record.value}` : record.action, time);
    }
  }

  /** An arrow from who wakes a goroutine to where it runs next. */
  private wake(id: number, by: number, time: number): void {
    const flow = ++this.flows;
    this.waking.set(id, flow);
    this.put({ ph: 's', cat: 'wake', name: 'wake', id: flow, tid: by, ts: us(time) });
  }

  private call(record: TraceRecord & { event: 'host' | 'export' }, time: number): void {
    if (record.action === 'return') {
      this.leave(time, { results: record.results, error: record.error });
      return;
    }
    const name = record.event === 'host' ? record.import : record.export;
    const open: OpenCall = { name, args: record.args, start: time, tid: record.goroutine ?? SCHEDULER, slice: this.slices, category: record.event };
    if (record.event === 'export' || (record.results === undefined && record.error === undefined)) this.calls.push(open);
    else this.close(open, time, { results: record.results, error: record.error });
  }

  private leave(time: number, outcome: Outcome): void {
    const call = this.calls.pop();
    if (call !== undefined) this.close(call, time, outcome);
  }

  private close(call: OpenCall, time: number, outcome: Outcome): void {
    const { name, tid, category: cat } = call;
    const args = { args: call.args, ...outcome };
    if (call.slice === this.slices) {
      this.put({ ph: 'X', cat, name, tid, ts: us(call.start), dur: us(time - call.start), args });
      return;
    }
    const id = ++this.asyncs;
    this.put({ ph: 'b', cat, name, id, tid, ts: us(call.start), args });
    this.put({ ph: 'e', cat, name, id, tid, ts: us(time) });
  }

  /** Ends the slice that runs and begins another. */
  private switchTo(tid: number, name: string, time: number): void {
    const { current } = this;
    if (time > current.start || current.tid !== SCHEDULER) {
      this.put({ ph: 'X', cat: 'run', name: current.name, tid: current.tid, ts: us(current.start), dur: us(time - current.start) });
    }
    this.slices++;
    this.current = { tid, name, start: time };
  }

  private collect(ph: 'b' | 'e', time: number): void {
    this.put({ ph, cat: 'gc', name: `garbage collection ${this.collection}`, id: this.collection, tid: 0, ts: us(time) });
    if (ph === 'e') this.collection = undefined;
  }

  private instant(record: { readonly goroutine: number | null }, name: string, time: number, args?: object): void {
    this.put({ ph: 'i', s: 't', name, tid: record.goroutine ?? SCHEDULER, ts: us(time), ...(args === undefined ? {} : { args }) });
  }

  private track(id: number, name: string): void {
    if (this.tracks.has(id)) return;
    this.tracks.add(id);
    this.put({ ph: 'M', tid: id, name: 'thread_name', args: { name } });
    this.put({ ph: 'M', tid: id, name: 'thread_sort_index', args: { sort_index: id } });
  }

  private put(event: object): void {
    this.out.push(`,\n${json({ pid: PID, ...event })}`);
  }
}

/** Nanoseconds to microseconds, exact to the digit. */
function us(time: number): number {
  return time / 1000;
}

function json(event: object): string {
  return JSON.stringify(event);
}
