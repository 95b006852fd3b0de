import { recognise } from '../../src/go/recognise.js';
import { type GoView, viewOf } from '../../src/go/view.js';
import { BufferedInput } from '../../src/host/io.js';
import { MountFs } from '../../src/host/mount-fs.js';
import { freshRealm } from '../../src/host/node/realm.js';
import { type Outcome, Program } from '../../src/program/program.js';
import type { Module } from '../../src/wasm/module.js';
import { testModule } from './traced.js';

export interface Stopped<T> {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  /** What `look` gave each time. */
  readonly seen: readonly T[];
  readonly program: Program;
  readonly view: GoView;
}

/** Runs a Go program in a virtual world to its end, and looks at it whenever the function with this Go name is called. */
export async function stoppedAt<T>(module: string | Module, args: readonly string[], name: string, look: (view: GoView, program: Program) => T, limit = 3e8): Promise<Stopped<T>> {
  const written = ['', '', ''];
  const program = new Program(typeof module === 'string' ? testModule(module) : module, {
    world: {
      args: ['program', ...args],
      streams: {
        stdin: new BufferedInput(new Uint8Array()),
        isTerminal: () => false,
        write: (fd, bytes) => void (written[fd] += new TextDecoder().decode(bytes)),
      },
      clock: 'virtual',
      random: 0,
      js: { realm: freshRealm(), fs: new MountFs([]) },
    },
  });
  const view = viewOf(program.machine, program.instance)!;
  const func = recognise(program.module)!.func(name);
  if (func === undefined) throw new Error(`no function ${name}`);
  const seen: T[] = [];
  program.machine.probes.atEntry(program.instance.funcs[func]!, () => {
    const [frame] = view.frames();
    // With another PC_B a trampoline goes on with a call that was made before.
    const pcB = frame?.kind === 'wasm' ? frame.locals[0] : undefined;
    if (pcB !== undefined && 'i32' in pcB && pcB.i32 === 0) seen.push(look(view, program));
  });
  program.start();
  const outcome = await program.run(limit);
  return { outcome, stdout: written[1]!, stderr: written[2]!, seen, program, view };
}
