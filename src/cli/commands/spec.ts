import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { SeededRandom } from '../../host/random.js';
import { profileOf, PROPOSALS, STANDARD } from '../../script/profiles.js';
import { countAssertions, runScript, type ScriptOptions, type ScriptResult } from '../../script/run-script.js';
import { Excerpts } from '../../wasm/text/source.js';
import type { Command } from '../command.js';
import { EXIT, Refusal } from '../errors.js';
import { readInput } from '../module-file.js';
import { choice, choices, wholeNumber } from '../option-values.js';
import { print, writeAll } from '../output.js';

interface FileReport extends ScriptResult {
  readonly path: string;
  readonly profile: string;
}

const NAMES = PROPOSALS.map(({ name }) => name);

export const spec: Command = {
  name: 'spec',
  summary: 'Run .wast scripts, such as the official test suite',
  usage: '[options] PATH…',
  usageCode: 2,
  guestWords: false,
  options: {
    proposals: { type: 'string', requiresArg: true, describe: `Admit the folders of these proposals, each under its own rules: ${NAMES.join(',')} or all` },
    shard: { type: 'string', requiresArg: true, describe: 'I/N: only every Nth file, beginning with the Ith' },
    tier: { type: 'string', requiresArg: true, describe: 'auto, interp or compiled' },
    snapshots: { type: 'string', requiresArg: true, describe: 'Run every tenth action again, through a snapshot restored at a random point by this seed' },
    json: { type: 'boolean', describe: 'Print one JSON document' },
  },
  examples: [
    ['retunwind spec testsuite', 'every script of a folder and the folders in it'],
    ['retunwind spec --proposals all --json testsuite', 'those of the proposals too, for a script'],
  ],
  async run(args) {
    const tier = choice(args, 'tier', ['auto', 'interp', 'compiled'], 'auto', EXIT.usage);
    const asked = choices(args, 'proposals', [...NAMES, 'all'], [], EXIT.usage);
    const admitted = new Set([STANDARD.name, ...(asked.includes('all') ? NAMES : asked)]);
    if (args.words.length === 0) throw new Refusal('a file or folder is missing', EXIT.usage);
    const found = args.words.flatMap(scriptsIn);
    if (found.length === 0) throw new Refusal(`there are no .wast files in ${args.words.join(' ')}`, EXIT.usage);
    const files = shard(args.options['shard'] as string | undefined, found);
    const snapshots = tenths(wholeNumber(args, 'snapshots', 0, EXIT.usage));
    const reports = runAll(files, admitted, { tier, snapshots }, args.options['json'] !== true);
    const sum = (field: 'passed' | 'failed' | 'skipped'): number => reports.reduce((total, report) => total + report[field], 0);
    const totals = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
    if (args.options['json'] === true) print(`${JSON.stringify({ ...totals, files: reports })}\n`);
    else print(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped in ${reports.length} files\n`);
    return totals.failed > 0 ? EXIT.checksFailed : EXIT.ok;
  },
};

function runAll(files: readonly string[], admitted: ReadonlySet<string>, options: Omit<ScriptOptions, 'features'>, talk: boolean): FileReport[] {
  const progress = isatty(2);
  return files.map((path, i) => {
    if (progress) writeAll(2, `\r\x1b[K${i + 1}/${files.length} ${path}`);
    const { name: profile, features } = profileOf(path);
    const text = readInput(path);
    const result = admitted.has(profile) ? runScript(text, { ...options, features }) : { passed: 0, failed: 0, skipped: countAssertions(text, features), failures: [] };
    if (progress) writeAll(2, '\r\x1b[K');
    if (talk) {
      const excerpts = new Excerpts(text);
      for (const failure of result.failures) print(`${excerpts.describe(`${failure.command}: ${failure.message}`, failure, path)}\n`);
    }
    return { path, profile, ...result };
  });
}

function tenths(seed: number | undefined): ScriptOptions['snapshots'] {
  if (seed === undefined) return undefined;
  const random = new SeededRandom(BigInt(seed));
  const bytes = new DataView(new ArrayBuffer(4));
  const part = (): number => {
    random.fill(new Uint8Array(bytes.buffer));
    return bytes.getUint32(0) / 2 ** 32;
  };
  return { every: 10, random: part };
}

/** A script, or all of a folder and its folders, in the order of their paths. */
function scriptsIn(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  // Said before the others are run for nothing.
  if (stat === undefined) throw new Refusal(`there is no file ${path}`, EXIT.usage);
  if (!stat.isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.wast'));
  return names.sort().map((name) => join(path, name));
}

function shard(text: string | undefined, files: readonly string[]): readonly string[] {
  if (text === undefined) return files;
  const [, first, count] = /^([1-9][0-9]*)\/([1-9][0-9]*)$/.exec(text) ?? [];
  if (first === undefined || Number(first) > Number(count)) throw new Refusal(`--shard needs I/N with 1 <= I <= N, not "${text}"`, EXIT.usage);
  return files.filter((_, i) => i % Number(count) === Number(first) - 1);
}
