import type { CompiledTier } from '../compile/tier.js';
import { isGuestFailure } from '../errors.js';
import type { HostFunction, LeafFunction } from '../host-function.js';
import { BRIDGE_PC, type CodeHeap } from '../interpret/code-heap.js';
import { X } from '../interpret/opcodes.js';
import { callLeaf, type ExecutionState, FRAME, FUNC, KIND, PC, RECORD } from '../interpret/state.js';
import { TRAPS } from '../interpret/traps.js';
import type { StopReason } from '../stop-reason.js';
import { funcAddress } from '../value.js';
import type { Failures } from './failures.js';
import { cellWords, type FrameStack } from './frame-stack.js';
import type { Functions } from './functions.js';
import type { Positions } from './positions.js';

/**
 * The calls that the loop leaves to the machine: of functions that are not lowered yet, for which there is no room, of
 * another instance, or of the host. The loop stands at the call, nothing of which has been done; a reason to stop is
 * answered, or `undefined` to go on.
 */
export class Calls {
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  private readonly functions: Functions;
  private readonly stack: FrameStack;
  private readonly positions: Positions;
  private readonly failures: Failures;
  private readonly tier: CompiledTier | undefined;

  constructor(
    state: ExecutionState,
    heap: CodeHeap,
    functions: Functions,
    stack: FrameStack,
    positions: Positions,
    failures: Failures,
    tier: CompiledTier | undefined,
  ) {
    this.state = state;
    this.heap = heap;
    this.functions = functions;
    this.stack = stack;
    this.positions = positions;
    this.failures = failures;
    this.tier = tier;
  }

  /** At a CALL, CALL_IMPORT, CALL_INDIRECT or CALL_REF. */
  call(): StopReason | undefined {
    const { state, stack } = this;
    const { code, pc } = state;
    const { mode } = this.positions;
    const indirect = code[pc] === X.CALL_INDIRECT;
    const callee = indirect ? this.resolve(pc, 5) : code[pc] === X.CALL_REF ? this.referenced(pc) : code[pc + 2]!;
    if (callee < 0) return this.failures.trap(TRAPS.callType);
    const base = state.fp + code[pc + 3]!;
    const next = pc + (indirect ? 6 : 4);
    const host = this.functions.host(callee);
    if (host?.kind === 'leaf') {
      this.count(code[pc + 1]!);
      if (!this.callLeaf(host, base)) return this.failures.failed(state.rp);
      state.pc = next;
      return undefined;
    }
    const crosses = host === undefined && this.functions.wasm(callee).instance !== state.instance;
    const entry = host === undefined ? this.heap.segmentOf(callee, mode).entry : 0;
    if (!stack.hasRoom(base, host === undefined ? state.code[entry - 2]! : 0)) return this.failures.exhaust();
    if (mode === 'fused' && host === undefined && this.tier?.eager === true) this.tier.compile(callee);
    if (host === undefined && !crosses) {
      // Lowered, and with room: now the loop can do it.
      if (!indirect || state.typeIds[callee] === code[pc + 4]) return undefined;
    }
    this.count(code[pc + 1]!);
    state.records[state.rp + PC] = next;
    if (host !== undefined) return this.stopForHost(callee, base);
    if (crosses) stack.pushBridge(base);
    stack.push(callee, base);
    return undefined;
  }

  /** At a TAIL_CALL, TAIL_CALL_INDIRECT or TAIL_CALL_REF. */
  tailCall(): StopReason | undefined {
    const { state, stack, functions } = this;
    const { code, pc, cells } = state;
    const byReference = code[pc] === X.TAIL_CALL_REF;
    if (byReference && this.referenced(pc) < 0) return this.failures.trap(TRAPS.nullFunction);
    const indirect = code[pc] === X.TAIL_CALL_INDIRECT;
    if (indirect) {
      const handle = state.tables[code[pc + 2]!]!.elements[cells.i32[state.fp + code[pc + 5]!]! >>> 0];
      if (handle === undefined) return this.failures.trap(TRAPS.undefinedElement);
      if (handle === 0) return this.failures.trap(TRAPS.uninitializedElement);
    }
    const callee = indirect ? this.resolve(pc, 5) : byReference ? this.referenced(pc) : code[pc + 2]!;
    if (callee < 0) return this.failures.trap(TRAPS.callType);
    const host = functions.host(callee);
    const entry = host === undefined ? this.heap.segmentOf(callee, 'fused').entry : 0;
    const { params, results } = state.store.funcs[callee]!.type;
    const words = cellWords(params);
    const room = host === undefined ? state.code[entry - 2]! : words + cellWords(results);
    const bridges = host === undefined && functions.wasm(callee).instance !== state.instance && state.records[state.rp - RECORD + KIND] === FRAME.wasm;
    // A tail call needs no record of its own, but perhaps a bridge.
    if (!stack.hasRoom(state.fp, room, bridges ? 1 : 0)) return this.failures.exhaust();
    this.count(state.code[pc + 1]!);
    const from = state.fp + state.code[pc + 3]!;
    state.cells.i32.copyWithin(state.fp, from, from + words);
    if (host !== undefined) return this.tailCallHost(host, callee);
    if (bridges) {
      stack.setRecord(state.rp, -1, BRIDGE_PC, state.fp, FRAME.bridge);
      state.rp += RECORD;
    }
    stack.enter(callee, state.fp, entry);
    return undefined;
  }

  private tailCallHost(host: HostFunction, callee: number): StopReason | undefined {
    const { state } = this;
    const base = state.fp;
    if (host.kind === 'leaf') {
      // The frame that calls is gone by the specification, and so are its handlers.
      if (!this.callLeaf(host, base)) return this.failures.failed(state.rp - RECORD);
      state.records[state.rp + FUNC] = callee;
      this.stack.pop();
      return undefined;
    }
    state.rp -= RECORD;
    return this.stopForHost(callee, base);
  }

  private stopForHost(callee: number, base: number): StopReason {
    this.stack.pushHost(callee, base);
    return { kind: 'host-call', call: this.stack.hostCall(this.state.rp) };
  }

  /** The call is made now: it and what comes before it in its stretch of code are charged. */
  private count(instructions: number): void {
    this.state.left -= instructions;
    this.state.calls[0]!++;
  }

  /** Calls a leaf outside the loop; false where it has failed. */
  private callLeaf(host: LeafFunction, base: number): boolean {
    const { state } = this;
    state.running = true;
    try {
      callLeaf(state, host, base);
      return true;
    } catch (error) {
      if (!isGuestFailure(error)) throw error;
      this.failures.current = error;
      return false;
    } finally {
      state.running = false;
    }
  }

  /** The function that an indirect call means, its type checked; −1 where that does not fit. */
  private resolve(pc: number, indexAt: number): number {
    const { state } = this;
    const { code, store } = state;
    const index = state.cells.i32[state.fp + code[pc + indexAt]!]! >>> 0;
    const callee = funcAddress(state.tables[code[pc + 2]!]!.elements[index]!);
    return store.types.isSubtype(store.funcs[callee]!.typeId, code[pc + 4]!) ? callee : -1;
  }

  /** The function that the reference of a CALL_REF or TAIL_CALL_REF means; negative where it is null. */
  private referenced(pc: number): number {
    const { code, cells, fp } = this.state;
    return funcAddress(cells.i32[fp + code[pc + 2]!]!);
  }
}
