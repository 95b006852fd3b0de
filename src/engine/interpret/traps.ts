import { TRAP } from '../errors.js';

/** What interpreted code can trap with, as numbers that the loop and its helpers hand on; 0 is no trap. */
export const TRAPS = {
  unreachable: 1,
  divideByZero: 2,
  overflow: 3,
  conversion: 4,
  memory: 5,
  table: 6,
  undefinedElement: 7,
  uninitializedElement: 8,
  callType: 9,
} as const;

/** The specification's texts by number. */
export const TRAP_TEXTS: readonly string[] = [
  '',
  TRAP.unreachable,
  TRAP.integerDivideByZero,
  TRAP.integerOverflow,
  TRAP.invalidConversion,
  TRAP.memory,
  TRAP.table,
  TRAP.undefinedElement,
  TRAP.uninitializedElement,
  TRAP.indirectCallType,
];
