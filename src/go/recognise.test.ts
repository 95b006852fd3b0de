import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadProgram, programs } from '../../spec-tests/support/programs.js';
import { InstructionReader } from '../wasm/binary/code-reader.js';
import { decode } from '../wasm/binary/decode.js';
import { functionNames } from '../wasm/binary/names.js';
import type { Module } from '../wasm/module.js';
import { OP } from '../wasm/opcodes.js';
import { assemble } from '../wasm/text/assemble.js';
import { FUNC_VALUE_OFFSET } from './abi.js';
import { type GoModule, recognise } from './recognise.js';
import { findAllgs } from './roots.js';
import { CodeSegments } from './segments.js';

const goPrograms = programs.filter((program) => program.language === 'go');
const modules = new Map<string, Module>();

function load(name: string): Module {
  let module = modules.get(name);
  if (module === undefined) modules.set(name, (module = decode(loadProgram(name))));
  return module;
}

function go(name: string): GoModule {
  const found = recognise(load(name));
  if (found === undefined) throw new Error(`${name} is not recognised`);
  return found;
}

/** The module without some of its custom sections, as wasm-strip and the like leave it. */
function without(name: string, ...sections: string[]): Module {
  const bytes = loadProgram(name);
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const section of load(name).sections) {
    if (!sections.includes(section.name)) continue;
    kept.push(bytes.subarray(at, section.offset));
    at = section.end;
  }
  kept.push(bytes.subarray(at));
  return decode(new Uint8Array(Buffer.concat(kept)));
}

describe.each(goPrograms)('$name', ({ name, toolchain, target, mode, source }) => {
  test('is recognised, with version, platform and build mode', () => {
    const found = go(name);
    expect(found.version).toMatch(new RegExp(`^go${toolchain.replace('.', '\\.')}(\\.|$)`));
    expect(found.minor).toBe(Number(toolchain.split('.')[1]));
    expect(found.goos).toBe(target);
    expect(found.buildMode).toBe(mode === 'library' ? 'c-shared' : 'exe');
    expect(found.stripped).toBe(name.endsWith('-stripped'));
    expect(found.buildId).toMatch(/^[\w-]+\/[\w-]+\/[\w-]+\/[\w-]+$/);
    expect(found.buildInfo?.settings.get('GOOS')).toBe(target);
    expect(found.buildInfo?.settings.get('GOARCH')).toBe('wasm');
    expect(found.buildInfo?.path?.endsWith(source.split('/').at(-1)!)).toBe(true);
  });

  test('has its trampolines', () => {
    const { loop, exportLoop, minor, module, pclntab } = go(name);
    expect(loop).toMatchObject({ stops: false, passesPcB: true, pcFBits: minor >= 25 ? 32 : 16, table: 0 });
    expect(exportLoop !== undefined).toBe(pclntab!.indexOf('wasm_pc_f_loop_export') !== undefined);
    if (exportLoop !== undefined) expect(exportLoop).toMatchObject({ stops: true, passesPcB: true, pcFBits: loop!.pcFBits });
    expect(module.bytes[loop!.turnAt]).toBe(OP.call_indirect);
  });

  test('names every function as the name section does', () => {
    const found = go(name);
    expect(found.pclntab?.count).toBe(found.module.funcs.length);
    const names = functionNames(found.module);
    if (found.stripped) return;
    const mangled = (text: string): string => text.replace(/[^\w.]/gu, '_');
    let different = 0;
    for (let i = 0; i < found.module.funcs.length; i++) {
      const index = found.module.imported.funcs + i;
      if (mangled(found.name(index)!) !== names.func(index)) different++;
    }
    // Up to Go 1.19 the runtime's table abbreviates the type arguments of generic functions.
    if (found.minor >= 20) expect(different).toBe(0);
    else expect(different).toBeLessThan(found.module.funcs.length / 20);
  });

  test('has a PC_B for every entry of every dispatch, and segments in order', () => {
    const { module, pclntab } = go(name);
    const reader = new InstructionReader(module.bytes, 0, module.bytes.length);
    let dispatches = 0;
    const surplus = new Set<number>();
    for (let i = 0; i < module.funcs.length; i++) {
      const { body, type } = module.funcs[i]!;
      const signature = module.types[type]!.comp;
      if (signature.kind !== 'func' || signature.params.length !== 1 || signature.results.length !== 1) continue;
      reader.seek(body.offset, body.end);
      // The dispatch is what a function begins with.
      let op = reader.next();
      while ([OP.global_get, OP.local_set, OP.block, OP.loop, OP.local_get].includes(op as never) && reader.pos < body.end) op = reader.next();
      if (op !== OP.br_table) continue;
      dispatches++;
      const { pcCount } = pclntab!.func(i)!;
      // PCs behind the last call of a function that does not return have no entry.
      surplus.add(pcCount - reader.labelCount);
      if (i % 50 > 0) continue;
      const { segments } = CodeSegments.of(go(name), module.imported.funcs + i)!;
      expect(segments[0]!.lo).toBe(0);
      for (let k = 1; k < segments.length; k++) {
        expect(segments[k]!.start).toBeGreaterThanOrEqual(segments[k - 1]!.end);
        expect(segments[k]!.lo).toBe(segments[k - 1]!.hi + 1);
      }
      expect(segments.at(-1)!.hi).toBe(pcCount - 1);
    }
    expect(Math.min(...surplus)).toBe(0);
    expect(Math.max(...surplus)).toBeLessThanOrEqual(3);
    expect(dispatches).toBeGreaterThan(1000);
  });

  test('finds the list of goroutines', () => {
    expect(findAllgs(go(name))).toBeGreaterThan(0);
  });
});

