// @ts-check
// npm run demo: runs a Go program that ships with the project on the machine, then again with a trace of every
// goroutine switch, unwinding and turn of the trampoline.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const PROGRAM = 'go1.27-wasip1';
const SCENARIO = ['pingpong', '3'];
const EVENTS = 'goroutine,unwind,loop';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'retunwind-demo-'));
const module = join(folder, `${PROGRAM}.wasm`);

/** @param {readonly string[]} args */
function retunwind(...args) {
  console.log(`$ retunwind ${args.join(' ').replace(module, `${PROGRAM}.wasm`)}`);
  const { status } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { stdio: ['ignore', 'inherit', 1] });
  if (status !== 0) throw new Error(`retunwind ended with exit code ${status}`);
  console.log();
}

try {
  writeFileSync(module, brotliDecompressSync(readFileSync(join(root, `spec-tests/programs/built/${PROGRAM}.wasm.br`))));
  retunwind('run', module, ...SCENARIO);
  retunwind('trace', '--events', EVENTS, module, ...SCENARIO);
} finally {
  rmSync(folder, { recursive: true });
}
