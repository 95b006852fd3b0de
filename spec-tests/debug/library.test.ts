import { expect, it } from 'vitest';
import * as retunwind from '../../src/index.js';
import { testModule } from '../support/traced.js';

const world: retunwind.World = {
  args: ['program', 'lost-wakeup'],
  clock: 'virtual',
  random: 0,
  streams: { stdin: new retunwind.BufferedInput(new Uint8Array()), write: () => {}, isTerminal: () => false },
};

it('a recording is made, verified and walked through from code', async () => {
  const module = testModule('go1.27-wasip1');
  const parts: Uint8Array[] = [];
  const recorder = new retunwind.Recorder({ world }, { module: '', path: '', settings: '{}' }, (bytes) => parts.push(bytes.slice()));
  const program = new retunwind.Program(module, recorder.options);
  recorder.attach(program);
  program.start();
  const outcome = await recorder.run();
  recorder.end(outcome);
  const file = new Uint8Array(Buffer.concat(parts));
  expect(outcome).toEqual({ kind: 'exited', code: 2 });

  const replay = (): retunwind.Replay => new retunwind.Replay(module, retunwind.Recording.read(file));
  const verified = retunwind.verifyReplay(replay());
  expect(verified).toMatchObject({ outcome, difference: undefined });
  expect(verified.checkpoints).toBeGreaterThan(0);
  expect(() => retunwind.Recording.read(new Uint8Array(100))).toThrow(retunwind.RecordingError);

  const session = await retunwind.Session.open(replay());
  const fatal = session.breakOn('fatal');
  expect(await session.continue()).toMatchObject({ kind: 'breakpoint', hits: [{ breakpoint: fatal, detail: expect.stringContaining('all goroutines are asleep') as string }] });
  const { deadlock, circles } = retunwind.deadlockReport(session.target.view!);
  expect([deadlock, circles]).toEqual([true, [[1, 7]]]);
  expect(retunwind.printTraceback(session.target.view!, { all: true })).toContain('goroutine 7 [chan receive]:\nmain.(*mailbox).take(');
  const { clock } = session;
  session.breakAt('main.(*mailbox).take');
  expect((await session.reverseContinue()).kind).toBe('breakpoint');
  const { goroutines } = await retunwind.difference(session, session.clock, clock);
  expect(goroutines.map(({ id }) => id)).toContain(7);
  const fork = await retunwind.forkWith(session, { kind: 'global', index: session.target.go!.globals.G }, '0');
  expect([fork.isFork, fork.timeline.hash === session.timeline.hash]).toEqual([true, false]);
  expect((await session.continue()).kind).toBe('breakpoint');
});
