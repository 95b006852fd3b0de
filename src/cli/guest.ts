import type { HostCall, HostFunction } from '../engine/host-function.js';
import { UNTRAINED } from '../engine/interpret/train.js';
import { typeOf } from '../program/inspect.js';
import { programKind } from '../program/kind.js';
import type { Explained } from '../program/backtrace.js';
import { type Outcome, Program, type ProgramOptions } from '../program/program.js';
import { parseValue, showValue, ValueSyntaxError } from '../program/values.js';
import { functionNames } from '../wasm/binary/names.js';
import type { Module } from '../wasm/module.js';
import { showType } from '../wasm/show.js';
import { EXIT, Refusal } from './errors.js';
import { type GuestSettings, patienceOf } from './guest-options.js';
import { loadFile } from './module-file.js';
import { nearest } from './nearest.js';
import { holdOptimiser } from './optimiser.js';
import { print, say } from './output.js';
import { usedParts } from './parts.js';
import { reportFailure, reportStop } from './report.js';
import { nodeWorld } from './world.js';

/** A guest that is ready to run, and what its command line said. */
export interface Guest {
  readonly program: Program;
  readonly settings: GuestSettings;
  readonly stats: Stats;
}

/** Somebody who wants to be there when a program is made. */
export interface Witness {
  options(base: ProgramOptions, module: Module): ProgramOptions;
  /** Nothing of it has run. */
  made(program: Program): void;
}

/**
 * Loads the module that `words` begin with, makes its world and prepares its start, or the export to invoke. `stats`
 * that count are needed where somebody will ask for them, perhaps in another process.
 */
export function prepareGuest(settings: GuestSettings, words: readonly string[], witness?: Witness, stats: Stats = new Stats(settings.stats)): Guest {
  const [path] = words;
  if (path === undefined) throw new Refusal('a module is missing (see --help)');
  const guest = makeGuest(settings, words, stats.decoding(() => loadFile(path, settings.features)), stats, witness);
  if (settings.invoke === undefined) guest.program.start();
  else invoke(guest.program, path, settings.invoke, words.slice(1));
  return guest;
}

/** A program in its world, with nothing to do yet. */
export function makeGuest(settings: GuestSettings, words: readonly string[], module: Module, stats: Stats, witness?: Witness): Guest {
  const path = words[0]!;
  const kind = programKind(module);
  usedParts.add(kind);
  if (kind === 'plain' && settings.invoke === undefined && module.start === undefined) throw new Refusal(nothingToRun(path, module));
  // The arguments of an invoked export are not the program's.
  const world = nodeWorld(settings, settings.invoke === undefined ? words : [path], kind === 'go-js');
  const options: ProgramOptions = {
    world,
    wrap: stats.wrap,
    maxMemoryBytes: settings.maxMemoryBytes,
    maxCallDepth: settings.maxCallDepth,
    tier: settings.tier,
    patience: patienceOf(settings.tier),
    trampoline: settings.trampoline,
  };
  const program = new Program(module, witness?.options(options, module) ?? options);
  witness?.made(program);
  return { program, settings, stats };
}

function nothingToRun(path: string, module: Module): string {
  const type = typeOf(module);
  const functions = module.exports.filter((entry) => entry.kind === 'func');
  const head = `${path} has no start of its own`;
  if (functions.length === 0) return `${head}, and exports no function that could be called`;
  return [`${head}; call one of its exports with --invoke NAME:`, ...functions.map((entry) => `  ${entry.name} ${type('func', entry.index)}`)].join('\n');
}

function invoke(program: Program, path: string, name: string, texts: readonly string[]): void {
  const names = [...program.instance.exports].filter(([, extern]) => extern.kind === 'func').map(([exported]) => exported);
  if (!names.includes(name)) {
    const guess = nearest(name, names);
    throw new Refusal(`${path} exports no function "${name}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`);
  }
  const { params } = program.exportedFunction(name).type;
  if (texts.length !== params.length) {
    const types = params.map((type) => showType(type)).join(' ');
    throw new Refusal(`"${name}" takes ${params.length === 0 ? 'no arguments' : `${params.length} argument${params.length === 1 ? '' : 's'} (${types})`}, not ${texts.length}`);
  }
  const values = params.map((type, i) => {
    try {
      return parseValue(texts[i]!, type);
    } catch (error) {
      if (error instanceof ValueSyntaxError) throw new Refusal(`argument ${i + 1} of "${name}": ${error.message}`);
      throw error;
    }
  });
  program.invoke(name, values);
}

