import { disassemble } from '../../program/disassemble.js';
import { type FunctionReport, inspectModule, type ModuleReport } from '../../program/inspect.js';
import { functionNames } from '../../wasm/binary/names.js';
import type { Module } from '../../wasm/module.js';
import type { Command } from '../command.js';
import { EXIT, Refusal } from '../errors.js';
import { FEATURES_OPTION, namedFeatures } from '../feature-options.js';
import { loadFile } from '../module-file.js';
import { nearest } from '../nearest.js';
import { onlyFile } from '../one-file.js';
import { print, TextWriter } from '../output.js';

export const inspect: Command = {
  name: 'inspect',
  summary: 'Say what a module is: kind, Go version, imports, exports, functions',
  usage: '[options] MODULE',
  usageCode: 2,
  guestWords: false,
  options: {
    func: { type: 'string', requiresArg: true, describe: 'Disassemble this function, by name or index' },
    features: FEATURES_OPTION,
    json: { type: 'boolean', describe: 'Print one JSON document' },
  },
  examples: [
    ['retunwind inspect app.wasm', 'what the module is'],
    ['retunwind inspect --func main.main app.wasm', 'one function, with its Go lines'],
    ['retunwind inspect --json app.wasm', 'the same for a script'],
  ],
  async run(args) {
    const path = onlyFile(args);
    const module = loadFile(path, namedFeatures(args, EXIT.usage));
    const named = args.options['func'] as string | undefined;
    if (named !== undefined) {
      printFunction(module, findFunction(module, named), args.options['json'] === true);
      return EXIT.ok;
    }
    const report = inspectModule(module);
    if (args.options['json'] === true) print(`${JSON.stringify({ file: path, ...report })}\n`);
    else print(textOf(path, report));
    return EXIT.ok;
  },
};

/** A function that the module defines, by index or by one of its names. */
function findFunction(module: Module, named: string): FunctionReport {
  const { functions, exports } = inspectModule(module);
  const index = /^[0-9]+$/.test(named) ? Number(named) : exports.find((entry) => entry.kind === 'func' && entry.name === named)?.index;
  const names = functionNames(module);
  const found = functions.filter((func) => func.name === named || func.index === index || names.func(func.index) === named);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new Refusal(`${found.length} functions are called "${named}": give one of the indices ${found.map((func) => func.index).join(', ')}`, EXIT.usage);
  if (index !== undefined && index < module.imported.funcs) throw new Refusal(`function ${index} is imported: it has no code here`, EXIT.usage);
  const guess = nearest(named, functions.flatMap((func) => func.name ?? []));
  throw new Refusal(`there is no function "${named}"${guess === undefined ? '' : `; did you mean ${guess}?`}`, EXIT.usage);
}

function printFunction(module: Module, func: FunctionReport, json: boolean): void {
  const lines = disassemble(module, func.index);
  if (json) {
    const code = lines.map(({ offset, text, pcB, call }) => ({
      offset,
      instruction: text.trim(),
      pc_b: pcB === undefined ? null : [pcB.lo, pcB.hi],
      file: call?.file ?? null,
      line: call?.line ?? null,
    }));
    print(`${JSON.stringify({ ...func, code })}\n`);
    return;
  }
  const writer = new TextWriter(1);
  writer.write(`function ${func.index} ${func.name ?? '(no name)'} ${func.type}, ${func.bytes} bytes\n`);
  let place = '';
  for (const { offset, text, pcB, call } of lines) {
    // One line for the Go line that begins here, and PC_B beside the first instruction that has another.
    const here = pcB === undefined ? '' : `PC_B ${pcB.lo === pcB.hi ? pcB.lo : `${pcB.lo}-${pcB.hi}`}${call?.file === undefined ? '' : `  ${call.file}:${call.line}${call.inlined ? ` (${call.name}, inlined)` : ''}`}`;
    if (here !== place && here !== '') writer.write(`;; ${here}\n`);
    place = here;
    writer.write(`  0x${offset.toString(16).padStart(6, '0')}  ${text}\n`);
  }
  writer.flush();
}

const KINDS: Readonly<Record<ModuleReport['kind'], string>> = {
  'go-js': 'Go program for js/wasm',
  command: 'WASI command (starts at _start)',
  reactor: 'WASI reactor (initialised by _initialize, then its exports are called)',
  plain: 'plain module (no start of its own; its exports can be called)',
};

function textOf(path: string, report: ModuleReport): string {
  const lines = [`${path}: ${KINDS[report.kind]}, ${report.bytes} bytes`];
  const list = (title: string, rows: readonly string[]): void => {
    if (rows.length > 0) lines.push('', `${title} (${rows.length})`, ...rows.map((row) => `  ${row}`));
  };
  const { go } = report;
  if (go !== null) {
    lines.push('', 'Go');
    lines.push(`  version     ${go.version ?? 'unknown'}`, `  system      ${go.goos ?? 'unknown'}`, `  build mode  ${go.buildMode}`);
    if (go.stripped) lines.push('  stripped    yes: names come from the table of functions');
    if (go.path !== null) lines.push(`  package     ${go.path}`);
    if (go.main !== null) lines.push(`  module      ${go.main.path} ${go.main.version}`);
    for (const { path: dep, version } of go.deps) lines.push(`  depends on  ${dep} ${version}`);
    for (const [key, value] of Object.entries(go.settings)) lines.push(`  setting     ${key}=${value}`);
  }
  list('Sections', report.sections.map((section) => `${section.name.padEnd(20)} ${String(section.bytes).padStart(10)} bytes at 0x${section.offset.toString(16)}`));
  list('Imports', report.imports.map((entry) => `"${entry.module}" "${entry.name}" ${entry.type}`));
  list('Exports', report.exports.map((entry) => `"${entry.name}" ${entry.type} = ${entry.kind} ${entry.index}`));
  list('Memories', report.memories.map((memory) => `${memory.index} ${memory.type}${memory.imported ? ' (imported)' : ''}`));
  list('Tables', report.tables.map((table) => `${table.index} ${table.type}${table.imported ? ' (imported)' : ''}`));
  if (report.start !== null) lines.push('', `Start function: ${report.start}`);
  list('Functions', report.functions.map((func) => `${String(func.index).padStart(6)} ${String(func.bytes).padStart(8)} bytes  ${func.name ?? '(no name)'} ${func.type}`));
  return `${lines.join('\n')}\n`;
}
