import type { ValType } from '../../wasm/types.js';

/** A way from one block to another: what to do on it, and how many instructions to charge besides the block's own. */
export interface Edge {
  target: Block;
  readonly text: string;
  count: number;
}

/** How a block ends. `stop`: its text has returned already, or left. */
export type End =
  | { readonly kind: 'goto'; readonly edge: Edge }
  | { readonly kind: 'if'; readonly condition: string; readonly taken: Edge; readonly otherwise: Edge }
  | { readonly kind: 'switch'; readonly index: string; readonly local: number; readonly edges: readonly Edge[] }
  | { readonly kind: 'stop' };

/** A straight stretch of code. Operands on its stack are in the variables `s0`, `s1`… (`z…` the high words). */
export interface Block {
  readonly id: number;
  /** Byte offset of its first instruction. */
  readonly offset: number;
  /** Types of the operands at its start. */
  readonly types: readonly ValType[];
  /** Statements in order; empty where nothing had to be computed. */
  readonly lines: string[];
  /** Of a loop: what is done before it, once. */
  ahead: string;
  /** Instructions in it. */
  count: number;
  end: End;
  /** The site where it is left before its start. */
  readonly site: number;
  /** The constant that the local which dispatches is known to hold at the end. */
  known: { local: number; value: number } | undefined;
}

/**
 * A place where compiled code can be left, named by a number in the code.
 *
 * - `entry`: before the first instruction of the function
 * - `start`: before a block
 * - `at`: before an instruction that the interpreter is to do
 * - `after`: behind a call that has returned, or that is under way
 */
export interface Site {
  readonly kind: 'entry' | 'start' | 'at' | 'after';
  /** Byte offset of the instruction; of the call for `after`. */
  readonly offset: number;
  /** Instructions that were charged but not done. */
  uncount: number;
  /** `after`: where it goes on. Only there while the function is translated, as it holds all of its blocks. */
  next: Block | undefined;
  /** `after`: how many operands there are then. */
  operands: number;
  /** Of a call: the function that is called, where that is known; else −1. */
  readonly callee: number;
  /** Of an indirect call: the table; else −1. */
  readonly table: number;
  /** `start`: the code of the block is reached, and a version may begin there. */
  reached: boolean;
  /** Where lowered code stands at the instruction, and what it will charge once more; −1: not looked up yet. */
  pc: number;
  charge: number;
  /** `after`: where lowered code goes on behind the call. */
  returnPc: number;
  /** The words of the operands at it, in order: a constant, a word of the locals, or given by the code. */
  words: readonly Word[];
  /** Byte offsets of the accesses for which it is left where one is not aligned. */
  readonly accesses: readonly number[] | undefined;
  /** What has been spent there for the lack of code, in instructions. */
  heat: number;
}

/** A word of an operand: a number, the word of the locals that holds it, or undefined where the code says it. */
export type Word = number | { readonly cell: number } | undefined;

export function successors(end: End): readonly Edge[] {
  switch (end.kind) {
    case 'goto':
      return [end.edge];
    case 'if':
      return [end.taken, end.otherwise];
    case 'switch':
      return end.edges;
    case 'stop':
      return [];
  }
}
