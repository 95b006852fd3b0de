import { type Feature, type Features, FEATURES, WASM_3 } from '../../src/wasm/features.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { hostWebAssembly } from './host-engine.js';

interface Part {
  /** As wasm-opt calls it. */
  readonly flag: string;
  readonly features: readonly Feature[];
  /** A module that an engine without it refuses. */
  readonly probe: string;
}

/** What of 3.0 is switched on together, beyond what every Node of ours has. Relaxed SIMD is left out: its results are the engine's choice. */
const PARTS: readonly Part[] = [
  { flag: 'tail-call', features: ['tail-calls'], probe: '(module (func $f (return_call $f)))' },
  { flag: 'extended-const', features: ['extended-const'], probe: '(module (global i32 (i32.add (i32.const 1) (i32.const 2))))' },
  { flag: 'multimemory', features: ['multi-memory'], probe: '(module (memory 1) (memory 1))' },
  { flag: 'memory64', features: ['memory64'], probe: '(module (memory i64 1) (table i64 1 funcref))' },
  { flag: 'gc', features: ['gc', 'function-references'], probe: '(module (type (struct (field (ref null struct)))) (func (drop (ref.i31 (i32.const 1)))))' },
  { flag: 'exception-handling', features: ['exceptions'], probe: '(module (tag) (func (block $l (try_table (catch_all $l) (throw 0)))))' },
];

const BASE = ['mutable-globals', 'sign-ext', 'nontrapping-float-to-int', 'multivalue', 'bulk-memory', 'bulk-memory-opt', 'reference-types', 'simd'];

export interface Common {
  /** For wasm-opt. */
  readonly flags: readonly string[];
  /** What we admit: never more than the host's engine does. */
  readonly features: Features;
  /** Of 3.0, what the host's engine lacks. */
  readonly missing: readonly Feature[];
}

/** What both engines can do. Objects and exceptions need one another in binaryen's modules only as far as it says itself. */
export function common(): Common {
  const engine = hostWebAssembly();
  const there = PARTS.filter(({ probe }) => engine.validate(assemble(probe).bytes));
  const missing = PARTS.filter((part) => !there.includes(part)).flatMap(({ features }) => features);
  const flags = ['--mvp-features', ...[...BASE, ...there.map(({ flag }) => flag)].map((flag) => `--enable-${flag}`)];
  // The generator still writes exceptions in the form that they had before 3.0.
  if (!missing.includes('exceptions')) flags.unshift('--translate-to-exnref');
  return { flags, features: new Set(FEATURES.filter((feature) => WASM_3.has(feature) && !missing.includes(feature))), missing };
}
