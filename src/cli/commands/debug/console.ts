import type { GoCall } from '../../../go/pclntab.js';
import { NoSuchPlace } from '../../../debug/places.js';
import { type Expression, ExpressionError, type Result, showResult } from '../../../debug/expression.js';
import type { Cause, Session, Where } from '../../../debug/session.js';
import { Cancelled, type Search } from '../../../replay/position.js';
import { Divergence } from '../../../replay/replay.js';
import { RecordingError } from '../../../replay/format.js';
import { nearest } from '../../nearest.js';
import { kindOf } from '../../report.js';
import { Complaint, firstWord, type Verb } from './verb.js';

export interface ConsoleOptions {
  readonly verbs: readonly Verb[];
  /** Gets a line at a time, without its end. */
  readonly write: (line: string) => void;
  /** Get what the guest writes, and what forks of the session do. */
  readonly output: { guest(bytes: Uint8Array): void; fork(bytes: Uint8Array): void };
  readonly colour: boolean;
  /** The lines of a source file; undefined if there is none. */
  readonly readSource: (path: string) => readonly string[] | undefined;
  readonly search: Search;
}

/** A session as lines of text: takes commands and writes what they show. */
export class Console {
  session: Session;
  readonly readSource: ConsoleOptions['readSource'];
  readonly search: Search;
  /** Expressions to show whenever it stops. */
  readonly displays: { readonly id: number; readonly expression: Expression }[] = [];
  /** What is carried out when a breakpoint is met, by its number. */
  readonly commands: Map<number, readonly string[]> = new Map();
  /** The user wants to leave. */
  leaving = false;
  /** Where `list` goes on. */
  listed: { readonly file: string; readonly line: number } | undefined = undefined;
  private readonly options: ConsoleOptions;
  private readonly told = new Set<string>();
  /** The sessions that forks were made from, the recorded one first. */
  private readonly forked: Session[] = [];

  constructor(session: Session, options: ConsoleOptions) {
    this.session = session;
    this.options = options;
    this.readSource = options.readSource;
    this.search = options.search;
    session.onLog = (text) => this.write(text);
    session.onOutput = (bytes) => options.output.guest(bytes);
  }

  enterFork(fork: Session): void {
    this.forked.push(this.session);
    fork.onLog = this.session.onLog;
    fork.onOutput = (bytes) => this.options.output.fork(bytes);
    this.session = fork;
  }
  /** False if this is no fork. */
  leaveFork(): boolean {
    const session = this.forked.pop();
    if (session === undefined) return false;
    this.session = session;
    return true;
  }

  get verbs(): readonly Verb[] {
    return this.options.verbs;
  }
  /** The command that is called so. Throws `Complaint`. */
  find(word: string): Verb {
    const verb = this.verbs.find(({ name, aliases }) => name === word || aliases.includes(word));
    if (verb !== undefined) return verb;
    const guess = nearest(word, this.verbs.flatMap(({ name, aliases }) => [name, ...aliases.filter((alias) => alias.length > 2)]));
    throw new Complaint(`there is no command ${word}${guess === undefined ? '' : `; did you mean ${guess}?`} (see help)`);
  }

  write(text: string): void {
    for (const line of text.replace(/\n$/, '').split('\n')) this.options.write(line);
  }
  /** Something that is said only once a session. */
  once(text: string): void {
    if (this.told.has(text)) return;
    this.told.add(text);
    this.write(text);
  }
  paint(text: string, colour: 'bold' | 'dim' | 'green' | 'red'): string {
    if (!this.options.colour) return text;
    return `\x1b[${{ bold: 1, dim: 2, green: 32, red: 31 }[colour]}m${text}\x1b[0m`;
  }

  /** Carries out one command; what is wrong with it is said. Answers false after a complaint. */
  async execute(line: string): Promise<boolean> {
    const [word, rest] = firstWord(line);
    if (word === '' || word.startsWith('#')) return true;
    try {
      await this.find(word).run(this, rest);
      return true;
    } catch (error) {
      if (error instanceof Cancelled) this.write('cancelled');
      else if (error instanceof Complaint || error instanceof NoSuchPlace || error instanceof ExpressionError || error instanceof Divergence || error instanceof RecordingError) this.write(error.message);
      else throw error;
      return false;
    }
  }

