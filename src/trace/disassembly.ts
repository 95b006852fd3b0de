import { InstructionReader } from '../wasm/binary/code-reader.js';
import type { Module } from '../wasm/module.js';
import { showType } from '../wasm/show.js';
import { formatF32, formatF64 } from '../wasm/text/literals.js';

/** One instruction of a module as text, by its offset: close to the text format, with functions by name. */
export function disassembler(module: Module, nameOf: (func: number) => string): (offset: number) => string {
  const reader = new InstructionReader(module.bytes, 0, module.bytes.length);
  return (offset) => {
    reader.seek(offset, module.bytes.length);
    reader.next();
    const operands = immediates(reader, nameOf);
    return operands === '' ? reader.instruction.mnemonic : `${reader.instruction.mnemonic} ${operands}`;
  };
}

function immediates(reader: InstructionReader, nameOf: (func: number) => string): string {
  switch (reader.instruction.imm) {
    case 'none':
    case 'zero':
      return '';
    case 'block':
    case 'catches':
      return reader.blockType === 0 ? '' : reader.blockType > 0 ? `(result ${showType(reader.blockType)})` : `(type ${~reader.blockType})`;
    case 'func':
      return nameOf(reader.x) === '' ? String(reader.x) : `$${nameOf(reader.x)}`;
    case 'i32':
      return String(reader.x);
    case 'i64':
      return String((BigInt(reader.hi) << 32n) | BigInt(reader.lo >>> 0));
    case 'f32':
      return formatF32(reader.x);
    case 'f64':
      return formatF64((BigInt(reader.hi) << 32n) | BigInt(reader.lo >>> 0));
    case 'memarg':
    case 'memarg+lane': {
      const parts = [reader.memory === 0 ? '' : String(reader.memory), reader.offset === 0 ? '' : `offset=${reader.offset}`];
      if (reader.align !== reader.instruction.align) parts.push(`align=${2 ** reader.align}`);
      if (reader.instruction.imm === 'memarg+lane') parts.push(String(reader.x));
      return parts.filter((part) => part !== '').join(' ');
    }
    case 'memory':
      return reader.x === 0 ? '' : String(reader.x);
    case 'memory+memory':
      return reader.x === 0 && reader.y === 0 ? '' : `${reader.x} ${reader.y}`;
    case 'type+table':
      return `${reader.y === 0 ? '' : `${reader.y} `}(type ${reader.x})`;
    case 'labels':
      return Array.from(reader.labels.subarray(0, reader.labelCount)).join(' ');
    case 'lanes':
    case 'v128':
      return `i8x16 ${Array.from(reader.bytes.subarray(reader.at, reader.at + 16)).join(' ')}`;
    case 'valtypes':
      return `(result ${reader.types.map((type) => showType(type)).join(' ')})`;
    case 'heap':
    case 'ref':
    case 'ref null':
      return showType(reader.type);
    case 'cast':
      return `${reader.x} ${showType(reader.type)} ${showType(reader.target)}`;
    case 'table+table':
    case 'elem+table':
    case 'data+memory':
    case 'type+field':
    case 'type+length':
    case 'type+data':
    case 'type+elem':
    case 'type+type':
      return `${reader.x} ${reader.y}`;
    default:
      return String(reader.x);
  }
}
