import { describe, expect, it } from 'vitest';
import { TOKEN, type Tokens, lex } from './lexer.js';

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(Object.entries(TOKEN).map(([name, kind]) => [kind, name]));

function kinds(tokens: Tokens): string {
  return Array.from(tokens.kinds.subarray(0, tokens.count - 1), (kind) => NAMES[kind]).join(' ');
}
function firstError(text: string | Uint8Array): string | undefined {
  return lex(text).errors.values().next().value;
}

describe('tokens', () => {
  it.each([
    ['(module)', 'open keyword close'],
    ['1 -1 +0x_f 0xf_f 1_000', 'nat int reserved nat nat'],
    ['1.5 1. 1e3 -0x1.8p-3 inf -inf nan +nan:0x7f nan:canonical', 'float float float float float float float float keyword'],
    ['1__0 0x 1_ 1.e 0x1p', 'reserved reserved reserved reserved reserved'],
    ['$a $"b c" $ "s"', 'id id error string'],
    ['i32.const0 Foo #x offset=4', 'keyword reserved reserved keyword'],
    ['"a""b" "a"x $l"a" 0$l', 'reserved reserved reserved reserved'],
    ['nop;;c\n(;a(;b;)c;)nop', 'keyword keyword'],
    ['a , ; ]', 'keyword reserved reserved reserved'],
    ['(@a (x) ")" (;)\n;))nop', 'keyword'],
    ['(@name "x")nop', 'keyword'],
  ])('%s', (text, expected) => {
    expect(kinds(lex(text))).toBe(expected);
  });

  it('unescapes strings', () => {
    const tokens = lex(String.raw`"\t\n\r\"\'\\\41\u{1F600}é"`);
    expect([...tokens.bytes(0)]).toEqual([9, 10, 13, 34, 39, 92, 0x41, 0xf0, 0x9f, 0x98, 0x80, 0xc3, 0xa9]);
  });

  it('takes both forms of an identifier for the same name', () => {
    const tokens = lex(String.raw`$ab $"a\62"`);
    expect(tokens.id(0)).toBe(tokens.id(1));
  });

  it('keeps the annotations that mean something and checks the others', () => {
    const tokens = lex('(@x (@custom)) (@custom "a") nop (@name "n")');
    expect(tokens.annotations.map(({ name, before }) => [name, before])).toEqual([
      ['custom', 0],
      ['name', 1],
    ]);
  });
});

describe('lexical errors', () => {
  it.each([
    ['"abc', 'unclosed string'],
    ['"a\nb"', 'unclosed string'],
    ['"\\q"', 'illegal escape'],
    ['"\\u{d800}"', 'illegal escape'],
    ['"\\u{110000}"', 'illegal escape'],
    ['"\x01"', 'illegal control character'],
    ['(;', 'unclosed comment'],
    ['(@a', 'unclosed annotation'],
    ['(@)', 'empty annotation id'],
    ['$""', 'empty identifier'],
    ['é', 'illegal character'],
    ['\0', 'illegal character'],
  ])('%j: %s', (text, message) => {
    expect(firstError(text)).toMatch(new RegExp(`^${message}`));
  });

  it.each([
    [[0x80]],
    [[0x22, 0xc0, 0x80, 0x22]],
    [[0x3b, 0x3b, 0xff]],
    [[0x28, 0x3b, 0xed, 0xa0, 0x80, 0x3b, 0x29]],
    [[0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ])('bytes %j are no UTF-8', (bytes) => {
    expect(firstError(Uint8Array.from(bytes))).toBe('malformed UTF-8 encoding');
  });
});
