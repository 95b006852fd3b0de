import { INSTRUCTIONS } from '../instructions.js';
import type { Rule } from './rule.js';
import { CONTROL_RULES } from './rules-control.js';
import { IMMEDIATE_RULES, MEMORY_RULES } from './rules-memory.js';
import { REFERENCE_RULES } from './rules-reference.js';

const byMnemonic: Readonly<Record<string, Rule>> = { ...CONTROL_RULES, ...MEMORY_RULES, ...REFERENCE_RULES };

/** By row of `INSTRUCTIONS`: the rule; undefined where the signature in the table says all. */
export const RULES: readonly (Rule | undefined)[] = INSTRUCTIONS.map((row) => byMnemonic[row.mnemonic] ?? IMMEDIATE_RULES[row.imm]);
