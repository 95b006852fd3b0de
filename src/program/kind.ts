import type { Module } from '../wasm/module.js';

/**
 * How a module wants to be run:
 *
 * - `go-js`: a Go program for js/wasm (imports `gojs`, up to Go 1.20 `go`);
 * - `command`, `reactor`: WASI's two shapes (exports `_start` or `_initialize`);
 * - `plain`: a module without a convention; its exports can be called.
 */
export type ProgramKind = 'go-js' | 'command' | 'reactor' | 'plain';

export function programKind(module: Module): ProgramKind {
  // Any module may import from one that it calls "go"; the names of Go's runtime tell.
  const goJs = module.imports.some((entry) => entry.module === 'gojs' || (entry.module === 'go' && /^(runtime|syscall\/js)\./.test(entry.name)));
  if (goJs) return 'go-js';
  const exportsFunction = (name: string): boolean => module.exports.some((entry) => entry.name === name && entry.kind === 'func');
  if (exportsFunction('_start')) return 'command';
  if (exportsFunction('_initialize')) return 'reactor';
  return 'plain';
}
