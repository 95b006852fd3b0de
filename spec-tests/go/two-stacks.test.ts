import { describe, expect, test } from 'vitest';
import { stackPair } from '../../src/go/stacks.js';
import { viewOf } from '../../src/go/view.js';
import { BufferedInput } from '../../src/host/io.js';
import { MountFs } from '../../src/host/mount-fs.js';
import { freshRealm } from '../../src/host/node/realm.js';
import { Program } from '../../src/program/program.js';
import { testModule } from '../support/traced.js';

/** Stops at many clocks, wherever these fall: in prologues, between pushes, while the stack unwinds. */
async function* stops(name: string, scenario: string, count: number): AsyncGenerator<ReturnType<typeof stackPair> & { onSystemStack: boolean }> {
  const program = new Program(testModule(name), {
    world: {
      args: ['program', scenario],
      streams: { stdin: new BufferedInput(new Uint8Array()), isTerminal: () => false, write: () => {} },
      clock: 'virtual',
      random: 0,
      js: { realm: freshRealm(), fs: new MountFs([]) },
    },
  });
  const view = viewOf(program.machine, program.instance)!;
  program.start();
  let seed = 1;
  for (let i = 0; i < count; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    if ((await program.run(program.machine.clock + 1 + (seed % 9973))).kind !== 'stopped') return;
    const { g } = view.registers;
    if (g !== 0) yield { ...stackPair(view), onSystemStack: g === view.runtime.g0(g) };
  }
}

/** A call that a wrapper passes on without leaving a frame on the Go stack. */
const isTailCall = (name: string, callee: string | undefined): boolean => callee !== undefined && /^(internal\/runtime\/atomic|runtime\/internal\/atomic|sync\/atomic|internal\/chacha8rand)\.|^runtime\.(str|mem)hash/.test(name);

describe('wherever a program is stopped', () => {
  test.each([
    ['go1.19-js', 'js-callbacks'],
    ['go1.21-wasip1', 'recover'],
    ['go1.24-js', 'goroutine-dump'],
    ['go1.27-wasip1', 'select'],
  ])('%s %s: each Go frame on the wasm stack is one on the Go stack, which goes down to its bottom', async (name, scenario) => {
    let frames = 0;
    const lost: string[] = [];
    for await (const { physical, logical, onSystemStack } of stops(name, scenario, 400)) {
      if (onSystemStack) continue;
      frames += physical.length;
      const bottom = logical.at(-1)?.goFrame.func;
      if (bottom?.isTopFrame !== true) lost.push(`the Go stack ends in ${bottom?.name}`);
      // While the wasm stack unwinds the Go stack is another one already.
      const unwinding = logical.every(({ physical: of }) => of === undefined);
      physical.forEach(({ kind, name: of, logical: at }, i) => {
        // What the host calls back takes the place of the import on the Go stack.
        const calledBack = i > 1 && physical[i - 1]!.kind === 'host';
        if (kind === 'go' && at === undefined && !unwinding && !calledBack && !isTailCall(of, physical[i - 1]?.name)) lost.push(`${of} above ${physical[i - 1]?.name}`);
      });
    }
    expect(frames).toBeGreaterThan(500);
    expect(lost).toEqual([]);
  });

  test('the line: after a switch all but the innermost frames are for the trampoline to resume', async () => {
    let resumed = 0;
    for await (const { physical, logical, line, onSystemStack } of stops('go1.27-wasip1', 'select', 400)) {
      if (onSystemStack || logical.length === 0) continue;
      const trampoline = physical.findIndex(({ kind }) => kind === 'trampoline');
      logical.forEach(({ physical: of }, i) => {
        if (i >= line && trampoline >= 0) expect(of === undefined || of > trampoline).toBe(true);
      });
      resumed += logical.length - line;
    }
    expect(resumed).toBeGreaterThan(100);
  });
});
