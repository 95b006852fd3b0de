import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Exhaustion, Trap } from '../../src/engine/errors.js';
import type { Value } from '../../src/engine/value.js';
import { BufferedInput } from '../../src/host/io.js';
import { MemoryFs } from '../../src/host/memory-fs.js';
import { MountFs } from '../../src/host/mount-fs.js';
import { freshRealm } from '../../src/host/node/realm.js';
import { loadModule } from '../../src/program/load.js';
import { type Outcome, Program } from '../../src/program/program.js';
import { parseValue } from '../../src/program/values.js';
import { F32, F64, I32 } from '../../src/wasm/types.js';
import type { Module } from '../../src/wasm/module.js';
import { testImports } from './imports.js';
import { loadProgram, type Program as TestProgram, programs } from './programs.js';

/** What a run is given, and what the oracle did with it; null where two runs of the oracle differ. */
export interface Run {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Works in an empty folder. */
  readonly folder?: boolean;
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly exitCode?: number | null;
  /** The other engine's words for why the guest trapped. */
  readonly trap?: string | null;
  /** The message of what a host function threw. */
  readonly error?: string | null;
}

/** Calls of exports, one after the other, on one instance. */
export interface CallSequence extends Omit<Run, 'args'> {
  readonly name: string;
  /** An export with its arguments; `write ADDRESS TEXT`; `read ADDRESS LENGTH`. `$N` is the result of step N. */
  readonly steps: readonly (readonly string[])[];
  /** Neither `_start` nor `_initialize` runs first. */
  readonly uninitialised?: boolean;
  readonly results?: readonly string[] | null;
}

export interface Oracle {
  /** Of the module that was recorded. */
  readonly sha256: string;
  readonly runs: readonly Run[];
  readonly calls: readonly CallSequence[];
}

const folder = new URL('../programs/', import.meta.url);

/** What tools/record-oracles.mjs recorded of a program. */
export function oracleOf(name: string): Oracle {
  const file = new URL(`oracles/${name}.json`, folder);
  if (!existsSync(file)) throw new Error(`nothing recorded for ${name}: run tools/record-oracles.mjs ${name}`);
  return JSON.parse(readFileSync(file, 'utf8')) as Oracle;
}

const rules = (JSON.parse(readFileSync(new URL('normalise.json', folder), 'utf8')) as { pattern: string; to: string }[]).map(
  ({ pattern, to }) => [new RegExp(pattern, 'gm'), to] as const,
);

/** Takes out of an output what may differ between two good runs: programs/normalise.json. */
export function normalise(text: string): string {
  return rules.reduce((result, [pattern, to]) => result.replace(pattern, to), text);
}

/** Where the file scenarios work, in every guest. */
export const SANDBOX = '/sandbox';
const SOME_INSTANT = { realtime: () => 1_600_000_000_000_000_000n };

/** What one run of ours did, in the oracle's terms. */
interface Done {
  stdout: string;
  stderr: string;
  exitCode?: number;
  trap?: string;
  error?: string;
  results?: string[];
}

/** A program in a virtual world, and what it has written so far. */
export class Sandbox {
  readonly program: Program;
  private readonly out: Uint8Array[][] = [[], []];

  constructor(test: TestProgram, module: Module, run: Pick<Run, 'stdin' | 'env' | 'folder'> & { readonly args: readonly string[] }) {
    const fs = new MemoryFs(SOME_INSTANT);
    const js = test.target === 'js';
    const args = js && run.folder ? [...run.args, SANDBOX] : run.args;
    this.program = new Program(module, {
      world: {
        args: [test.name, ...args],
        env: Object.entries(run.env ?? {}).map(([key, value]) => `${key}=${value}`),
        streams: {
          stdin: new BufferedInput(new TextEncoder().encode(run.stdin ?? '')),
          write: (fd, bytes) => void this.out[fd - 1]!.push(bytes.slice()),
          isTerminal: () => false,
        },
        clock: 'virtual',
        random: 0,
        preopens: run.folder ? [{ name: SANDBOX, fs }] : [],
        ...(js && { js: { realm: freshRealm(), fs: new MountFs(run.folder ? [{ at: SANDBOX, fs }] : []) } }),
      },
      imports: testImports(() => this.program),
    });
  }

  /** Runs on to the end; what the run came to. */
  async finish(work: () => Promise<Pick<Done, 'exitCode' | 'trap' | 'error' | 'results'>>): Promise<Done> {
    let end: Pick<Done, 'exitCode' | 'trap' | 'error' | 'results'>;
    try {
      end = await work();
    } catch (error) {
      end = { error: (error as Error).message };
    }
    const [stdout, stderr] = this.out.map((parts) => normalise(Buffer.concat(parts).toString()));
    return { stdout: stdout!, stderr: stderr!, ...end };
  }

  run(): Promise<Done> {
    return this.finish(async () => {
      this.program.start();
      return ending(await this.program.run());
    });
  }
}

function ending(outcome: Outcome): Pick<Done, 'exitCode' | 'trap'> {
  switch (outcome.kind) {
    case 'exited':
      return { exitCode: outcome.code };
    case 'returned':
      return { exitCode: 0 };
    case 'failed':
      return { trap: outcome.error instanceof Exhaustion ? 'exhaustion' : outcome.error.message };
    default:
      throw new Error(`the machine stopped: ${outcome.reason.kind}`);
  }
}

