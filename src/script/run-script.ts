import { Exhaustion, isGuestFailure, LinkError, Trap, UncaughtException } from '../engine/errors.js';
import { instantiate } from '../engine/instance.js';
import { Machine, type MachineOptions } from '../engine/machine.js';
import type { StopReason } from '../engine/stop-reason.js';
import { type Extern, type Instance, Store, type StoreOptions } from '../engine/store.js';
import { loadValue, type Value } from '../engine/value.js';
import { createSpectest } from '../host/spectest.js';
import { validateBranchHints } from '../wasm/binary/code-metadata.js';
import { decode } from '../wasm/binary/decode.js';
import { DecodeError, SyntaxError, ValidationError } from '../wasm/errors.js';
import type { Features } from '../wasm/features.js';
import type { Module } from '../wasm/module.js';
import { type Action, type Command, parseScript, type ScriptModule } from '../wasm/text/script.js';
import type { Position } from '../wasm/text/source.js';
import { validate } from '../wasm/validate/validate.js';
import { matches, showPattern, showValue, toValue } from './values.js';

export interface ScriptOptions {
  readonly features: Features;
  readonly tier?: MachineOptions['tier'];
  readonly store?: StoreOptions;
  /** Frames at most; the default is small enough that a runaway recursion is found quickly. */
  readonly maxCallDepth?: number;
  /** Instructions that one action may take before it counts as endless. */
  readonly maxInstructions?: number;
  /**
   * Runs every `every`th action twice: to its end, and, from a snapshot of its beginning, to a random point where
   * another snapshot is taken and restored. Both must come to the same state. `random` answers 0 ≤ x < 1.
   */
  readonly snapshots?: { readonly every: number; readonly random: () => number } | undefined;
}

export interface ScriptFailure {
  readonly line: number;
  readonly column: number;
  /** The keyword of the command. */
  readonly command: string;
  readonly message: string;
}

export interface ScriptResult {
  /** `assert_*` commands that held. */
  readonly passed: number;
  /** `assert_*` commands that did not, and other commands that failed. */
  readonly failed: number;
  /** `assert_*` commands that were not run. */
  readonly skipped: number;
  readonly failures: readonly ScriptFailure[];
}

const DEFAULT_CALL_DEPTH = 50_000;
const DEFAULT_INSTRUCTIONS = 2_000_000_000;

/** An expectation of a script that was not met. */
class Unmet extends Error {
  override readonly name = 'Unmet';
}

/** Runs the commands of a `.wast` script, each whatever became of the others. Never throws for what a script does. */
export function runScript(text: string | Uint8Array, options: ScriptOptions): ScriptResult {
  const runner = new ScriptRunner(options);
  const failures: ScriptFailure[] = [];
  let passed = 0;
  for (const command of parseScript(text, options.features)) {
    const word = command.kind === 'malformed' ? command.word : command.kind === 'action' ? command.action.kind : command.kind;
    try {
      runner.run(command);
      if (word.startsWith('assert_')) passed++;
    } catch (error) {
      const { line, column } = placeOf(command, error);
      failures.push({ line, column, command: word, message: describe(error) });
    }
  }
  return { passed, failed: failures.length, skipped: 0, failures };
}

/** How many assertions a script holds, for one that is not run. */
export function countAssertions(text: string | Uint8Array, features: Features): number {
  return parseScript(text, features).filter(({ kind }) => kind.startsWith('assert_')).length;
}

/** Where the text is wrong, or the command that fails. A quoted module has places of its own. */
function placeOf(command: Command, error: unknown): Position {
  const quoted = 'module' in command && typeof command.module === 'object' && command.module.form === 'quote';
  return error instanceof SyntaxError && !quoted ? error : command;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof Unmet ? error.message : `${error.name}: ${error.message}`;
}

class ScriptRunner {
  private readonly options: ScriptOptions;
  private readonly store: Store;
  private machine: Machine;
  private readonly definitions = new Map<string, Module>();
  private readonly instances = new Map<string, Instance>();
  private readonly registered = new Map<string, ReadonlyMap<string, Extern>>();
  private definition: Module | undefined = undefined;
  private current: Instance | undefined = undefined;
  private actions = 0;

  constructor(options: ScriptOptions) {
    this.options = options;
    this.store = new Store(options.store);
    this.machine = this.newMachine();
    this.registered.set('spectest', createSpectest(this.store));
  }

  private newMachine(): Machine {
    const { tier, maxCallDepth = DEFAULT_CALL_DEPTH } = this.options;
    return new Machine(this.store, { tier, maxCallDepth });
  }

  /** Throws where the command fails or its expectation is not met. */
  run(command: Command): void {
    switch (command.kind) {
      case 'malformed':
        throw command.error;
      case 'module':
        this.module(command.module, command.definition);
        break;
      case 'instance':
        this.instance(command.id, command.module);
        break;
      case 'register':
        this.registered.set(command.as, this.instanceOf(command.module).exports);
        break;
      case 'action':
        this.action(command.action);
        break;
      case 'assert_return': {
        const results = this.action(command.action);
        const { expected } = command;
        if (results.length !== expected.length || !expected.every((pattern, i) => matches(pattern, results[i]!, this.store))) {
          throw new Unmet(`expected ${list(expected.map(showPattern))}, got ${list(results.map(showValue))}`);
        }
        break;
      }
      case 'assert_trap':
        this.expect(() => this.action(command.action), [Trap], command.message);
        break;
      case 'assert_exhaustion':
        this.expect(() => this.action(command.action), [Exhaustion], command.message);
        break;
      case 'assert_exception':
        this.expect(() => this.action(command.action), [UncaughtException], '');
        break;
      case 'assert_malformed':
        this.expect(() => this.check(command.module), [SyntaxError, DecodeError], command.message);
        break;
      case 'assert_malformed_custom':
        this.expect(() => command.module.assemble(this.options.features), [SyntaxError], command.message);
        break;
      case 'assert_invalid':
        this.expect(() => this.check(command.module), [ValidationError], command.message);
        break;
      case 'assert_invalid_custom': {
        const module = this.check(command.module);
        this.expect(() => validateBranchHints(module), [ValidationError], command.message);
        break;
      }
      case 'assert_unlinkable': {
        const module = this.check(command.module);
        this.expect(() => this.instantiate(module), [LinkError], command.message);
        break;
      }
      case 'assert_uninstantiable': {
        const module = this.check(command.module);
        this.expect(() => this.instantiate(module), [Trap], command.message);
        break;
      }
    }
  }

