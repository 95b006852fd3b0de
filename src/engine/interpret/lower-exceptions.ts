import { CATCH } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';
import { HEAP, ref, type ValType } from '../../wasm/types.js';
import { ANY_TAG, CALLER, type Clause } from './handlers.js';
import { ControlLowering, NO_TYPES, protects } from './lower-control.js';
import { X } from './opcodes.js';

/** Lowers both forms of exception handling. Handlers cost nothing: `PositionMap.handlers` says where they are. */
export abstract class ExceptionLowering extends ControlLowering {
  protected exceptionInstruction(op: number): void {
    const { reader, instance } = this;
    switch (op) {
      case OP.try_table:
        return this.tryTable();
      case OP.try:
        return this.try();
      case OP.catch:
      case OP.catch_all:
        return this.catch();
      case OP.delegate:
        return this.delegate();
      case OP.rethrow:
        return this.throw(op, this.controlAt(reader.x).position, 0);
      default: {
        const tag = op === OP.throw ? instance.tags[reader.x]! : 0;
        const count = op === OP.throw ? this.payload(tag).length : 1;
        this.canonicalise(count);
        return this.throw(op, count === 0 ? this.nextHome() : this.homes[this.height - count]!, tag);
      }
    }
  }

  private payload(tag: number): readonly ValType[] {
    return this.funcType(this.store.tags[tag]!.typeId).params;
  }

  private throw(op: number, base: number, tag: number): void {
    this.failing();
    this.op(X.BULK);
    this.word(op);
    this.word(base);
    this.word(tag);
    this.word(0);
    this.word(this.takePending());
    this.reachable = false;
  }

  private tryTable(): void {
    const { reader, instance } = this;
    const { catches } = reader;
    const { params, results } = this.blockType();
    this.canonicalise(this.height);
    const clauses: Clause[] = [];
    for (let i = 0; i < 3 * reader.catchCount; i += 3) {
      const kind = catches[i]!;
      const control = this.controlAt(catches[i + 2]!);
      const tag = kind < CATCH.catchAll ? instance.tags[catches[i + 1]!]! : ANY_TAG;
      const reference = kind === CATCH.catchRef || kind === CATCH.catchAllRef ? 'last' : 'none';
      const clause: Clause = { tag, target: control.body, position: control.position, reference };
      clauses.push(clause);
      if (control.kind !== 'loop') (control.arrivals ??= []).push(clause);
      this.use(control.label);
    }
    this.pushControl('block', params, results);
    this.protect(clauses);
  }

  private protect(clauses: Clause[]): void {
    this.catches = true;
    this.control.clauses = clauses;
    this.map?.handlers.begin(this.reader.pos, clauses);
  }

  private try(): void {
    const { params, results } = this.blockType();
    this.canonicalise(this.height);
    this.pushControl('try', params, results);
    this.protect([]);
  }

  /** A handler begins, with the exception itself below the thrown values, so that `rethrow` finds it. */
  protected catch(): void {
    const { control, reader } = this;
    const tag = reader.op === OP.catch ? this.instance.tags[reader.x]! : ANY_TAG;
    if (control.kind === 'try') this.map?.handlers.end(reader.start);
    this.jumpOut(control);
    control.kind = 'catch';
    control.clauses!.push({ tag, target: reader.pos, position: control.position, reference: 'first' });
    this.resetTo(control, [ref(HEAP.exn, false), ...(tag === ANY_TAG ? NO_TYPES : this.payload(tag))]);
    this.pending = 0;
    this.reachable = true;
    this.switchPoint();
  }

  /** Ends a `try` whose exceptions are treated as if they were thrown in the block that it names. */
  protected delegate(): void {
    const { control, controls, reader } = this;
    const target = controls[controls.length - 2 - reader.x]!;
    const offset = target.kind === 'function' ? CALLER : protects(target) ? target.body : target.start;
    this.map?.handlers.end(reader.start, offset);
    this.close(control);
  }
}
