// @ts-check
import { expect, test } from 'vitest';
import { runAll, withRatios } from './compare.mjs';

/** @param {string} id @param {Partial<import('./engines.mjs').Engine>} [more] @returns {import('./engines.mjs').Engine} */
const engine = (id, more = {}) => ({ id, name: id, title: id, isOurs: false, node: undefined, command: (module, args) => [id, module, ...args], ...more });

/**
 * Plays the engines: each answers its times in turn.
 * @param {Record<string, { stdout?: string, stderr?: string, wall: (number | Error)[] }>} answers
 */
function played(answers) {
  /** @type {string[]} */
  const order = [];
  /** @type {typeof import('./measure.mjs').runProcess} */
  const run = ([id]) => {
    order.push(/** @type {string} */ (id));
    const { stdout = 'sum', stderr = '', wall } = /** @type {typeof answers[string]} */ (answers[/** @type {string} */ (id)]);
    const time = wall.shift();
    if (time instanceof Error || time === undefined) throw time ?? new Error('asked too often');
    return { wall: time, cpu: time * 2, stdout, stderr };
  };
  return { order, run };
}

test('engines take turns, ours first; ratios are those of a round', () => {
  const { order, run } = played({ a: { wall: [2, 30] }, ours: { wall: [1, 10], stderr: 'retunwind: stats {"instructions":123,"calls":4}' } });
  const [a, ours] = withRatios(runAll([engine('a'), engine('ours', { isOurs: true })], 'm.wasm', [], 2, () => {}, run), 'ours');
  expect(order).toEqual(['ours', 'a', 'ours', 'a']);
  expect(a?.wallRatio).toEqual({ median: 2.5, low: 2.25, high: 2.75 });
  expect(ours?.cpuRatio).toEqual({ median: 1, low: 1, high: 1 });
  expect([a?.instructions, ours?.instructions]).toEqual([undefined, 123]);
});

test('another output is told and keeps its times', () => {
  const { run } = played({ ours: { wall: [1] }, a: { wall: [2], stdout: 'wrong' } });
  const [, a] = withRatios(runAll([engine('ours', { isOurs: true }), engine('a')], 'm.wasm', [], 1, () => {}, run), 'ours');
  expect(a).toMatchObject({ problem: 'another output than ours', wall: [2] });
});

test('an engine that fails says why and is not asked again', () => {
  const { order, run } = played({ ours: { wall: [1, 1] }, a: { wall: [new Error('ended with 1: no')] }, b: { wall: [3, new Error('later')] } });
  const [, a, b] = withRatios(runAll([engine('ours', { isOurs: true }), engine('a'), engine('b')], 'm.wasm', [], 2, () => {}, run), 'ours');
  expect(order.filter((id) => id === 'a')).toHaveLength(1);
  expect(a).toMatchObject({ problem: 'ended with 1: no', wall: [], wallRatio: undefined });
  expect(b).toMatchObject({ problem: 'later', wall: [], wallRatio: undefined });
});

test('on several Nodes each is held against the baseline on the same one, native engines against the first', () => {
  const engines = [
    engine('auto', { name: 'auto 20', node: '/20', isOurs: true }),
    engine('auto', { name: 'auto 26', node: '/26', isOurs: true }),
    engine('node', { name: 'node 26', node: '/26' }),
    engine('native'),
  ];
  let time = 0;
  const results = withRatios(runAll(engines, 'm.wasm', [], 1, () => {}, () => ({ wall: ++time, cpu: time, stdout: '', stderr: '' })), 'auto');
  expect(results.map(({ wallRatio }) => wallRatio?.median)).toEqual([1, 1, 1.5, 4]);
});
