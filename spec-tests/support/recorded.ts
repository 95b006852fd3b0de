import { freshRealm } from '../../src/host/node/realm.js';
import { RealClock } from '../../src/host/node/real-clock.js';
import { RealRandom } from '../../src/host/node/real-random.js';
import { BufferedInput } from '../../src/host/io.js';
import { MemoryFs } from '../../src/host/memory-fs.js';
import { MountFs } from '../../src/host/mount-fs.js';
import { Program, type ProgramOptions } from '../../src/program/program.js';
import { Recorder } from '../../src/replay/recorder.js';
import { Recording } from '../../src/replay/recording.js';
import type { ReplayOutcome } from '../../src/replay/replay.js';
import type { Module } from '../../src/wasm/module.js';
import { SANDBOX } from './oracles.js';
import { HostFailure, testImports } from './imports.js';

export interface RecordOptions {
  readonly stdin?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Works in an empty folder. */
  readonly folder?: boolean | undefined;
  /** Real time and random data; otherwise the virtual ones. */
  readonly real?: boolean;
  readonly trampoline?: ProgramOptions['trampoline'];
  readonly tier?: ProgramOptions['tier'];
  /** Prepares something else than the program's start. */
  readonly prepare?: (program: Program) => void;
  /** Called before anything runs. */
  readonly made?: (program: Program) => void;
}

export interface Recorded {
  readonly file: Uint8Array;
  /** `edge`: a host function threw what no guest can have done, and the recording ends before it. */
  readonly outcome: ReplayOutcome;
  /** What it wrote, each piece with the stream in front. */
  readonly output: string;
  readonly clock: number;
  readonly memories: readonly Uint8Array[];
}

export async function record(module: Module, args: readonly string[], options: RecordOptions = {}): Promise<Recorded> {
  const output = new Output();
  const chunks: Uint8Array[] = [];
  const fs = new MemoryFs({ realtime: () => 1_600_000_000_000_000_000n });
  const base: ProgramOptions = {
    world: {
      args: ['program', ...args],
      env: Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value}`),
      streams: { stdin: new BufferedInput(new TextEncoder().encode(options.stdin ?? '')), isTerminal: () => false, write: output.write },
      clock: options.real === true ? new RealClock() : 'virtual',
      random: options.real === true ? new RealRandom() : 0,
      preopens: options.folder === true ? [{ name: SANDBOX, fs }] : [],
      js: { realm: freshRealm(), fs: new MountFs(options.folder === true ? [{ at: SANDBOX, fs }] : []) },
    },
    imports: testImports(() => program),
    trampoline: options.trampoline,
    tier: options.tier,
  };
  const recorder = new Recorder(base, { module: 'of a test', path: 'test.wasm', settings: '{}' }, (bytes) => void chunks.push(bytes.slice()));
  const program: Program = new Program(module, recorder.options);
  recorder.attach(program);
  options.made?.(program);
  if (options.prepare === undefined) program.start();
  else options.prepare(program);
  let outcome: ReplayOutcome = { kind: 'edge' };
  try {
    const ended = await recorder.run();
    recorder.end(ended);
    outcome = ended;
  } catch (error) {
    if (!(error instanceof HostFailure)) throw error;
  }
  const memories = program.store.memories.map(({ u8 }) => u8.slice());
  const file = new Uint8Array(Buffer.concat(chunks));
  const { clock } = outcome.kind === 'edge' ? Recording.read(file) : program.machine;
  return { file, outcome, output: output.text, clock, memories };
}

/** Gathers what a guest writes. */
export class Output {
  text = '';
  readonly write = (fd: number, bytes: Uint8Array): void => {
    this.text += `${fd}:${Buffer.from(bytes).toString('latin1')}\n`;
  };
}

export function reread(recorded: Recorded): Recording {
  return Recording.read(recorded.file);
}
