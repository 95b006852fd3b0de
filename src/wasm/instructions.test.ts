import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readScript, scripts, type SExpr, suiteFolder } from '../../spec-tests/support/suite.js';
import { type Feature, FEATURES, OPTIONAL_FEATURES, WASM_3 } from './features.js';
import { ADDR, byMnemonic, instruction, INSTRUCTIONS, OP } from './instructions.js';
import { F32, F64, I32, I64, V128 } from './types.js';
import { RULES } from './validate/rules.js';

/** How many instructions the specification's index (A.7) and the proposals' overviews list. */
const COUNTS: Readonly<Partial<Record<Feature, number>>> = {
  mvp: 172,
  'sign-extension': 5,
  'saturating-conversions': 8,
  'bulk-memory': 7,
  'reference-types': 9,
  simd: 236,
  'relaxed-simd': 20,
  'tail-calls': 2,
  'function-references': 5,
  gc: 32,
  exceptions: 3,
  'legacy-exceptions': 5,
  threads: 67,
  'wide-arithmetic': 4,
  'custom-descriptors': 7,
};

/** Rows of the index, at the edges of its runs, where a slip of one would show. */
const ANCHORS: readonly [number, string][] = [
  [0x00, 'unreachable'],
  [0x0b, 'end'],
  [0x11, 'call_indirect'],
  [0x1b, 'select'],
  [0x1f, 'try_table'],
  [0x28, 'i32.load'],
  [0x35, 'i64.load32_u'],
  [0x3e, 'i64.store32'],
  [0x40, 'memory.grow'],
  [0x4f, 'i32.ge_u'],
  [0x5a, 'i64.ge_u'],
  [0x60, 'f32.ge'],
  [0x66, 'f64.ge'],
  [0x78, 'i32.rotr'],
  [0x8a, 'i64.rotr'],
  [0x98, 'f32.copysign'],
  [0xa6, 'f64.copysign'],
  [0xb1, 'i64.trunc_f64_u'],
  [0xbf, 'f64.reinterpret_i64'],
  [0xc4, 'i64.extend32_s'],
  [0xd6, 'br_on_non_null'],
  [0xfb0013, 'array.init_elem'],
  [0xfb001e, 'i31.get_u'],
  [0xfb0026, 'br_on_cast_desc_eq_fail'],
  [0xfc0007, 'i64.trunc_sat_f64_u'],
  [0xfc0011, 'table.fill'],
  [0xfc0016, 'i64.mul_wide_u'],
  [0xfd000c, 'v128.const'],
  [0xfd0022, 'f64x2.replace_lane'],
  [0xfd002c, 'i8x16.ge_u'],
  [0xfd0036, 'i16x8.ge_u'],
  [0xfd0040, 'i32x4.ge_u'],
  [0xfd0046, 'f32x4.ge'],
  [0xfd004c, 'f64x2.ge'],
  [0xfd005b, 'v128.store64_lane'],
  [0xfd0073, 'i8x16.sub_sat_u'],
  [0xfd007f, 'i32x4.extadd_pairwise_i16x8_u'],
  [0xfd009b, 'i16x8.avgr_u'],
  [0xfd00ba, 'i32x4.dot_i16x8_s'],
  [0xfd00bf, 'i32x4.extmul_high_i16x8_u'],
  [0xfd00db, 'i64x2.ge_s'],
  [0xfd00df, 'i64x2.extmul_high_i32x4_u'],
  [0xfd00eb, 'f32x4.pmax'],
  [0xfd00f7, 'f64x2.pmax'],
  [0xfd00ff, 'f64x2.convert_low_i32x4_u'],
  [0xfd0113, 'i32x4.relaxed_dot_i8x16_i7x16_add_s'],
  [0xfe0003, 'atomic.fence'],
  [0xfe001d, 'i64.atomic.store32'],
  [0xfe0047, 'i64.atomic.rmw32.xchg_u'],
  [0xfe004e, 'i64.atomic.rmw32.cmpxchg_u'],
];

