import { freshRealm } from '../../src/host/node/realm.js';
import { BufferedInput } from '../../src/host/io.js';
import { MountFs } from '../../src/host/mount-fs.js';
import { loadModule } from '../../src/program/load.js';
import { type Outcome, Program, type ProgramOptions } from '../../src/program/program.js';
import type { TraceRecord } from '../../src/trace/records.js';
import { type TraceOptions, TraceSession } from '../../src/trace/session.js';
import type { Module } from '../../src/wasm/module.js';
import { loadProgram } from './programs.js';

export interface Traced {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  readonly clock: number;
  /** The content of memory 0 at the end. */
  readonly memory: Uint8Array;
  /** The trace as it was written. */
  readonly text: string;
}

const modules = new Map<string, Module>();

export function testModule(name: string): Module {
  let module = modules.get(name);
  if (module === undefined) modules.set(name, (module = loadModule(loadProgram(name))));
  return module;
}

export interface TracedOptions extends Omit<TraceOptions, 'write'> {
  readonly trampoline?: ProgramOptions['trampoline'];
  readonly tier?: ProgramOptions['tier'];
  readonly imports?: ProgramOptions['imports'];
  /** Instead of the program's start. */
  readonly invoke?: { readonly name: string; readonly args: Parameters<Program['invoke']>[1] };
  /** More than any test needs. */
  readonly limit?: number;
}

/** A test program in a virtual world, or one of our own, traced from its first instruction to its end. */
export async function traced(module: Module, args: readonly string[], options: TracedOptions = {}): Promise<Traced> {
  const written = ['', '', ''];
  const decoders = [new TextDecoder(), new TextDecoder(), new TextDecoder()];
  const program = new Program(module, {
    world: {
      args: ['program', ...args],
      streams: {
        stdin: new BufferedInput(new Uint8Array()),
        isTerminal: () => false,
        write: (fd, bytes) => void (written[fd] += decoders[fd]!.decode(bytes, { stream: true })),
      },
      clock: 'virtual',
      random: 0,
      js: { realm: freshRealm(), fs: new MountFs([]) },
    },
    imports: options.imports,
    trampoline: options.trampoline,
    tier: options.tier,
  });
  let text = '';
  const session = new TraceSession(program, { describe: program.describe, now: () => program.elapsed, ...options, write: (piece) => (text += piece) });
  if (options.invoke === undefined) program.start();
  else program.invoke(options.invoke.name, options.invoke.args);
  const outcome = await program.run(options.limit ?? 3e8);
  session.finish();
  const memory = program.store.memories[0]?.u8 ?? new Uint8Array();
  return { outcome, stdout: written[1]!, stderr: written[2]!, clock: program.machine.clock, memory, text };
}

/** The records of a trace in JSON lines. */
export function records(text: string): TraceRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TraceRecord);
}
