import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import type { CodeRange } from '../wasm/module.js';
import { BOT, cellsOf, F32, F64, HEAP, type HeapType, isNullable, ref, V128 } from '../wasm/types.js';
import { Cells } from './cells.js';
import { Crash, Exhaustion, OUT_OF_MEMORY, Trap } from './errors.js';
import { objectOperation, objects } from './interpret/objects.js';
import { TRAP_TEXTS, TRAPS } from './interpret/traps.js';
import type { Instance, Store } from './store.js';
import { funcHandle, i32, i64, loadValue, NULL_HANDLE, storeValue, type Value } from './value.js';

/**
 * Evaluates a validated constant expression (spec §3.4.13) of `instance`, whose functions and earlier globals exist
 * already. Such an expression cannot loop or call, and can trap only where it allocates.
 */
export function evaluate(store: Store, instance: Instance, range: CodeRange): Value {
  const reader = new InstructionReader(instance.module.bytes, range.offset, range.end);
  const stack: Value[] = [];
  const popI32 = (): number => (stack.pop() as { i32: number }).i32;
  const popI64 = (): bigint => (stack.pop() as { i64: bigint }).i64;
  for (;;) {
    switch (reader.next()) {
      case OP.end:
        return stack.pop()!;
      case OP.i32_const:
        stack.push(i32(reader.x));
        break;
      case OP.i64_const:
        stack.push(i64(wide(reader)));
        break;
      case OP.f32_const:
        stack.push({ type: F32, bits: reader.x });
        break;
      case OP.f64_const:
        stack.push({ type: F64, bits: wide(reader) });
        break;
      case OP.v128_const: {
        const { bytes, at } = reader;
        const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
        stack.push({ type: V128, low: view.getBigInt64(0, true), high: view.getBigInt64(8, true) });
        break;
      }
      case OP.ref_null:
        stack.push({ type: store.types.canon(reader.type, instance.typeIds), handle: NULL_HANDLE });
        break;
      case OP.ref_func: {
        const address = instance.funcs[reader.x]!;
        stack.push({ type: ref(store.funcs[address]!.typeId, false), handle: funcHandle(address) });
        break;
      }
      case OP.global_get: {
        const global = store.globals[instance.globals[reader.x]!]!;
        stack.push(loadValue(store.globalCells, global.cell, global.type.value));
        break;
      }
      case OP.i32_add:
        stack.push(i32(popI32() + popI32()));
        break;
      case OP.i32_sub:
        stack.push(i32(-popI32() + popI32()));
        break;
      case OP.i32_mul:
        stack.push(i32(Math.imul(popI32(), popI32())));
        break;
      case OP.i64_add:
        stack.push(i64(popI64() + popI64()));
        break;
      case OP.i64_sub:
        stack.push(i64(-popI64() + popI64()));
        break;
      case OP.i64_mul:
        stack.push(i64(popI64() * popI64()));
        break;
      case OP.any_convert_extern:
        stack.push(converted(stack.pop()!, HEAP.any));
        break;
      case OP.extern_convert_any:
        stack.push(converted(stack.pop()!, HEAP.extern));
        break;
      default:
        stack.push(makeObject(store, instance, reader, stack));
    }
  }
}

/** The same reference in the other hierarchy. */
function converted(value: Value, heap: HeapType): Value {
  if (!('handle' in value)) throw new Crash('a reference was expected');
  return { type: ref(heap, isNullable(value.type)), handle: value.handle };
}

/**
 * Structures, arrays and i31. Nothing is collected meanwhile: what the expression holds is in no root.
 */
function makeObject(store: Store, instance: Instance, reader: InstructionReader, stack: Value[]): Value {
  const operation = objectOperation(store, instance, reader, BOT);
  if (operation === undefined) throw new Crash(`${reader.instruction.mnemonic} is no constant instruction`);
  const operands = stack.splice(stack.length - operation.operands);
  const cells = new Cells(2 * operands.length + 1);
  let at = 0;
  for (const operand of operands) {
    storeValue(cells, at, operand);
    at += cellsOf(operand.type);
  }
  const trap = objects({ store, instance, cells, roots: undefined }, reader.op, 0, operation.x, operation.y);
  if (trap === TRAPS.outOfMemory) throw new Exhaustion(OUT_OF_MEMORY);
  if (trap !== 0) throw new Trap(TRAP_TEXTS[trap]);
  return loadValue(cells, 0, operation.result);
}

function wide(reader: InstructionReader): bigint {
  return (BigInt(reader.hi) << 32n) | BigInt(reader.lo >>> 0);
}
