import { ByteReader } from '../wasm/binary/byte-reader.js';
import { functionNames } from '../wasm/binary/names.js';
import { DecodeError } from '../wasm/errors.js';
import type { CustomSection, Module } from '../wasm/module.js';
import { I32, I64, type ValType } from '../wasm/types.js';
import { FUNC_VALUE_OFFSET, GLOBAL_PC_GLOBALS, type GlobalLayout, STACK_PC_GLOBALS } from './abi.js';
import { type BuildInfo, findBuildInfo, findBuildVersion } from './build-info.js';
import { CodeMap } from './code-map.js';
import { initialMemory } from './image.js';
import { type Loop, understandLoop } from './loop.js';
import { Pclntab } from './pclntab.js';
import { Peek } from './peek.js';
import { MODULEDATA, runtimeLayout, type RuntimeLayout } from './structs.js';

/** What we know about a module that the Go toolchain made, from the module alone. */
export interface GoModule {
  readonly module: Module;
  /** As the toolchain calls itself, `go1.27.4`; `undefined` if nothing says. */
  readonly version: string | undefined;
  /** 27 of `go1.27.4`; the nearest guess where the version is unknown. */
  readonly minor: number;
  readonly goos: 'js' | 'wasip1' | undefined;
  readonly buildMode: 'exe' | 'c-shared';
  /** Without a name section; the table of functions is still there. */
  readonly stripped: boolean;
  readonly buildId: string | undefined;
  readonly buildInfo: BuildInfo | undefined;
  readonly globals: GlobalLayout;
  readonly code: CodeMap | undefined;
  readonly loop: Loop | undefined;
  /** `wasm_pc_f_loop_export`: in programs that export functions by `//go:wasmexport`. */
  readonly exportLoop: Loop | undefined;
  /** Memory as it is before the first instruction. */
  readonly image: Uint8Array | undefined;
  readonly pclntab: Pclntab | undefined;
  /** Address of `runtime.firstmoduledata`. */
  readonly moduledata: number | undefined;
  readonly structs: RuntimeLayout;
  /** Go's name of a function, by its position in the function index space. */
  name(func: number): string | undefined;
  /** Position in the function index space of the function with this Go name. */
  func(name: string): number | undefined;
}

const recognised = new WeakMap<Module, GoModule | null>();

/** `undefined` if the module is not Go's. What was found out is kept with the module. */
export function recognise(module: Module): GoModule | undefined {
  let go = recognised.get(module);
  if (go === undefined) recognised.set(module, (go = look(module) ?? null));
  return go ?? undefined;
}

function look(module: Module): GoModule | undefined {
  const globals = globalLayout(module);
  if (globals === undefined) return undefined;
  const producers = readProducers(module);
  const buildId = readBuildId(module);
  const names = functionNames(module);
  const byMangledName = new Map<string, number>();
  const marked = buildId !== undefined || producers.compiler;
  // A program of our own that models the trampoline has no mark but the function's name.
  const named = (name: string): number | undefined => {
    if (byMangledName.size === 0) for (let i = module.imported.funcs; i < module.imported.funcs + module.funcs.length; i++) byMangledName.set(names.func(i) ?? '', i);
    return byMangledName.get(name);
  };
  if (!marked && !mayBeGo(module) && named('wasm_pc_f_loop') === undefined) return undefined;

  const image = initialMemory(module);
  const pclntab = image === undefined ? undefined : Pclntab.find(image, module.funcs.length);
  const code = CodeMap.of(module);
  const index = (name: string): number | undefined => {
    const at = pclntab?.indexOf(name);
    if (at !== undefined) return code?.funcOf(FUNC_VALUE_OFFSET + at) ?? module.imported.funcs + at;
    return named(name.replace(/[^\w.]/gu, '_'));
  };
  const stripped = section(module, 'name') === undefined;
  const find = (name: string, stops: boolean): Loop | undefined => {
    const func = index(name);
    if (func !== undefined) return loopAt(module, globals, func, stops);
    return pclntab === undefined && stripped ? searchLoop(module, globals, stops) : undefined;
  };
  const loop = find('wasm_pc_f_loop', false);
  if (!marked && pclntab === undefined && loop === undefined) return undefined;

  const memory = image === undefined ? undefined : Peek.of(image);
  const moduledata = memory === undefined || pclntab === undefined ? undefined : findModuledata(image!, pclntab);
  const version = producers.version ?? (moduledata === undefined ? undefined : versionInData(memory!, moduledata));
  const buildInfo = image === undefined ? undefined : findBuildInfo(image);
  const minor = minorOf(version) ?? guessMinor(module, pclntab, loop);
  const structs = runtimeLayout(minor);
  if (moduledata !== undefined) pclntab!.gofunc = memory!.word(moduledata + structs.moduledata_gofunc);
  return {
    module,
    version,
    minor,
    goos: goosOf(module, buildInfo),
    buildMode: module.exports.some((e) => e.name === '_initialize') ? 'c-shared' : 'exe',
    stripped,
    buildId,
    buildInfo,
    globals,
    code,
    loop,
    exportLoop: loop?.passesPcB === true ? find('wasm_pc_f_loop_export', true) : undefined,
    image,
    pclntab,
    moduledata,
    structs,
    name: (func) => {
      const pcF = code?.pcFOf(func) ?? func - module.imported.funcs + FUNC_VALUE_OFFSET;
      return pclntab?.func(pcF - FUNC_VALUE_OFFSET)?.name ?? names.func(func);
    },
    func: index,
  };
}