describe('the instruction table', () => {
  it('has as many rows of each feature as the specification lists', () => {
    const counts: Record<string, number> = {};
    for (const { feature } of INSTRUCTIONS) counts[feature] = (counts[feature] ?? 0) + 1;
    expect(counts).toEqual(COUNTS);
  });

  it.each(ANCHORS)('has %i as %s', (op, mnemonic) => {
    expect(instruction(op)?.mnemonic).toBe(mnemonic);
  });

  it('has every opcode once, and every mnemonic but four once', () => {
    expect(new Set(INSTRUCTIONS.map((row) => row.op)).size).toBe(INSTRUCTIONS.length);
    const shared = INSTRUCTIONS.map((row) => row.mnemonic).filter((mnemonic) => byMnemonic(mnemonic).length > 1);
    expect([...new Set(shared)].sort()).toEqual(['ref.cast', 'ref.cast_desc_eq', 'ref.test', 'select']);
  });

  it('finds rows by opcode, and nothing for what is no opcode', () => {
    for (const row of INSTRUCTIONS) {
      expect(instruction(row.op)).toBe(row);
      expect(INSTRUCTIONS[row.index]).toBe(row);
    }
    const none = [0x16, 0x17, 0x27, 0xc5, 0xff, 0x100, 0xfa0000, 0xfb001f, 0xfc0012, 0xfd009a, 0xfd0114, 0xfd0200, 0xfe0004, 0xff0000];
    for (const op of none) expect(instruction(op)).toBeUndefined();
  });

  it('is named by OP, whole', () => {
    const names = INSTRUCTIONS.map((row): [string, number] => {
      const suffix = row.imm === 'ref null' ? '_null' : row.imm === 'valtypes' ? '_types' : '';
      return [row.mnemonic.replaceAll('.', '_') + suffix, row.op];
    });
    expect(OP).toEqual(Object.fromEntries(names));
  });

  it('types every instruction, by signature or by rule', () => {
    const known = new Set([I32, I64, F32, F64, V128, ADDR]);
    for (const row of INSTRUCTIONS) {
      expect(row.params === undefined).toBe(row.results === undefined);
      expect(row.params !== undefined || RULES[row.index] !== undefined, row.mnemonic).toBe(true);
      for (const type of [...(row.params ?? []), ...(row.results ?? [])]) expect(known.has(type)).toBe(true);
      // Where an address is taken the memory decides its type, so a rule must be there.
      if (row.params?.includes(ADDR) || row.results?.includes(ADDR)) expect(RULES[row.index], row.mnemonic).toBeDefined();
      expect(row.align !== undefined, row.mnemonic).toBe(row.imm.startsWith('memarg'));
    }
  });

  it('belongs to features that are known, the standard ones on by default', () => {
    expect([...WASM_3, ...OPTIONAL_FEATURES].sort()).toEqual([...FEATURES].sort());
  });

  const folder = suiteFolder();
  it.skipIf(folder === undefined)('knows every mnemonic that the official suite uses', () => {
    const used = new Set<string>();
    const collect = (item: SExpr): void => {
      if (typeof item === 'string') {
        if (/^[a-z][a-z0-9]*(_[a-z]+)*\.[a-z0-9_.]+$/.test(item)) used.add(item);
      } else if ('items' in item) item.items.forEach(collect);
    };
    for (const script of scripts(folder!)) readScript(join(folder!, script)).forEach(collect);
    expect(used.size).toBeGreaterThan(500);
    // Values and patterns of scripts, no instructions.
    const ofScripts = ['ref.extern', 'ref.host', 'ref.any', 'ref.eq', 'ref.struct', 'ref.array', 'ref.exn'];
    expect([...used].filter((mnemonic) => byMnemonic(mnemonic).length === 0 && !ofScripts.includes(mnemonic))).toEqual([]);
  });
});
