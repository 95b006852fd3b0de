import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Where the official suite is: $WASM_TESTSUITE, or `shared/testsuite` beside the repository. Undefined if it is not on
 * this machine; the tests that need it then skip, and here it is said why.
 */
export function suiteFolder(): string | undefined {
  const folder = process.env.WASM_TESTSUITE ?? join(import.meta.dirname, '../../../shared/testsuite');
  if (existsSync(join(folder, 'binary.wast'))) return folder;
  process.stderr.write('skipped: no official suite here; clone https://github.com/WebAssembly/testsuite and set WASM_TESTSUITE to it\n');
  return undefined;
}

/** All scripts of a folder, recursively, as paths relative to it. */
export function scripts(folder: string, under: string = folder): string[] {
  return readdirSync(under, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(under, entry.name);
      if (entry.isDirectory()) return scripts(folder, path);
      return entry.name.endsWith('.wast') ? [relative(folder, path)] : [];
    })
    .sort();
}

/** An atom as it is written, the bytes of a string, or a list with the line that it starts on. */
export type SExpr = string | Uint8Array | SList;
export interface SList {
  readonly items: readonly SExpr[];
  readonly line: number;
}

const ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "'": 39, '\\': 92 };

/**
 * A reader of S-expressions that knows nothing of WebAssembly: enough to find modules in binary form without the
 * text parser, which these tests must not depend on.
 */
export function readScript(path: string): readonly SList[] {
  const source = readFileSync(path);
  let at = 0;
  let line = 1;
  const stack: { items: SExpr[]; line: number }[] = [{ items: [], line: 1 }];
  const skipComment = (): void => {
    let depth = 0;
    do {
      const pair = source[at] === 0x28 && source[at + 1] === 0x3b ? 1 : source[at] === 0x3b && source[at + 1] === 0x29 ? -1 : 0;
      depth += pair;
      if (source[at] === 10) line++;
      at += pair === 0 ? 1 : 2;
    } while (depth > 0 && at < source.length);
  };
  const string = (): Uint8Array => {
    const bytes: number[] = [];
    for (at++; source[at] !== 0x22; at++) {
      if (source[at] !== 0x5c) bytes.push(source[at]!);
      else {
        const next = String.fromCharCode(source[++at]!);
        const escape = ESCAPES[next];
        if (escape !== undefined) bytes.push(escape);
        else if (next === 'u') {
          const close = source.indexOf(0x7d, at);
          bytes.push(...Buffer.from(String.fromCodePoint(Number.parseInt(source.toString('latin1', at + 2, close), 16))));
          at = close;
        } else bytes.push(Number.parseInt(source.toString('latin1', at, ++at + 1), 16));
      }
    }
    at++;
    return Uint8Array.from(bytes);
  };
  while (at < source.length) {
    const code = source[at]!;
    const top = stack.at(-1)!;
    if (code === 10) line++;
    if (code === 10 || code === 0x20 || code === 9 || code === 13) at++;
    else if (code === 0x3b && source[at + 1] === 0x3b) while (at < source.length && source[at] !== 10) at++;
    else if (code === 0x28 && source[at + 1] === 0x3b) skipComment();
    else if (code === 0x28) {
      stack.push({ items: [], line });
      at++;
    } else if (code === 0x29) {
      stack.pop();
      stack.at(-1)!.items.push(top);
      at++;
    } else if (code === 0x22) top.items.push(string());
    else {
      const from = at;
      while (at < source.length && ![10, 13, 9, 0x20, 0x28, 0x29, 0x22, 0x3b].includes(source[at]!)) at++;
      if (at === from) at++;
      top.items.push(source.toString('utf8', from, at));
    }
  }
  return stack[0]!.items.filter((item): item is SList => typeof item === 'object' && 'items' in item);
}

export interface BinaryCase {
  readonly line: number;
  readonly bytes: Uint8Array;
  /** `valid`, or the assertion's keyword. */
  readonly expected: 'valid' | 'assert_malformed' | 'assert_invalid';
  readonly text: string;
}

/** The modules of a script that are given in binary form, each with what is expected of it. */
export function binaryCases(path: string): BinaryCase[] {
  const cases: BinaryCase[] = [];
  for (const command of readScript(path)) {
    const keyword = command.items[0];
    const asserted = keyword === 'assert_malformed' || keyword === 'assert_invalid';
    const module = asserted ? command.items[1] : command;
    if (module === undefined || typeof module === 'string' || !('items' in module) || module.items[0] !== 'module') continue;
    if (!module.items.slice(1, 4).includes('binary')) continue;
    const text = asserted ? Buffer.from(command.items[2] as Uint8Array).toString() : '';
    const parts = module.items.filter((item): item is Uint8Array => item instanceof Uint8Array);
    cases.push({ line: command.line, bytes: Buffer.concat(parts), expected: asserted ? keyword : 'valid', text });
  }
  return cases;
}