/** Where the virtual CPU's registers are, by the types of the first globals; undefined where they are not. */
export function globalLayout(module: Module): GlobalLayout | undefined {
  const starts = (...types: ValType[]): boolean => types.every((type, i) => module.globals[i]?.type.value === type && module.globals[i].type.mutable);
  if (module.imported.globals > 0) return undefined;
  if (starts(I32, I64, I64, I64, I64, I64, I64, I32)) return STACK_PC_GLOBALS;
  if (starts(I32, I32, I32, I64, I64, I64, I64, I64, I64, I32)) return GLOBAL_PC_GLOBALS;
  return undefined;
}

/** Worth a look at its memory: the table of functions starts where Go's does. */
function mayBeGo(module: Module): boolean {
  return module.memories.length === 1 && CodeMap.of(module)?.base === FUNC_VALUE_OFFSET;
}

function section(module: Module, ...names: string[]): CustomSection | undefined {
  return module.customs.find((custom) => names.includes(custom.name));
}

function readBuildId(module: Module): string | undefined {
  const found = section(module, 'go:buildid', 'go.buildid');
  if (found === undefined) return undefined;
  const text = new TextDecoder().decode(module.bytes.subarray(found.start, found.end));
  return /Go build ID: "([^"]*)"/.exec(text)?.[1] ?? '';
}

/** The `producers` section (tool conventions), as Go's linker writes it. */
function readProducers(module: Module): { version: string | undefined; compiler: boolean } {
  const found = section(module, 'producers');
  let version: string | undefined;
  let compiler = false;
  if (found === undefined) return { version, compiler };
  try {
    const reader = new ByteReader(module.bytes, found.start, found.end);
    for (let fields = reader.length(); fields > 0; fields--) {
      const field = reader.name();
      for (let values = reader.length(); values > 0; values--) {
        const name = reader.name();
        const of = reader.name();
        if (field === 'processed-by' && name === 'Go cmd/compile') {
          compiler = true;
          version = of;
        }
      }
    }
  } catch (error) {
    // A custom section may hold anything.
    if (!(error instanceof DecodeError)) throw error;
  }
  return { version, compiler };
}

/** The one structure that points to the table and to its names. */
function findModuledata(image: Uint8Array, pclntab: Pclntab): number | undefined {
  const words = new Uint32Array(image.buffer, image.byteOffset, image.byteLength >>> 2);
  const names = pclntab.funcnametabAddress;
  for (let i = words.indexOf(pclntab.address); i >= 0; i = words.indexOf(pclntab.address, i + 1)) {
    if (i % 2 === 0 && words[i + 1] === 0 && words[i + 2] === names && words[i + 3] === 0) return i * 4;
  }
  return undefined;
}

function versionInData(memory: Peek, moduledata: number): string | undefined {
  return findBuildVersion(memory, memory.word(moduledata + MODULEDATA.data), memory.word(moduledata + MODULEDATA.edata));
}

function minorOf(version: string | undefined): number | undefined {
  const minor = /\bgo1\.(\d+)/.exec(version ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** What the binary's own forms say about a version that is not told. */
function guessMinor(module: Module, pclntab: Pclntab | undefined, loop: Loop | undefined): number {
  if (loop?.passesPcB === false) return 11;
  if (module.imports.some((i) => i.module === 'go')) return pclntab?.short === false ? 20 : 19;
  return loop?.pcFBits === 32 ? 27 : 24;
}

function goosOf(module: Module, buildInfo: BuildInfo | undefined): 'js' | 'wasip1' | undefined {
  const exported = new Set(module.exports.map((e) => e.name));
  if (['run', 'resume', 'getsp'].every((name) => exported.has(name))) return 'js';
  if (exported.has('_start') || exported.has('_initialize')) return 'wasip1';
  const goos = buildInfo?.settings.get('GOOS');
  return goos === 'js' || goos === 'wasip1' ? goos : undefined;
}

function loopAt(module: Module, globals: GlobalLayout, func: number, stops: boolean): Loop | undefined {
  const loop = understandLoop(module, func - module.imported.funcs, globals);
  return loop?.stops === stops ? loop : undefined;
}

/** By behaviour, where all names are gone. */
function searchLoop(module: Module, globals: GlobalLayout, stops: boolean): Loop | undefined {
  for (let i = 0; i < module.funcs.length; i++) {
    const { body } = module.funcs[i]!;
    const loop = body.end - body.offset > 256 ? undefined : loopAt(module, globals, module.imported.funcs + i, stops);
    if (loop !== undefined) return loop;
  }
  return undefined;
}