/** Runs to the end, or to the limit of instructions, and answers the exit code. `before` is called before anything is said. */
export async function runGuest(guest: Guest, before: () => void = () => {}): Promise<number> {
  const { program, settings, stats } = guest;
  const outcome = await runProgram(program, settings.maxInstructions, stats);
  before();
  const code = exitCode(guest, outcome);
  if (settings.stats) say(stats.line(program));
  return code;
}

/** As `Program.run`, or as `runner` does it, with the time it took, and the end of Node's own event loop told to a program that lives in it. */
export async function runProgram(program: Program, limit: number | undefined, stats: Stats, runner: Pick<Program, 'run'> = program): Promise<Outcome> {
  const emptied = (): void => program.go?.outOfEvents();
  process.on('beforeExit', emptied);
  try {
    return await stats.running(() => runWarmingUp(program, runner, limit));
  } finally {
    process.off('beforeExit', emptied);
    if (program.machine.compilation?.forbidden === true) say('this JavaScript host forbids making code from text: all was interpreted');
  }
}

async function runWarmingUp(program: Program, runner: Pick<Program, 'run'>, limit = Infinity): Promise<Outcome> {
  const short = program.machine.clock + UNTRAINED;
  holdOptimiser(true);
  try {
    const outcome = await runner.run(Math.min(limit, short));
    if (limit <= short || outcome.kind !== 'stopped' || outcome.reason.kind !== 'limit') return outcome;
  } finally {
    holdOptimiser(false);
  }
  return runner.run(limit);
}

/** What an outcome means for the process, said where it has to be. */
export function exitCode({ program, settings }: { readonly program: Explained & Pick<Program, 'machine'>; readonly settings: Pick<GuestSettings, 'invoke'> }, outcome: Outcome): number {
  switch (outcome.kind) {
    case 'exited':
      return outcome.code & 0xff;
    case 'returned':
      if (settings.invoke !== undefined) print(outcome.results.map((value) => `${showValue(value, program.store)}\n`).join(''));
      return EXIT.ok;
    case 'failed':
      return reportFailure(program, outcome.error, outcome.frames);
    case 'stopped':
      return reportStop(program, outcome.reason);
  }
}

/** The global `performance` takes longer to load than a short program runs. */
function milliseconds(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What `--stats` tells. */
export class Stats {
  /** Calls of the host, where they are counted. */
  hostCalls = 0;
  /** Counts the calls of a host function; calls are slower for it. */
  readonly wrap: ((host: HostFunction) => HostFunction) | undefined;
  private decodeMs = 0;
  private runMs = 0;

  constructor(counts: boolean) {
    this.wrap = counts ? (host) => this.counting(host) : undefined;
  }

  decoding<T>(load: () => T): T {
    const start = milliseconds();
    const result = load();
    this.decodeMs += milliseconds() - start;
    return result;
  }

  async running<T>(run: () => Promise<T>): Promise<T> {
    const start = milliseconds();
    try {
      return await run();
    } finally {
      this.runMs += milliseconds() - start;
    }
  }

  private counting(host: HostFunction): HostFunction {
    switch (host.kind) {
      case 'leaf':
        return {
          ...host,
          call: (args, results, memory) => {
            this.hostCalls++;
            host.call(args, results, memory);
          },
        };
      case 'full':
        return {
          ...host,
          call: (context: HostCall): void => {
            this.hostCalls++;
            host.call(context);
          },
        };
      case 'turns':
        return host;
    }
  }

  line({ machine, store, module }: Program): string {
    const { compilation } = machine;
    const names = functionNames(module);
    const refused = [...(compilation?.refused ?? [])].map(([address, why]) => {
      const func = store.funcs[address]!;
      return { function: func.kind === 'wasm' ? names.showFunc(func.index) : func.host.name, why };
    });
    const fields = {
      instructions: machine.clock,
      calls: machine.calls,
      hostCalls: this.hostCalls,
      memoryPages: store.memories[0]?.pages ?? 0,
      tier: (compilation?.compiled ?? 0) > 0 ? 'compiled' : 'interp',
      decodeMs: Math.round(this.decodeMs * 10) / 10,
      runMs: Math.round(this.runMs * 10) / 10,
      ...(compilation !== undefined && { compiled: compilation.compiled, refused }),
    };
    return `stats ${JSON.stringify(fields)}`;
  }
}
