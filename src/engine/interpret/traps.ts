import { OUT_OF_MEMORY, TRAP } from '../errors.js';

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
  array: 10,
  nullReference: 11,
  nullFunction: 12,
  nullStructure: 13,
  nullArray: 14,
  nullI31: 15,
  nullDescriptor: 16,
  cast: 17,
  descriptorCast: 18,
  /** No trap: the heap has no room, which is an `Exhaustion`. */
  outOfMemory: 19,
  nullException: 20,
  unalignedAtomic: 21,
  expectedShared: 22,
  /** No traps: an exception is thrown, which stands in the state; a wait that nothing can end. */
  exception: 23,
  deadlock: 24,
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
  TRAP.array,
  TRAP.nullReference,
  TRAP.nullFunction,
  TRAP.nullStructure,
  TRAP.nullArray,
  TRAP.nullI31,
  TRAP.nullDescriptor,
  TRAP.cast,
  TRAP.descriptorCast,
  OUT_OF_MEMORY,
  TRAP.nullException,
  TRAP.unalignedAtomic,
  TRAP.expectedShared,
];
