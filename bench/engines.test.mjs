// @ts-check
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ENGINE_IDS, findEngines, nodeAt } from './engines.mjs';

const { PATH } = process.env;
/** @type {string} */
let folder;
beforeEach(() => {
  process.env['PATH'] = folder = mkdtempSync(join(tmpdir(), 'retunwind-engines-'));
});
afterEach(() => {
  process.env['PATH'] = PATH;
  rmSync(folder, { recursive: true });
});

test('who is not on PATH is named, with what was looked for', () => {
  const { engines, absent } = findEngines(ENGINE_IDS, [nodeAt(process.execPath)]);
  expect([...engines, ...absent].map(({ id }) => id).sort()).toEqual([...ENGINE_IDS].sort());
  expect(absent).toContainEqual({ id: 'wasmi', name: 'wasmi', why: 'no wasmi or wasmi_cli on PATH' });
});

test('who is on PATH is asked to run the module', () => {
  writeFileSync(join(folder, 'wazero'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'wasm3'), '', { mode: 0o644 });
  const { engines, absent } = findEngines(['wazero-interp', 'wasm3'], []);
  expect(engines.map(({ command }) => command('m.wasm', ['a']))).toEqual([[join(folder, 'wazero'), 'run', '-interpreter', 'm.wasm', 'a']]);
  expect(absent.map(({ id }) => id)).toEqual(['wasm3']);
});

test('each Node binary is a column of its own, in the order asked for', () => {
  const nodes = [{ path: '/a/node', label: 'Node 1' }, { path: '/b/node', label: 'Node 2' }];
  const { engines } = findEngines(['node', 'interp'], nodes, { main: 'main.js' });
  expect(engines.map(({ name }) => name)).toEqual(["Node's own engine (Node 1)", "Node's own engine (Node 2)", 'retunwind, interpreter (Node 1)', 'retunwind, interpreter (Node 2)']);
  expect(engines[3]?.command('m.wasm', ['x'])).toEqual(['/b/node', '--no-warnings', 'main.js', 'run', '--stats', '--tier', 'interp', 'm.wasm', 'x']);
});
