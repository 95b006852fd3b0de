import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import type { CodeRange } from '../wasm/module.js';
import { F32, F64, ref, V128 } from '../wasm/types.js';
import { LinkError } from './errors.js';
import type { Instance, Store } from './store.js';
import { funcHandle, i32, i64, loadValue, NULL_HANDLE, type Value } from './value.js';

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
      default:
        throw new LinkError(`the constant instruction ${reader.instruction.mnemonic} at byte ${reader.start} is not supported`);
    }
  }
}

function wide(reader: InstructionReader): bigint {
  return (BigInt(reader.hi) << 32n) | BigInt(reader.lo >>> 0);
}
