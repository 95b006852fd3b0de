import type { Place } from '../go/events.js';
import type { Format } from './format.js';
import type { Shown, TraceRecord } from './records.js';

/** Lines for people: clock, goroutine, what happened, and the details. */
export class Text implements Format {
  private started = false;

  record(record: TraceRecord): string {
    const head = this.started ? '' : line('clock', 'who', 'what', '');
    this.started = true;
    const who = record.goroutine === null ? '' : `g${record.goroutine}`;
    const [what, detail] = describe(record);
    return head + line(String(record.clock), who, what, detail);
  }
  end(): string {
    return '';
  }
}

function line(clock: string, who: string, what: string, detail: string): string {
  return `${clock.padStart(12)}  ${who.padEnd(5)}  ${what.padEnd(10)}  ${detail}`.trimEnd() + '\n';
}

function describe(record: TraceRecord): [what: string, detail: string] {
  switch (record.event) {
    case 'goroutine':
      return [record.action, goroutine(record)];
    case 'unwind':
      return ['unwind', `${record.cause}: ${frames(record.depth)} lost, ${record.resumable} to be resumed`];
    case 'loop':
      return ['turn', `${record.entry} ${record.function} (PC_F ${record.pc_f}, PC_B ${record.pc_b})${record.nested ? ', inside an export' : ''}`];
    case 'pause':
      if (record.action === 'exit') return ['exit', `the program, code ${record.code}`];
      if (record.action === 'lost export') return ['!', 'the program pauses while an exported function is not done: its caller gets a wrong result'];
      return [record.action, record.action === 'pause' ? 'back to the host' : 'the host goes on with the program'];
    case 'gc':
      return ['gc', `${record.action}, cycle ${record.cycle}`];
    case 'host':
      if (record.action === 'return') return ['return', `${record.import}${outcome(record)}`];
      return ['host', `${record.import}(${shown(record.args)})${outcome(record)}${record.function === '' ? '' : `, in ${record.function}`}`];
    case 'export':
      return [record.action === 'call' ? 'export' : 'leave', `${record.export}${record.action === 'call' ? `(${shown(record.args)})` : ''}${outcome(record)}`];
    case 'memory':
      return ['memory', `${record.from_pages} to ${record.to_pages} pages${record.function === '' ? '' : `, in ${record.function}`}`];
    case 'call':
      return ['call', `${'  '.repeat(Math.min(record.depth - 1, 20))}${named(record)}${record.pc_b ? ` (resumed at PC_B ${record.pc_b})` : ''}`];
    case 'instruction':
      return ['·', `${named(record)}+0x${record.offset.toString(16)}  ${record.instruction}`];
  }
}

function goroutine(record: TraceRecord & { event: 'goroutine' }): string {
  switch (record.action) {
    case 'created':
      return `${record.function}, by ${by(record.by)}${at(record.at)}`;
    case 'running':
      return `${record.function}${record.from === 0 || record.from === record.goroutine ? '' : `, after g${record.from}`}`;
    case 'park':
      return `${record.reason === '' ? 'no reason given' : record.reason}${at(record.at)}`;
    case 'yield':
    case 'goexit':
      return `${record.function}${at(record.at)}`;
    case 'ready':
      return `${record.function}, woken by ${by(record.by)}`;
    case 'exit':
    case 'recover':
      return record.function;
    case 'stack':
      return `${record.from} to ${record.to} bytes`;
    case 'panic':
      return `${record.value}${at(record.at)}`;
    case 'end':
      return `${record.function}, ${record.state}${record.reason === undefined || record.reason === '' ? '' : ` (${record.reason})`}`;
  }
}

function by(id: number): string {
  return id === 0 ? 'the runtime' : `g${id}`;
}

function at(place: Place | undefined): string {
  if (place === undefined) return '';
  const file = place.file?.slice(place.file.lastIndexOf('/') + 1);
  return ` at ${place.function}${file === undefined ? '' : ` ${file}:${place.line ?? '?'}`}`;
}

function frames(count: number): string {
  return count === 1 ? '1 wasm frame' : `${count} wasm frames`;
}

function named(record: { readonly function: string; readonly index: number }): string {
  return record.function === '' ? `function ${record.index}` : record.function;
}

function outcome(record: { readonly results?: Shown; readonly error?: string }): string {
  if (record.error !== undefined) return ` ended: ${record.error}`;
  const results = shown(record.results);
  return results === '' ? '' : ` = ${results}`;
}

function shown(values: Shown | undefined): string {
  if (values === undefined) return '';
  if (isList(values)) return values.join(', ');
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function isList(values: Shown): values is readonly string[] {
  return Array.isArray(values);
}