describe('a function of the table', () => {
  const newest = programs.find((program) => program.name === 'go1.27-wasip1')!.name;

  test('has files and lines, also through inlining', () => {
    const { pclntab } = go(newest);
    const park = pclntab!.func(pclntab!.indexOf('runtime.gopark')!)!;
    expect(park.file(0)).toMatch(/runtime\/proc\.go$/);
    expect(park.line(0)).toBe(park.startLine);
    expect(park.spDelta(0)).toBe(0);
    expect(park.spDelta(1)).toBeGreaterThan(0);
    expect(park.isTopFrame).toBe(false);
    expect(pclntab!.func(pclntab!.indexOf('runtime.goexit')!)!.isTopFrame).toBe(true);
    const inlined = Array.from({ length: 200 }, (_, i) => pclntab!.func(pclntab!.indexOf('runtime.findRunnable')!)!.calls(i)).find((calls) => calls.length > 1)!;
    expect(inlined.at(-1)).toMatchObject({ name: 'runtime.findRunnable', inlined: false });
    expect(inlined[0]!.inlined).toBe(true);
    expect(inlined[0]!.name).not.toBe('runtime.findRunnable');
  });

  test('has exact PCs at its calls', () => {
    const found = go(newest);
    const index = found.func('runtime.gopark')!;
    const pcF = found.code!.pcFOf(index)!;
    const segments = CodeSegments.of(found, index)!;
    const { body } = found.module.funcs[index - found.module.imported.funcs]!;
    const reader = new InstructionReader(found.module.bytes, body.offset, body.end);
    let calls = 0;
    let pushed = -1;
    while (reader.pos < body.end) {
      const op = reader.next();
      if (op === OP.i64_const && (reader.lo >>> 16) + reader.hi * 65536 === pcF) pushed = reader.lo & 0xffff;
      else if (op === OP.call || op === OP.call_indirect) {
        if (pushed > 0) {
          expect(segments.at(reader.start)).toEqual({ lo: pushed - 1, hi: pushed - 1 });
          calls++;
        }
        pushed = -1;
      }
    }
    expect(calls).toBeGreaterThan(3);
  });
});

describe('without its marks', () => {
  const name = 'hello-go1.27-wasip1';
  const { version, loop } = go(name);

  test('a program is known by its tables, its version by its data', () => {
    const bare = recognise(without(name, 'go:buildid', 'producers', 'name'))!;
    expect(bare).toMatchObject({ version, minor: 27, goos: 'wasip1', stripped: true, buildId: undefined });
    expect(bare.loop?.func).toBe(loop!.func);
    expect(bare.func('runtime.gopark')).toBe(go(name).func('runtime.gopark'));
  });

  test('other modules are not taken for Go', () => {
    for (const { name: other } of programs.filter((program) => program.language !== 'go')) expect(recognise(load(other))).toBeUndefined();
    expect(recognise(decode(assemble('(module)').bytes))).toBeUndefined();
    expect(recognise(decode(assemble('(module (memory 1) (table 4097 funcref) (elem (i32.const 4096) func $f) (func $f))').bytes))).toBeUndefined();
  });

  test('a damaged producers section is passed over', () => {
    const bytes = loadProgram(name).slice();
    const section = load(name).sections.find((candidate) => candidate.name === 'producers')!;
    bytes.fill(0xff, section.start + 10, section.end);
    expect(recognise(decode(bytes))?.version).toBe(version);
  });
});

test.each([
  ['stack-pc', false],
  ['global-pc', true],
])('the model %s is understood', (file, inGlobals) => {
  const source = readFileSync(new URL(`../../spec-tests/trampoline/${file}.wat`, import.meta.url));
  const found = recognise(decode(assemble(new Uint8Array(source)).bytes))!;
  expect(found.version).toBeUndefined();
  expect(found.loop).toMatchObject({ stops: false, passesPcB: !inGlobals, pcFBits: 32 });
  expect(found.exportLoop !== undefined).toBe(!inGlobals);
  expect(found.globals.PC_F !== undefined).toBe(inGlobals);
  expect(found.code?.base).toBe(FUNC_VALUE_OFFSET);
});

test('damaged data never makes the tables fail, only wrong', () => {
  const bytes = loadProgram('hello-go1.27-wasip1');
  const { datas } = load('hello-go1.27-wasip1');
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const original = decode(bytes);
  for (let round = 0; round < 10; round++) {
    const damaged = { ...original, bytes: bytes.slice() };
    for (let k = 0; k < 20_000; k++) {
      const { start, end } = datas.get(random(datas.length));
      damaged.bytes[start + random(end - start)] = random(256);
    }
    const found = recognise(damaged);
    expect(found?.version).toMatch(/^go1\.27/);
    const table = found!.pclntab;
    if (table === undefined) continue;
    for (let i = 0; i < table.count; i += 7) {
      const func = table.func(i)!;
      expect(func.calls(random(40)).length).toBeGreaterThan(0);
      func.spDelta(3);
    }
  }
});