/** V8's and wazero's words for a trap, and the specification's; where they have one word for several, all of them. */
const TRAPS: Readonly<Record<string, readonly string[]>> = {
  unreachable: ['unreachable'],
  'divide by zero': ['integer divide by zero'],
  'integer divide by zero': ['integer divide by zero'],
  'remainder by zero': ['integer divide by zero'],
  'divide result unrepresentable': ['integer overflow'],
  'integer overflow': ['integer overflow'],
  'float unrepresentable in integer range': ['integer overflow', 'invalid conversion to integer'],
  'memory access out of bounds': ['out of bounds memory access'],
  'out of bounds memory access': ['out of bounds memory access'],
  'table index is out of bounds': ['undefined element'],
  'null function or function signature mismatch': ['uninitialized element', 'indirect call type mismatch'],
  'indirect call type mismatch': ['indirect call type mismatch'],
  'invalid table access': ['undefined element', 'uninitialized element'],
  'Maximum call stack size exceeded': ['exhaustion'],
};

function compare(ours: Done, expected: Omit<Run, 'args'> & { readonly results?: readonly string[] | null }): void {
  const { stdout, stderr, exitCode, trap, error, results } = expected;
  // Where the oracle differs from itself, at least the rest must agree.
  const view = (done: Done): object => ({
    ...(stdout !== null && { stdout: done.stdout }),
    ...(stderr !== null && { stderr: done.stderr }),
    ...(exitCode !== null && { exitCode: done.exitCode }),
    ...(error !== null && { error: done.error }),
    ...(results && { results: done.results }),
    trapped: done.trap !== undefined,
  });
  expect(view(ours)).toEqual(view({ stdout, stderr, exitCode, error, results, trap } as Done));
  if (typeof trap === 'string') expect(TRAPS[trap]?.some((text) => ours.trap?.startsWith(text)), `${ours.trap} for ${trap}`).toBe(true);
}

/** Pointers are the one kind of result that another run need not repeat. */
const UNRECORDED = new Set(['allocate', 'buffer']);

async function runCalls(sandbox: Sandbox, { steps, uninitialised }: CallSequence): Promise<Pick<Done, 'exitCode' | 'trap' | 'results'>> {
  const { program } = sandbox;
  const values: (Value | undefined)[] = [];
  const results: string[] = [];
  const addressOf = (word: string): number => (values[Number(word.slice(1))] as { i32: number }).i32 >>> 0;
  if (!uninitialised && (program.kind === 'command' || program.kind === 'reactor')) {
    program.start();
    const end = await program.run();
    if (end.kind !== 'returned') return { ...ending(end), results };
  }
  for (const [name, ...words] of steps) {
    if (name === 'write' || name === 'read') {
      const memory = program.store.memories[0]!;
      const at = addressOf(words[0]!);
      if (name === 'write') memory.u8.set(Buffer.from(words[1]!), at);
      else results.push(Buffer.from(memory.u8.subarray(at, at + Number(words[1]))).toString('hex'));
      values.push(undefined);
      continue;
    }
    const { address, type } = program.exportedFunction(name!);
    const args = words.map((word, i) => (word.startsWith('$') ? values[Number(word.slice(1))]! : parseValue(word, type.params[i]!)));
    try {
      const [result] = program.driver.call(address, args);
      values.push(result);
      results.push(result === undefined || UNRECORDED.has(name!) ? '' : shown(result));
    } catch (error) {
      if (error instanceof Trap || error instanceof Exhaustion) return { ...ending({ kind: 'failed', error, frames: [] }), results };
      if ((error as Error).name === 'GuestExit') return { exitCode: (error as Error & { code: number }).code, results };
      throw error;
    }
  }
  return { exitCode: 0, results };
}

const floats = new DataView(new ArrayBuffer(8));

/** As the recorder writes results: `TYPE:` and JavaScript's form of the number. */
function shown(value: Value): string {
  if ('i32' in value) return `i32:${value.i32}`;
  if ('i64' in value) return `i64:${value.i64}`;
  if (value.type === F32) {
    floats.setInt32(0, (value as { bits: number }).bits);
    return `f32:${floats.getFloat32(0)}`;
  }
  if (value.type === F64) {
    floats.setBigInt64(0, (value as { bits: bigint }).bits);
    return `f64:${floats.getFloat64(0)}`;
  }
  throw new Error(`no way to show a result of type ${value.type === I32 ? 'i32' : String(value.type)}`);
}

/** One test for each recorded run and call sequence of the programs that are `chosen`: a file of tests for each toolchain, so that they run at the same time. */
export function describeOracles(chosen: (program: TestProgram) => boolean): void {
  programs.filter(chosen).forEach(describeOracle);
}

function describeOracle(program: TestProgram): void {
  describe(program.name, () => {
    const { sha256, runs, calls } = oracleOf(program.name);
    if (sha256 !== program.sha256) throw new Error(`${program.name} was built anew since its oracle was recorded`);
    let module: Module | undefined;
    const load = (): Module => (module ??= loadModule(loadProgram(program.name)));
    for (const run of runs) {
      // Where the oracle does not agree with itself there is nothing to hold against ours.
      const comparable = run.stdout !== null || run.stderr !== null || run.exitCode !== null;
      test.skipIf(!comparable)(`${run.args.join(' ') || 'run'}${comparable ? '' : ' (the oracle differs from run to run)'}`, async () => {
        compare(await new Sandbox(program, load(), run).run(), run);
      });
    }
    for (const sequence of calls) {
      test(`calls: ${sequence.name}`, async () => {
        const sandbox = new Sandbox(program, load(), { args: [] });
        compare(await sandbox.finish(() => runCalls(sandbox, sequence)), sequence);
      });
    }
  });
}
