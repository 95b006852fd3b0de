import { describe, expect, test } from 'vitest';
import { Runtime } from '../../src/go/goroutines.js';
import { recognise } from '../../src/go/recognise.js';
import { Registers } from '../../src/go/registers.js';
import { type GoFrame, walkStack } from '../../src/go/stack.js';
import { BufferedInput } from '../../src/host/io.js';
import { MountFs } from '../../src/host/mount-fs.js';
import { freshRealm } from '../../src/host/node/realm.js';
import { Program } from '../../src/program/program.js';
import { programs } from '../support/programs.js';
import { testModule } from '../support/traced.js';

/** Go's own text for all goroutines, without arguments and PC offsets. */
function printed(text: string): string[] {
  const dump = text.slice(text.indexOf('goroutine 1 ['));
  return dump
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/ \+0x[0-9a-f]+$/, ''))
    .map((line) => (line.startsWith('goroutine ') || line.startsWith('\t') ? line : line.replace(/^created by (\S+).*$/, 'created by $1').replace(/\([^)]*\)$/, '')));
}

/** The same from the runtime's structures in memory. */
function ours(runtime: Runtime, registers: Registers): string[] {
  const lines: string[] = [];
  const table = runtime.go.pclntab!;
  const current = runtime.current(registers.g);
  // Go prints the current goroutine first.
  const all = runtime.goroutines().sort((a, b) => Number(b.address === current) - Number(a.address === current));
  for (const goroutine of all) {
    const start = goroutine.start?.name ?? '';
    if (goroutine.address !== current && start.startsWith('runtime.') && start !== 'runtime.main') continue;
    const running = goroutine.address === current;
    lines.push(`goroutine ${goroutine.id} [${running ? 'running' : goroutine.waitReason === '' ? goroutine.state : goroutine.waitReason}]:`);
    // At the entry of runtime.Stack the caller's PC is on top of the stack.
    const frames: Iterable<GoFrame> = running ? walkStack(runtime.memory, table, runtime.memory.word(registers.sp), registers.sp + 8) : runtime.frames(goroutine);
    for (const { func, callPcB } of frames) {
      for (const { name, file, line } of func.calls(callPcB)) {
        if (name.startsWith('runtime.')) continue;
        lines.push(name, `\t${file}:${line}`);
      }
    }
    const { created } = goroutine;
    if (created !== undefined && goroutine.id !== 1) lines.push(`created by ${created.name}`, `\t${created.file}:${created.line}`);
  }
  return lines;
}

describe('stacks walked in memory are those that Go prints', () => {
  test.each(programs.filter(({ name, mode }) => /^go1\.\d+-(js|wasip1)$/.test(name) && mode === 'command'))('$name', async ({ name }) => {
    let stdout = '';
    const program = new Program(testModule(name), {
      world: {
        args: ['program', 'goroutine-dump'],
        streams: { stdin: new BufferedInput(new Uint8Array()), isTerminal: () => false, write: (fd, bytes) => void (fd === 1 && (stdout += new TextDecoder().decode(bytes))) },
        clock: 'virtual',
        random: 0,
        js: { realm: freshRealm(), fs: new MountFs([]) },
      },
    });
    const go = recognise(program.module)!;
    const registers = new Registers(program.store, program.instance, go.globals);
    const runtime = new Runtime(go, registers.memory);
    let walked: string[] = [];
    program.machine.probes.atEntry(program.instance.funcs[go.func('runtime.Stack')!]!, () => {
      if (walked.length === 0) walked = ours(runtime, registers);
    });
    program.start();
    expect(await program.run(1e8)).toEqual({ kind: 'exited', code: 0 });
    expect(walked.length).toBeGreaterThan(20);
    expect(walked).toEqual(printed(stdout));
  });
});
