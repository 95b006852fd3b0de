import type { GoCall } from '../go/pclntab.js';
import { recognise } from '../go/recognise.js';
import { CodeSegments, type PcBRange } from '../go/segments.js';
import type { Module } from '../wasm/module.js';
import { CodePrinter } from '../wasm/text/print-code.js';
import { ModuleNamers } from '../wasm/text/print-names.js';

/** One instruction of a function as the text format writes it, indented by its depth. */
export interface Disassembled {
  /** Byte offset in the module. */
  readonly offset: number;
  readonly text: string;
  /** Go: the resume points it may belong to; exact where both are equal. */
  readonly pcB: PcBRange | undefined;
  /** Go: the innermost call at `pcB.lo`. */
  readonly call: GoCall | undefined;
}

/** A function that the module defines; `index` counts in the function index space. */
export function disassemble(module: Module, index: number): Disassembled[] {
  const { body } = module.funcs[index - module.imported.funcs]!;
  const namers = new ModuleNamers(module);
  const go = recognise(module);
  const segments = go === undefined ? undefined : CodeSegments.of(go, index);
  const func = go?.pclntab?.funcOf((go.code?.pcFOf(index) ?? 0) * 65536);
  const lines: Disassembled[] = [];
  let at = 0;
  const annotate = (offset: number): string => {
    at = offset;
    return '';
  };
  for (const text of new CodePrinter(module, namers).body(body, namers.localsOf(index), namers.labelsOf(index), annotate)) {
    const pcB = segments?.at(at);
    lines.push({ offset: at, text, pcB, call: pcB === undefined ? undefined : func?.calls(pcB.lo)[0] });
  }
  return lines;
}
