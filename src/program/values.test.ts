import { describe, expect, it } from 'vitest';
import { EXTERNREF, F32, F64, FUNCREF, HEAP, I32, I64, ref, V128, type ValType } from '../wasm/types.js';
import { parseValue, showValue, ValueSyntaxError } from './values.js';

const round = (text: string, type: ValType): string => showValue(parseValue(text, type));

describe('values on the command line', () => {
  it.each([
    ['7', I32, 'i32:7'],
    ['-1', I32, 'i32:-1'],
    ['4294967295', I32, 'i32:-1'],
    ['0x80000000', I32, 'i32:-2147483648'],
    ['+0XfF', I32, 'i32:255'],
    ['-9223372036854775808', I64, 'i64:-9223372036854775808'],
    ['18446744073709551615', I64, 'i64:-1'],
    ['1.1', F32, 'f32:1.1'],
    ['16777217', F32, 'f32:16777216'],
    // Just above half-way between two singles: rounding twice would lose it.
    ['1.00000005960464477539062500001', F32, 'f32:1.0000001'],
    ['-0', F64, 'f64:-0'],
    ['inf', F64, 'f64:inf'],
    ['-nan', F32, 'f32:-nan'],
    ['nan:0x200001', F32, 'f32:nan:0x200001'],
    ['nan:0xfffffffffffff', F64, 'f64:nan:0xfffffffffffff'],
    ['0x1.8p1', F64, 'f64:3'],
    ['i32x4:1,2,3,-4', V128, 'v128:i32x4:1,2,3,-4'],
    ['i8x16:1,0,0,0,2,0,0,0,3,0,0,0,255,255,255,255', V128, 'v128:i32x4:1,2,3,-1'],
    ['f64x2:1,nan:0x1', V128, 'v128:i32x4:0,1072693248,1,2146435072'],
    ['null', FUNCREF, 'funcref:null'],
    ['null', EXTERNREF, 'externref:null'],
  ])('%s', (text, type, shown) => {
    expect(round(text, type)).toBe(shown);
  });

  it.each([
    ['4294967296', I32, 'does not fit into 32 bits'],
    ['-2147483649', I32, 'does not fit into 32 bits'],
    ['', I32, 'is no integer'],
    ['1.5', I32, 'is no integer'],
    ['ten', I64, 'is no integer'],
    ['nan:0x0', F32, 'does not fit'],
    ['nan:0x800000', F32, 'does not fit'],
    ['1e39', F32, 'does not fit into a float of 32 bits'],
    ['1,2', F64, 'is no float'],
    ['i32x4:1,2,3', V128, 'has 4 lanes'],
    ['i33x4:1,2,3,4', V128, 'is no v128'],
    ['toString:1', V128, 'is no v128'],
    ['7', FUNCREF, 'only null'],
    ['null', ref(HEAP.func, false), 'none can be written'],
  ])('refuses %s', (text, type, message) => {
    expect(() => parseValue(text, type)).toThrow(ValueSyntaxError);
    expect(() => parseValue(text, type)).toThrow(message);
  });
});