  /** Says why it stands, where, and what is to be displayed. */
  async stopped(cause: Cause): Promise<void> {
    this.listed = undefined;
    const where = this.session.where();
    switch (cause.kind) {
      case 'start':
      case 'goto':
        break;
      case 'beginning':
        this.write('this is the beginning of the run');
        break;
      case 'cancelled':
        this.write('stopped');
        break;
      case 'edge':
        this.write(`this is the end of what was recorded, at clock ${where.clock}`);
        return;
      case 'diverged':
        // What the recording has instead is not known before that has come so far.
        this.write(`the fork can go no further, for here it is another run: ${cause.message.replace(/^.*?: |, and the recording has .*$/g, '')}${cause.unwritten === undefined ? '' : ', to write'}`);
        if (cause.unwritten !== undefined) this.options.output.fork(cause.unwritten);
        break;
      case 'end':
        if (cause.outcome.kind === 'exited') this.write(`the program has exited with code ${cause.outcome.code}, at clock ${where.clock}`);
        else this.write(`the program is over, at clock ${where.clock}`);
        this.write('(go back with rev, or begin again with restart)');
        return;
      case 'failure':
        this.write(`${kindOf(cause.error)}: ${cause.error.message}, at clock ${where.clock}`);
        this.write('(rev step-instruction goes to the instruction that failed)');
        return;
      case 'deadlock':
        this.write('deadlock: the only thread waits for ever');
        break;
      case 'step':
        if (cause.note !== undefined) this.write(cause.note);
        break;
      case 'breakpoint':
        for (const { breakpoint, change, goroutine, detail } of cause.hits) {
          if (change !== undefined) this.write(`${breakpoint.text}: ${known(change.before)} becomes ${known(change.after)}`);
          if (breakpoint.trigger.kind === 'event') this.write(`${breakpoint.trigger.event.name}: ${detail ?? breakpoint.trigger.event.about}${goroutine === undefined || goroutine === 0 ? '' : ` (goroutine ${goroutine})`}`);
        }
    }
    const label = cause.kind === 'breakpoint' ? `[${cause.hits.map(({ breakpoint }) => breakpoint.name ?? `${breakpoint.trigger.kind === 'watch' ? 'Watchpoint' : 'Breakpoint'} ${breakpoint.id}`).join(', ')}] ` : '';
    this.write(`${this.paint('>', 'green')} ${label}${this.place(where)}`);
    const { call } = where;
    if (call?.file !== undefined && call.line !== undefined) this.showSource(call.file, call.line, 4);
    for (const { expression } of this.displays) this.write(`${expression.text} = ${this.evaluated(expression)}`);
    if (cause.kind !== 'breakpoint') return;
    for (const { breakpoint } of cause.hits) for (const command of this.commands.get(breakpoint.id) ?? []) await this.execute(command);
  }

  /** One line: function, source line, and the moment. */
  place(where: Where): string {
    const { clock, goroutine, pc, call, certain, frame, system, ended } = where;
    if (ended) return `behind the end of the program (clock ${clock})`;
    const notes = [`clock ${clock}`];
    if (goroutine !== undefined) notes.push(`goroutine ${goroutine}`);
    if (system) notes.push('on the scheduler\'s stack');
    if (pc !== undefined) notes.push(`PC_F 0x${pc.f.toString(16)} PC_B ${pc.lo === pc.hi ? pc.lo : `${pc.lo}-${pc.hi}`}`);
    const loop = frame?.kind === 'wasm' && this.session.target.isTrampoline(frame.funcIndex);
    const func = call?.name ?? where.function ?? 'the host';
    const head = loop ? `${where.function}, about to ${pc?.lo === 0 ? 'call' : 'resume'} ${where.into ?? func}` : `${func}()${where.into === undefined ? '' : `, inlined into ${where.into}`}`;
    const source = call?.file === undefined ? '' : ` ${call.file}:${call.line}${certain ? '' : ' (line not exact)'}`;
    const byte = frame?.kind === 'wasm' && call === undefined ? ` at byte 0x${frame.offset.toString(16)}` : '';
    return `${head}${source}${byte} (${notes.join(', ')})`;
  }

  /** Some lines around one, if the source is there; answers whether it is. */
  showSource(file: string, line: number, around: number): boolean {
    const lines = this.readSource(file);
    if (lines === undefined) return false;
    const first = Math.max(1, line - around);
    const last = Math.min(lines.length, line + around);
    const width = String(last).length;
    for (let n = first; n <= last; n++) this.write(`${n === line ? '=>' : '  '} ${String(n).padStart(width)}: ${lines[n - 1]}`.trimEnd());
    this.listed = { file, line: last + around + 1 };
    return true;
  }

  evaluated(expression: Expression): string {
    try {
      return showResult(expression.value(this.session.scope()));
    } catch (error) {
      if (error instanceof ExpressionError) return error.message;
      throw error;
    }
  }
}

function known(value: Result | undefined): string {
  return value === undefined ? '(nothing)' : showResult(value);
}

export function showCall({ name, file, line }: GoCall): string {
  return `${name} ${file ?? '?'}:${line ?? '?'}`;
}
