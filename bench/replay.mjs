// @ts-check
// What recording costs, and how far away a moment of a recorded run is. Runs with and without recording take turns, so
// that a slow moment of the machine strikes both; all times are processor seconds of the whole process.
//
//   npm run bench:replay -- [--rounds N] [--moves N] [--only recording|timeline]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { loadModule } from '../dist/program/load.js';
import { PAGE } from '../dist/replay/digest.js';
import { Recording } from '../dist/replay/recording.js';
import { Replay } from '../dist/replay/replay.js';
import { Timeline } from '../dist/replay/timeline.js';
import { commandLine, refuse } from '../tools/command-line.mjs';
import { runProcess } from './measure.mjs';
import { table } from './report.mjs';
import { median, quantile } from './statistics.mjs';

const { numbers, texts } = commandLine({ rounds: 5, moves: 40 }, [], ['only']);
if (texts.only !== undefined && !['recording', 'timeline'].includes(texts.only)) refuse(`--only is recording or timeline, not "${texts.only}"`);
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
      (local.set $n (i32.const 500000))
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

/** Writes into one of 1024 blocks of 64 KiB for about a million instructions, then into the next. */
const writes = join(folder, 'writes.wasm');
const text = join(folder, 'writes.wat');
writeFileSync(
  text,
  `(module
    (memory (export "memory") 1024)
    (func (export "_start") (local $i i32)
      (loop $again
        (i32.store
          (i32.or
            (i32.and (i32.shl (i32.shr_u (local.get $i) (i32.const 16)) (i32.const 16)) (i32.const 0x3ff0000))
            (i32.and (i32.mul (local.get $i) (i32.const 40)) (i32.const 0xfffc)))
          (local.get $i))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 110000000))))))`,
);
runProcess([process.execPath, main, 'wat2wasm', text, '-o', writes]);

/** Processor seconds of this process so far. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function recording() {
  const rows = [['program', 'median', 'lower quarter', 'upper quarter']];
  for (const [name, command] of /** @type {const} */ ([
    ['host calls', [calls]],
    ['Go CPU mix', [mix, 'mix', '100']],
  ])) {
    /** @type {number[]} */
    const ratios = [];
    for (let i = 0; i < numbers.rounds; i++) {
      const plain = runProcess([process.execPath, main, 'run', ...command]).cpu;
      ratios.push(runProcess([process.execPath, main, 'record', '-o', file, ...command]).cpu / plain);
    }
    rows.push([name, ...[0.5, 0.25, 0.75].map((p) => quantile(ratios, p).toFixed(2))]);
  }
  console.log(`recording, as a multiple of the run without it\n\n${table(rows)}\n`);
}

/** Numbers from 0 to 1, the same in every run. @param {number} seed */
function randomNumbers(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
}

/**
 * Goes about in the recorded run of a program of about two billion instructions.
 * @param {string} name
 * @param {string} module
 * @param {readonly string[]} args
 */
async function goingAbout(name, module, args) {
  runProcess([process.execPath, main, 'record', '-o', file, module, ...args]);
  const timeline = new Timeline(new Replay(loadModule(new Uint8Array(readFileSync(module))), Recording.read(new Uint8Array(readFileSync(file)))));
  const random = randomNumbers(4711);
  const rows = [['processor seconds', 'median', 'worst', 'times']];
  /** @type {number[]} */
  let times = [];
  const timed = async (/** @type {() => Promise<unknown>} */ work) => {
    const start = cpu();
    await work();
    times.push(cpu() - start);
  };
  const row = (/** @type {string} */ what) => {
    rows.push([what, median(times).toFixed(3), Math.max(...times).toFixed(3), String(times.length)]);
    times = [];
  };
  const moves = numbers.moves;

  await timed(() => timeline.goto(timeline.edge));
  row('once through');
  for (let i = 0; i < moves; i++) await timed(() => timeline.goto(Math.floor(random() * timeline.edge)));
  row('goto');
  for (let i = 0; i < moves; i++) {
    await timeline.goto(Math.floor(random() * timeline.edge));
    await timed(() => timeline.stepBack());
  }
  row('step back');

  await timeline.goto(timeline.edge);
  const bytes = timeline.machine.store.memories[0]?.byteLength ?? 0;
  const shares = Array.from({ length: bytes / PAGE }, (_, page) => timeline.changedShare(page * PAGE, PAGE));
  const some = shares.flatMap((share, page) => (share > 0 && share <= 0.25 ? [page] : []));
  const most = [...some].sort((a, b) => /** @type {number} */ (shares[b]) - /** @type {number} */ (shares[a])).slice(0, 3);
  const look = (/** @type {number} */ page) => timed(() => timeline.lastWriter(page * PAGE + Math.floor(random() * 4096) * 4, 4));
  for (let i = 0; i < moves / 2; i++) await look(/** @type {number} */ (some[Math.floor(random() * some.length)]));
  row('last writer, where up to a quarter wrote the page');
  for (const page of most) await look(page);
  row(`last writer, where ${most.map((page) => `${Math.round(/** @type {number} */ (shares[page]) * 100)} %`).join(', ')} did`);

  const snapshots = timeline.snapshots;
  console.log(`${name}: ${(timeline.edge / 1e9).toFixed(2)} billion instructions, ${snapshots.clocks.length} snapshots, ${Math.round(snapshots.bytes / 2 ** 20)} MB\n\n${table(rows)}\n`);
}

try {
  if (texts.only !== 'timeline') recording();
  if (texts.only !== 'recording') {
    await goingAbout('Go CPU mix', mix, ['mix', '255']);
    await goingAbout('writes all over 64 MB', writes, []);
  }
} finally {
  rmSync(folder, { recursive: true });
}
