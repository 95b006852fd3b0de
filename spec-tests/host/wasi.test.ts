import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VirtualClock, type Clock } from '../../src/host/clock.js';
import type { FileSystem } from '../../src/host/fs.js';
import { BufferedInput, type Streams } from '../../src/host/io.js';
import { MemoryFs } from '../../src/host/memory-fs.js';
import { NodeFs } from '../../src/host/node/node-fs.js';
import { RealClock } from '../../src/host/node/real-clock.js';
import { RealRandom } from '../../src/host/node/real-random.js';
import { SeededRandom } from '../../src/host/random.js';
import { createWasi, WASI_MODULE } from '../../src/host/wasi/wasi.js';
import { runNatively } from '../support/native-guest.js';
import { loadProgram, programs } from '../support/programs.js';

/**
 * Our WASI under the real programs, without our engine: Node's runs them. What they print is what other WASI hosts
 * made them print.
 */
interface Run {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly folder?: boolean;
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly exitCode?: number | null;
}

const folder = new URL('../programs/', import.meta.url);
const rules = (JSON.parse(readFileSync(new URL('normalise.json', folder), 'utf8')) as { pattern: string; to: string }[]).map(
  ({ pattern, to }) => [new RegExp(pattern, 'gm'), to] as const,
);

/** The scenarios of Go that are about the host, beside those with input, environment or files. */
const ABOUT_THE_HOST = new Set(['args', 'exit', 'sleep', 'timers', 'random', 'select', 'stderr', 'panic', 'deadlock']);

function aboutTheHost(run: Run): boolean {
  return run.folder === true || run.stdin !== undefined || run.env !== undefined || run.args.length === 0 || ABOUT_THE_HOST.has(run.args[0]!);
}

async function observe(bytes: Uint8Array, name: string, run: Run, real: string | undefined): Promise<Run> {
  let ticks = 0;
  const clock: Clock = real === undefined ? new VirtualClock(() => (ticks += 1000)) : new RealClock();
  const fs: FileSystem = real === undefined ? new MemoryFs(clock) : new NodeFs(real);
  const written = { 1: [] as Uint8Array[], 2: [] as Uint8Array[] };
  const streams: Streams = {
    stdin: new BufferedInput(new TextEncoder().encode(run.stdin ?? '')),
    write: (fd, bytes) => void written[fd].push(bytes.slice()),
    isTerminal: () => false,
  };
  const wasi = createWasi({
    args: [name, ...run.args],
    env: Object.entries(run.env ?? {}).map(([key, value]) => `${key}=${value}`),
    preopens: run.folder === true ? [{ name: '/sandbox', fs }] : [],
    clock,
    random: real === undefined ? new SeededRandom(0) : new RealRandom(),
    streams,
  });
  const exitCode = await runNatively(bytes, WASI_MODULE, wasi.imports);
  const text = (fd: 1 | 2): string => rules.reduce((all, [pattern, to]) => all.replace(pattern, to), Buffer.concat(written[fd]).toString());
  return { ...run, stdout: text(1), stderr: text(2), exitCode };
}

for (const { name, target, mode, imports } of programs) {
  if (target !== 'wasip1' || mode !== 'command' || imports !== undefined) continue;
  const recorded = new URL(`oracles/${name}.json`, folder);
  describe(name, () => {
    const { runs } = JSON.parse(readFileSync(recorded, 'utf8')) as { runs: Run[] };
    for (const run of runs.filter(aboutTheHost)) {
      const worlds = run.folder === true ? ['virtual', 'real'] : ['virtual'];
      test.each(worlds)(`${run.args.join(' ')} (%s world)`, async (world) => {
        const real = world === 'real' ? mkdtempSync(join(tmpdir(), 'retunwind-')) : undefined;
        try {
          const seen = await observe(loadProgram(name), name, run, real);
          if (run.stdout !== null) expect(seen.stdout).toBe(run.stdout);
          if (run.stderr !== null) expect(seen.stderr).toBe(run.stderr);
          expect(seen.exitCode).toBe(run.exitCode);
        } finally {
          if (real !== undefined) rmSync(real, { recursive: true });
        }
      });
    }
  });
}