  /** The class of an error and the beginning of its text both count. */
  private expect(run: () => unknown, classes: readonly (new (...args: never[]) => Error)[], message: string): void {
    const expected = `expected ${classes.map(({ name }) => name).join(' or ')}${message === '' ? '' : ` "${message}"`}`;
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      if (classes.some((one) => error instanceof one) && (error as Error).message.startsWith(message)) return;
      throw new Unmet(`${expected}, got ${describe(error)}`);
    }
    throw new Unmet(`${expected}, but it succeeded${Array.isArray(result) ? ` with ${list(result.map(showValue))}` : ''}`);
  }

  // Modules

  private check(module: ScriptModule): Module {
    const { features } = this.options;
    const decoded = decode(module.assemble(features).bytes, features);
    validate(decoded, features);
    return decoded;
  }

  private module(module: ScriptModule, isDefinition: boolean): void {
    if (!isDefinition) this.current = undefined;
    const checked = this.check(module);
    this.definition = checked;
    if (module.id !== undefined) this.definitions.set(module.id, checked);
    if (!isDefinition) this.keep(module.id, this.instantiate(checked));
  }

  private instance(id: string | undefined, definition: string | undefined): void {
    this.current = undefined;
    const module = definition === undefined ? this.definition : this.definitions.get(definition);
    if (module === undefined) throw new Unmet(definition === undefined ? 'there is no module definition' : `unknown module $${definition}`);
    this.keep(id, this.instantiate(module));
  }

  private keep(id: string | undefined, instance: Instance): void {
    this.current = instance;
    if (id !== undefined) this.instances.set(id, instance);
  }

  private instantiate(module: Module): Instance {
    const { instance, start } = instantiate(this.store, module, (from, name) => this.registered.get(from)?.get(name));
    if (start !== undefined) this.call(start, []);
    return instance;
  }

  private instanceOf(id: string | undefined): Instance {
    const instance = id === undefined ? this.current : this.instances.get(id);
    if (instance === undefined) throw new Unmet(id === undefined ? 'there is no module instance' : `unknown module instance $${id}`);
    return instance;
  }

  // Actions

  private action(action: Action): readonly Value[] {
    const { store } = this;
    const extern = this.instanceOf(action.module).exports.get(action.name);
    const kind = action.kind === 'invoke' ? 'func' : 'global';
    if (extern?.kind !== kind) throw new Unmet(`no ${kind} is exported as "${action.name}"`);
    if (action.kind === 'get') {
      const { type, cell } = store.globals[extern.address]!;
      return [loadValue(store.globalCells, cell, type.value)];
    }
    const { params } = store.funcs[extern.address]!.type;
    if (params.length !== action.args.length) {
      throw new Unmet(`"${action.name}" takes ${params.length} arguments, not ${action.args.length}`);
    }
    const args = action.args.map((constant) => toValue(constant, store));
    return this.call(extern.address, args);
  }

  /** Runs a function to its end. `spectest` has no functions that stop the machine, so a stop is a result. */
  private call(func: number, args: readonly Value[]): readonly Value[] {
    const { snapshots, maxInstructions = DEFAULT_INSTRUCTIONS } = this.options;
    const { machine } = this;
    const end = machine.clock + maxInstructions;
    try {
      machine.start(func, args);
      const twice = snapshots !== undefined && ++this.actions % snapshots.every === 0;
      return this.results(twice ? this.runTwice(end, snapshots.random()) : machine.run(end));
    } catch (error) {
      // After what no program can do, the machine is not to be trusted any more; the store is as good as it was.
      if (!isGuestFailure(error)) this.machine = this.newMachine();
      throw error;
    }
  }

  private runTwice(end: number, part: number): StopReason {
    const { machine } = this;
    const { clock } = machine;
    const beginning = machine.snapshot();
    const stop = machine.run(end);
    if (machine.clock === clock) return stop;
    const hash = machine.hash();
    const point = clock + Math.floor((machine.clock - clock) * part);
    machine.restore(beginning);
    const early = machine.run(point);
    if (early.kind !== 'limit') throw new Unmet(`the same again is not the same: ${early.kind} before clock ${point}`);
    machine.restore(machine.snapshot());
    const again = machine.run(end);
    if (machine.hash() !== hash) throw new Unmet(`a snapshot restored at clock ${point} comes to another state`);
    return again;
  }

  private results(stop: StopReason): readonly Value[] {
    switch (stop.kind) {
      case 'returned':
        return stop.results;
      case 'trap':
        this.machine.abandon();
        throw stop.error;
      default:
        throw new Unmet(stop.kind === 'limit' ? 'it does not come to an end' : `the machine stopped: ${stop.kind}`);
    }
  }
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'nothing' : items.join(' ');
}
