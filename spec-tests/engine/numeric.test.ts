import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS, type Instruction } from '../../src/wasm/instructions.js';
import { F32, F64, I32, I64, type ValType } from '../../src/wasm/types.js';
import type { Value } from '../../src/engine/value.js';
import { compile, hostExports, running, show, showHost } from './harness.js';

/**
 * Every numeric instruction against the host's own engine, over the values where it could go wrong, with each operand
 * once a local and once a constant, because the lowerings tell these apart.
 */
const NAMES = new Map<ValType, string>([[I32, 'i32'], [I64, 'i64'], [F32, 'f32'], [F64, 'f64']]);

const INTERESTING: Record<string, readonly string[]> = {
  i32: ['0', '1', '-1', '2', '7', '31', '32', '33', '0x7fffffff', '0x80000000', '0xffff', '0x12345678', '-2', '255'],
  i64: [
    '0', '1', '-1', '3', '31', '32', '63', '64', '0x7fffffff', '0x80000000', '0xffffffff', '0x100000000',
    '0x7fffffffffffffff', '0x8000000000000000', '0x123456789abcdef0', '0x20000000000001', '0x7fffff4000000001',
  ],
  f32: ['0', '-0', '1', '-1', '0.5', '1.5', '2.5', '-2.5', 'nan', '-nan', 'nan:0x200000', 'inf', '-inf', '0x1p-149', '0x1.fffffep127', '2147483648', '-2147483904', '4294967040', '9.2233720368547758e18', '-0.9', '16777217', '8388609'],
  f64: ['0', '-0', '1', '-1', '0.5', '1.5', '2.5', '-2.5', 'nan', '-nan', 'nan:0x4000000000000', 'inf', '-inf', '0x1p-1074', '2147483647.9', '-2147483648.9', '4294967295.9', '9223372036854775807', '-9223372036854775808', '18446744073709549568', '0x1.fffffefffffffp-1', '1e308', '4503599627370497.5', '-0.9', '0x1.000001p0'],
};

const numeric = INSTRUCTIONS.filter(
  (row) =>
    row.imm === 'none' &&
    row.params !== undefined &&
    row.params.length > 0 &&
    row.results?.length === 1 &&
    [...row.params, ...row.results].every((type) => NAMES.has(type)) &&
    !['atomics', 'threads', 'wide-arithmetic'].includes(row.feature),
);

interface Case {
  readonly text: string;
  readonly names: readonly string[];
}

/** One function per combination of operands: as locals through parameters, and as constants. */
function cases(row: Instruction): Case {
  const types = row.params!.map((type) => NAMES.get(type)!);
  const result = NAMES.get(row.results![0]!)!;
  const functions: string[] = [];
  const names: string[] = [];
  const add = (operands: readonly string[], prepare = ''): void => {
    const name = `f${names.length}`;
    names.push(name);
    const locals = types.map((type, i) => `(local $l${i} ${type})`).join(' ');
    functions.push(`(func (export "${name}") (result ${result}) ${locals} ${prepare} ${operands.join(' ')} ${row.mnemonic})`);
  };
  const set = (i: number, value: string): string => `(local.set $l${i} (${types[i]}.const ${value}))`;
  const constant = (i: number, value: string): string => `(${types[i]}.const ${value})`;
  for (const a of INTERESTING[types[0]!]!) {
    if (types.length === 1) {
      add(['(local.get $l0)'], set(0, a));
      add([constant(0, a)]);
      continue;
    }
    for (const b of INTERESTING[types[1]!]!) {
      add(['(local.get $l0)', '(local.get $l1)'], set(0, a) + set(1, b));
      add(['(local.get $l0)', constant(1, b)], set(0, a));
      add([constant(0, a), '(local.get $l1)'], set(1, b));
    }
  }
  return { text: `(module ${functions.join('\n')})`, names };
}

function attempt(run: () => string): string {
  try {
    return run();
  } catch (error) {
    // The host's engine words its traps otherwise.
    return `trap: ${/zero/.test(String(error)) ? 'divide by zero' : /unrepresentable|overflow|invalid conversion/.test(String(error)) ? 'unrepresentable' : String(error)}`;
  }
}

describe('numeric instructions', () => {
  it('covers the table', () => {
    expect(numeric.length).toBe(136);
  });

  it.each(numeric.map((row) => [row.mnemonic, row] as const))('%s', (_, row) => {
    const { text, names } = cases(row);
    const { bytes, module } = compile(text);
    const host = hostExports(bytes);
    const ours = running(module);
    const type = row.results![0]!;
    for (const name of names) {
      const expected = attempt(() => showHost(host[name]!(), type));
      expect(`${name} ${attempt(() => show(ours.call(name)[0] as Value))}`).toBe(`${name} ${expected}`);
    }
  });
});
