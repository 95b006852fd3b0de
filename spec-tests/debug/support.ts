import { join } from 'node:path';
import { follow, openConsole, Transcript } from '../../src/cli/commands/debug/transcript.js';
import { sourceReader } from '../../src/cli/commands/debug/source-files.js';
import { debugProgram } from '../../src/debug/live.js';
import type { Value } from '../../src/engine/value.js';
import { loadModule } from '../../src/program/load.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import type { Session } from '../../src/debug/session.js';
import { BufferedInput } from '../../src/host/io.js';
import { MountFs } from '../../src/host/mount-fs.js';
import { freshRealm } from '../../src/host/node/realm.js';
import type { Program, ProgramOptions } from '../../src/program/program.js';
import type { Module } from '../../src/wasm/module.js';
import { testModule } from '../support/traced.js';

/** A session on a test program, or on a module of our own, in a virtual world. */
export function debugged(module: string | Module, args: readonly string[], prepare?: (program: Program) => void, options: Partial<ProgramOptions> = {}): Promise<Session> {
  return debugProgram(
    typeof module === 'string' ? testModule(module) : module,
    {
      ...options,
      world: {
        args: ['program.wasm', ...args],
        streams: { stdin: new BufferedInput(new Uint8Array()), isTerminal: () => false, write: () => {} },
        clock: 'virtual',
        random: 0,
        js: { realm: freshRealm(), fs: new MountFs([]) },
      },
    },
    prepare,
  );
}

/** A session on an export of a module in the text format. */
export async function invoked(text: string, name: string, args: readonly Value[], options?: Partial<ProgramOptions>): Promise<Session> {
  return debugged(loadModule(assemble(text).bytes), [], (program) => program.invoke(name, args), options);
}

/** What `retunwind debug --script` shows. */
export async function transcriptOf(session: Session, commands: readonly string[]): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const output = new Transcript((bytes) => (text += decoder.decode(bytes, { stream: true })));
  const readSource = sourceReader([join(import.meta.dirname, '../programs/go')]);
  const console = openConsole(session, output, { colour: false, readSource, search: {} });
  await follow(console, output, commands);
  return text;
}
