// @ts-check
// What recording costs, and how long it takes to go anywhere in a recorded run. Runs with and without recording take
// turns, so that a slow moment of the machine strikes both.
//
//   npm run build && node bench/replay.mjs [--rounds N] [--percent N] [--gotos N]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { loadModule } from '../dist/program/load.js';
import { Recording } from '../dist/replay/recording.js';
import { Replay } from '../dist/replay/replay.js';
import { Timeline } from '../dist/replay/timeline.js';
import { median, quantile, table } from './measure.mjs';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, percent: { type: 'string', default: '100' }, gotos: { type: 'string', default: '40' } },
});
const root = join(import.meta.dirname, '..');
const main = join(root, 'dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'retunwind-bench-'));
const file = join(folder, 'run.rec');

const mix = join(folder, 'mix.wasm');
writeFileSync(mix, brotliDecompressSync(readFileSync(join(root, 'spec-tests/programs/built/go1.27-wasip1.wasm.br'))));
/** Three host calls in a few hundred instructions. */
const calls = join(folder, 'calls.wat');
writeFileSync(
  calls,
  `(module
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $n i32) (local $i i32) (local $x i32)
      (local.set $n (i32.const ${Number(options.percent) * 5000}))
      (loop $again
        (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 8)))
        (drop (call $random (i32.const 16) (i32.const 16)))
        (drop (call $sizes (i32.const 64) (i32.const 68)))
        (local.set $i (i32.const 40))
        (loop $work
          (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (i32.load (i32.const 8))))
          (br_if $work (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`,
);

/** Milliseconds. @param {readonly string[]} args */
function time(args) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [main, ...args], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return performance.now() - start;
}

try {
  const rows = [];
  for (const [name, command] of /** @type {const} */ ([
    ['host calls', [calls]],
    ['Go CPU mix', [mix, 'mix', options.percent]],
  ])) {
    const ratios = [];
    for (let i = 0; i < Number(options.rounds); i++) {
      const plain = time(['run', ...command]);
      const recorded = time(['record', '-o', file, ...command]);
      ratios.push(recorded / plain);
    }
    rows.push([name, median(ratios).toFixed(2), quantile(ratios, 0.25).toFixed(2), quantile(ratios, 0.75).toFixed(2)]);
  }
  console.log('recording, as a multiple of the time without it\n');
  console.log(table([['program', 'median', 'lower quarter', 'upper quarter'], ...rows]));

  const timeline = new Timeline(new Replay(loadModule(new Uint8Array(readFileSync(mix))), Recording.read(new Uint8Array(readFileSync(file)))));
  const start = performance.now();
  await timeline.goto(timeline.edge);
  const through = performance.now() - start;
  const took = [];
  const back = [];
  for (let i = 0; i < Number(options.gotos); i++) {
    const from = performance.now();
    await timeline.goto(Math.floor(Math.random() * timeline.edge));
    took.push(performance.now() - from);
    const here = performance.now();
    await timeline.stepBack();
    back.push(performance.now() - here);
  }
  const { clocks, bytes } = timeline.snapshots;
  console.log(`\ngoing about in ${(timeline.edge / 1e9).toFixed(2)} billion instructions (${clocks.length} snapshots, ${Math.round(bytes / 2 ** 20)} MB; once through took ${Math.round(through)} ms), ms\n`);
  console.log(table([['', 'median', 'worst'], ['goto', median(took).toFixed(0), Math.max(...took).toFixed(0)], ['step back', median(back).toFixed(0), Math.max(...back).toFixed(0)]]));
} finally {
  rmSync(folder, { recursive: true });
}
