import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseHitCondition } from '../../src/debug/breakpoint.js';
import { Expression } from '../../src/debug/expression.js';
import type { Session } from '../../src/debug/session.js';
import { printTraceback } from '../../src/go/traceback.js';
import { debugged } from './support.js';

/** What a session shows of Go programs is what these say themselves, on all four versions. */
const VERSIONS = ['go1.19-js', 'go1.21-wasip1', 'go1.24-js', 'go1.27-wasip1'];

it.each(VERSIONS)('stopped at the entry of runtime.Stack, our print of all goroutines is what the call then returns: %s', async (name) => {
  const session = await debugged(name, ['goroutine-dump']);
  let output = '';
  session.timeline.onOutput = (_, bytes) => (output += new TextDecoder().decode(bytes));
  // Before it has made its frame.
  const { go } = session.target;
  session.breakAt(`pc ${go!.code!.pcFOf(go!.func('runtime.Stack')!)}:0`);
  const dump = (): string => printTraceback(session.target.view!, { all: true, fromCaller: true });
  const cause = await session.continue();
  expect(cause.kind).toBe('breakpoint');
  expect(output).not.toContain('goroutine 1 [');
  const ours = dump();
  const { clock } = session;
  expect((await session.continue()).kind).toBe('end');
  expect(ours).toBe(output.slice(output.indexOf('goroutine 1 [')));
  expect(ours.split('\n').length).toBeGreaterThan(30);
  // And so it is for who comes from behind.
  await session.reverseContinue();
  expect([session.clock, dump()]).toEqual([clock, ours]);
});

const source = readFileSync(join(import.meta.dirname, '../programs/go/scenarios/channels.go'), 'utf8').split('\n');
const pingpong = source.findIndex((text) => text.startsWith('func pingpong'));
/** The first line from `pingpong` on that is so. */
function lineOf(text: string): number {
  return source.findIndex((line, i) => i > pingpong && line.trim() === text) + 1;
}

/** How often lines of `pingpong ROUNDS` are executed: the program prints how many rounds there were. */
const TIMES: readonly (readonly [line: string, times: (rounds: number) => number])[] = [
  ['pong <- v + 1', (rounds) => rounds],
  ['close(pong)', () => 1],
  ['ping <- v', (rounds) => rounds],
  ['v = <-pong', (rounds) => rounds],
  ['close(ping)', () => 1],
  ['_, open := <-pong', () => 1],
  ['fmt.Println("after", count, "rounds:", v, open)', () => 1],
];

it.each(VERSIONS)('breakpoints by line are hit at the lines, and as often as the program counts: %s', async (name) => {
  const rounds = 7;
  const session = await debugged(name, ['pingpong', String(rounds)]);
  let output = '';
  session.timeline.onOutput = (_, bytes) => (output += new TextDecoder().decode(bytes));
  const breakpoints = TIMES.flatMap(([text, times]) => {
    const breakpoint = session.breakAt(`channels.go:${lineOf(text)}`);
    const { trigger } = breakpoint;
    if (trigger.kind === 'places' && trigger.sites.every(({ line }) => line?.exact)) return [{ breakpoint, line: lineOf(text), expected: times(rounds) }];
    session.clear(breakpoint);
    return [];
  });
  expect(breakpoints.length).toBeGreaterThanOrEqual(3);
  const forwards = await stops(session, false);
  expect(output).toContain(`after ${rounds} rounds`);
  for (const { breakpoint, line, expected } of breakpoints) {
    expect([line, breakpoint.hits]).toEqual([line, expected]);
    expect(forwards.filter(([at]) => at === line).length).toBe(expected);
  }
  expect(await stops(session, true)).toEqual(forwards.reverse());
});

/** Line and clock of each stop on the way. */
async function stops(session: Session, back: boolean): Promise<(readonly [number | undefined, number])[]> {
  const all: (readonly [number | undefined, number])[] = [];
  for (;;) {
    const cause = back ? await session.reverseContinue() : await session.continue();
    if (cause.kind !== 'breakpoint') return all;
    const { call, clock, certain } = session.where();
    expect([call?.line, certain]).toEqual([cause.hits[0]!.site?.line?.line, true]);
    all.push([call?.line, clock]);
  }
}

it('a watch on a register of Go meets what sets it, forwards and backwards', async () => {
  const session = await debugged('go1.27-wasip1', ['pingpong', '1']);
  session.breakAt('main.pingpong.func1');
  await session.continue();
  const watch = session.watch({ kind: 'global', index: session.target.go!.globals.G });
  watch.hitCondition = parseHitCondition('<= 4');
  const seen: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    const cause = await session.continue();
    if (cause.kind !== 'breakpoint') break;
    const { change } = cause.hits[0]!;
    expect(new Expression('g').value(session.scope())).toBe(change!.before);
    seen.push([session.clock, change]);
  }
  expect(seen.length).toBe(4);
  const back: unknown[] = [[session.clock, (seen[3] as unknown[])[1]]];
  for (let i = 0; i < 3; i++) {
    const cause = await session.reverseContinue();
    if (cause.kind === 'breakpoint') back.push([session.clock, cause.hits[0]!.change]);
  }
  expect(back.reverse()).toEqual(seen);
});
