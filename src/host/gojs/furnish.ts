import type { Clock } from '../clock.js';
import { FsError } from '../fs.js';
import type { Streams } from '../io.js';
import type { Random } from '../random.js';
import type { Data, HostState } from '../state.js';
import type { EventQueue } from './events.js';
import { CONSTANTS, FILE_OPERATIONS, type Files, STAT_FIELDS } from './files.js';
import { type FileResult, type Globals, type GlobalsHost, installGlobals } from './inside/globals.js';
import { installPath } from './inside/path.js';
import { makeRepeatable } from './inside/repeatable.js';
import { installText } from './inside/text.js';
import { type Realm, runInside } from './realm.js';

/** Who the program is told to be. */
export interface Identity {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What the console remembers. */
export class Screen implements HostState {
  /** Columns. */
  indent = 0;
  counts: Map<string, number> = new Map();

  save(): Data {
    return { indent: this.indent, counts: [...this.counts] };
  }
  load(state: Data): void {
    const { indent, counts } = state as unknown as { indent: number; counts: [string, number][] };
    this.indent = indent;
    this.counts = new Map(counts);
  }
  live(): string[] {
    return [];
  }
}

export interface Furniture {
  readonly clock: Clock;
  readonly random: Random;
  readonly streams: Streams;
  readonly files: Files;
  readonly events: EventQueue;
  readonly screen: Screen;
  readonly identity: Identity;
  readonly virtual: boolean;
  /** Runs a file operation of the program; `done` may be called now or later. */
  readonly request: (operation: string, args: readonly unknown[], done: (result: FileResult) => void) => void;
  /** Wraps a function of the host so that its failures are noticed, whatever the program makes of them. */
  readonly guarded: <F extends (...args: never[]) => unknown>(func: F) => F;
}

const NS_PER_MS = 1_000_000n;

/** Puts into a fresh realm what it needs beyond ECMAScript. */
export function furnish(realm: Realm, parts: Furniture): Globals {
  const { clock, random, streams, files, events, screen, identity, guarded } = parts;
  const encoder = new TextEncoder();
  const start = clock.monotonic();
  const format = realm.format?.bind(realm) ?? plainText;

  const host: GlobalsHost = {
    request: guarded((operation, args, callback) =>
      parts.request(operation, args, (result) => events.completions.push({ callback, self: undefined, args: globals.complete(result) })),
    ),
    perform: guarded((operation, args) => files.perform(operation, args)),
    fileOperations: FILE_OPERATIONS,
    constants: CONSTANTS,
    statFields: STAT_FIELDS,
    identity: { pid: identity.pid, ppid: identity.ppid, argv0: 'retunwind', platform: 'linux', arch: 'wasm' },
    uid: () => identity.uid,
    gid: () => identity.gid,
    cwd: () => files.cwd,
    chdir: guarded((path) => files.chdir(path)),
    umask: (mask) => {
      const old = files.umask;
      if (mask !== undefined) files.umask = mask & 0o777;
      return old;
    },
    setTimer: guarded((callback, self, milliseconds, repeat, args) => {
      const wait = BigInt(milliseconds) * NS_PER_MS;
      return events.addTimer(clock.monotonic() + wait, repeat ? wait : undefined, { callback, self, args });
    }),
    clearTimer: (id) => events.remove(id),
    random: guarded((into) => random.fill(into)),
    uptime: () => Number(clock.monotonic() - start) / 1e6,
    print: guarded((fd, text) => {
      try {
        const margin = ' '.repeat(screen.indent);
        streams.write(fd, encoder.encode(`${margin}${text.replaceAll('\n', `\n${margin}`)}\n`));
      } catch (error) {
        // As on Node, nobody hears of a console that cannot be written to.
        if (!(error instanceof FsError)) throw error;
      }
    }),
    indent: (by) => {
      screen.indent = Math.max(0, screen.indent + by);
    },
    count: (label) => {
      const count = (screen.counts.get(label) ?? 0) + 1;
      screen.counts.set(label, count);
      return count;
    },
    countReset: (label) => void screen.counts.delete(label),
    format: guarded((values) => format(values)),
  };
  const globals = runInside(realm, installGlobals, host);
  runInside(realm, installPath, { cwd: () => files.cwd });
  runInside(realm, installText, {
    encode: (text) => encoder.encode(text),
    decode: (bytes, fatal, ignoreBOM) => {
      try {
        return new TextDecoder('utf-8', { fatal, ignoreBOM }).decode(bytes);
      } catch {
        return undefined;
      }
    },
  });
  if (parts.virtual) {
    runInside(realm, makeRepeatable, {
      now: () => Number(clock.realtime() / NS_PER_MS),
      random: guarded((into) => random.fill(into)),
    });
  }
  return globals;
}

/** `console.log` where the embedder has no better way: objects by their kind alone. */
function plainText(values: readonly unknown[]): string {
  return values.map((value) => (typeof value === 'object' && value !== null ? '[object]' : typeof value === 'function' ? '[function]' : String(value))).join(' ');
}
