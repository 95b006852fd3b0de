import type { MachineOptions } from '../../src/engine/machine.js';
import { type Features, WASM_3 } from '../../src/wasm/features.js';
import { Dice } from '../engine/harness.js';
import { Ours } from './ours.js';
import { Excluded, type Side } from './side.js';
import { argument, type Argument, callable, observed, subject, type Subject } from './subject.js';
import { Theirs } from './theirs.js';

/** Rounds of calls of all exports. */
const ROUNDS = 2;

export interface Comparison {
  /** The first difference, if there is one. */
  readonly difference: string | undefined;
  /** Calls of which everything was compared. */
  readonly calls: number;
  /** What was not compared, and how often: single exports, or the rest of the module. */
  readonly excluded: Readonly<Record<string, number>>;
}

class Difference extends Error {}

/** Runs a module in both engines, export by export, with arguments by the seed. */
export function compare(bytes: Uint8Array, seed: number, tier: MachineOptions['tier'], features: Features = WASM_3): Comparison {
  const dice = new Dice(Math.imul(seed + 1, 0x85ebca6b));
  const excluded: Record<string, number> = {};
  const exclude = (reason: string): void => void (excluded[reason] = (excluded[reason] ?? 0) + 1);
  let calls = 0;
  let difference: string | undefined;
  try {
    const tested = subject(bytes, features);
    const ours = new Ours(tested, tier);
    const theirs = new Theirs(tested);
    const failure = same('instantiation', ours.start(), theirs.start());
    if (failure !== undefined) return { difference, calls: 1, excluded };
    compareState('instantiation', tested, ours, theirs);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, type } of tested.functions) {
        const args = type.params.map((param) => argument(param, dice));
        if (!callable(type)) exclude('export: v128 or exnref in its type, so only the module itself can call it');
        else if (args.includes(undefined)) exclude('export: a parameter for which JavaScript has no value');
        else {
          compareCall(name, args as Argument[], tested, ours, theirs);
          calls++;
        }
      }
    }
  } catch (error) {
    if (error instanceof Excluded) exclude(`module, from there on: ${error.message}`);
    else difference = error instanceof Difference ? error.message : (error as Error).stack;
  }
  return { difference, calls, excluded };
}

function compareCall(name: string, args: readonly Argument[], tested: Subject, ours: Side, theirs: Side): void {
  const place = `${name}(${args.map((value) => (value.kind === 'null' ? 'null' : 'value' in value ? `${value.value}` : `host ${value.index}`)).join(', ')})`;
  const [a, b] = [ours, theirs].map((side) => {
    side.log.length = 0;
    return side.call(name, args);
  });
  same(`${place}: log`, ours.log.join('\n'), theirs.log.join('\n'));
  same(`${place}: results`, a, b);
  compareState(place, tested, ours, theirs);
}

function compareState(place: string, { module }: Subject, ours: Side, theirs: Side): void {
  const { imported } = module;
  for (let i = 0; i < imported.globals + module.globals.length; i++) {
    const name = observed('global', i);
    same(`after ${place}: global ${i}`, ours.global(name), theirs.global(name));
  }
  module.memories.forEach((_, i) => {
    const [a, b] = [ours.memory(observed('memory', i)), theirs.memory(observed('memory', i))];
    same(`after ${place}: length of memory ${i}`, `${a.length}`, `${b.length}`);
    if (Buffer.compare(a, b) === 0) return;
    const at = a.findIndex((byte, offset) => byte !== b[offset]);
    same(`after ${place}: memory ${i} at ${at}`, `${a[at]}`, `${b[at]}`);
  });
  module.tables.forEach((_, i) => {
    const name = observed('table', i);
    same(`after ${place}: table ${i}`, ours.table(name), theirs.table(name));
  });
}

function same<T extends string | undefined>(what: string, ours: T, theirs: T): T {
  if (ours !== theirs) throw new Difference(`${what}\n  ours:   ${String(ours)}\n  theirs: ${String(theirs)}`);
  return ours;
}
