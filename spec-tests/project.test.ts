import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The project's own rules: that the layers hold is checked by `npm run lint`; here, that a violation would be seen. */

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules', name);

describe('the rules of the layers', () => {
  let project: string;
  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'retunwind-layers-'));
    symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
    writeFileSync(join(project, 'package.json'), readFileSync(join(root, 'package.json')));
    for (const [path, text] of Object.entries({
      'wasm/up.ts': "import '../engine/a.js';",
      'wasm/type-up.ts': "import type { A } from '../engine/a.js';\nexport type B = A;",
      'wasm/node.ts': "import 'node:fs';",
      'wasm/package.ts': "import 'yargs';",
      'engine/a.ts': "import '../wasm/ok.js';\nexport type A = 1;",
      'engine/cycle-1.ts': "import './cycle-2.js';",
      'engine/cycle-2.ts': "import './cycle-1.js';",
      'engine/type-cycle-1.ts': "import './type-cycle-2.js';\nexport type T = 1;",
      'engine/type-cycle-2.ts': "import type { T } from './type-cycle-1.js';\nexport type U = T;",
      'engine/theirs.ts': 'export const compile = WebAssembly.compile;',
      'engine/theirs-too.ts': 'export const compile = globalThis.WebAssembly;',
      'wasm/ok.ts': 'export const ok = 1;',
      'go/abi.ts': 'export const abi = 1;',
      'go/deep.ts': 'export const deep = 1;',
      'host/node/fs.ts': "import 'node:fs';",
      'host/gojs/ok.ts': "import '../../go/abi.js';",
      'host/gojs/deep.ts': "import '../../go/deep.js';",
      'host/wasi/go.ts': "import '../../go/abi.js';",
      'program/node.ts': "import '../host/node/fs.js';",
      'trace/sideways.ts': "import '../debug/d.js';",
      'debug/d.ts': "import '../engine/a.js';",
      'cli/ok.ts': "import 'node:fs';\nimport 'yargs';\nimport '../host/node/fs.js';\nimport '../trace/sideways.js';",
      'cli/nowhere.ts': "import './missing.js';",
    })) {
      const file = join(project, 'src', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${text}\n`);
    }
  });
  afterAll(() => rmSync(project, { recursive: true }));

  it('are broken by what goes upwards, sideways, or outside', () => {
    const cruise = bin('dependency-cruiser/bin/dependency-cruise.mjs');
    const { stdout, status } = spawnSync(process.execPath, [cruise, '--config', join(root, '.dependency-cruiser.mjs'), 'src'], {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    const broken = [...stdout.matchAll(/error ([a-z-]+): (\S+)/g)].map(([, rule, from]) => `${from}: ${rule}`).filter((line) => !line.endsWith('no-orphans'));
    expect(broken.sort()).toEqual([
      'src/cli/nowhere.ts: no-unresolved',
      'src/host/gojs/deep.ts: gojs-knows-only-the-abi',
      'src/host/wasi/go.ts: only-gojs-knows-go',
      'src/program/node.ts: host-node-is-for-node',
      'src/trace/sideways.ts: layer-trace',
      'src/wasm/node.ts: node-modules-stay-at-the-edge',
      'src/wasm/package.ts: packages-stay-in-the-cli',
      'src/wasm/type-up.ts: layer-wasm',
      'src/wasm/up.ts: layer-wasm',
    ]);
    expect(status).not.toBe(0);
  });

  it("are broken by cycles and by the host's own engine", () => {
    writeFileSync(join(project, '.oxlintrc.json'), readFileSync(join(root, '.oxlintrc.json')));
    const { stdout, status } = spawnSync(process.execPath, [bin('oxlint/bin/oxlint'), '--format', 'json'], { cwd: project, encoding: 'utf8' });
    const report = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
    const broken = new Set(report.diagnostics.map(({ code, filename }) => `${filename.replaceAll('\\', '/')}: ${code}`));
    expect([...broken].sort()).toEqual([
      'src/engine/cycle-1.ts: import(no-cycle)',
      'src/engine/cycle-2.ts: import(no-cycle)',
      'src/engine/theirs-too.ts: eslint(no-restricted-properties)',
      'src/engine/theirs.ts: eslint(no-restricted-globals)',
    ]);
    expect(status).not.toBe(0);
  });
});

describe('the tools', () => {
  it.each([
    ['check-replay', '--stops', "Unknown option '--stops'; there are --gotos, --kills, --fresh\n"],
    ['check-replay', '--gotos=many', '--gotos takes a whole number, not "many"\n'],
    ['lock-step', '--gotos', "Unknown option '--gotos'; there are --stops, --runs, --fresh\n"],
    ['lock-step', 'go9.99-js', /^there is no test program go9\.99-js; there are .*\n$/],
  ])('%s %s: what is wrong is said in one line', (tool, word, message) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'tools', `${tool}.mjs`), word], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});

describe('the package', () => {
  it('runs in a browser, but for the command line and the Node part of the host', async () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/^(cli\/|host\/node\/|node\.ts)/.test(file));
    expect(files).toContain('index.ts');
    // With the browser as its platform, esbuild fails on any of Node's own modules.
    const result = await build({
      stdin: { contents: files.map((file) => `import './src/${file}';`).join('\n'), resolveDir: root },
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'silent',
      // Every file counts, also one whose exports are not used.
      ignoreAnnotations: true,
    });
    expect(Object.keys(result.metafile.inputs).filter((input) => input.includes('node_modules'))).toEqual([]);
    expect(result.outputFiles[0]!.text).not.toMatch(/["']node:/);
  });

  it('locks its dependencies without naming a registry', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { resolved?: string; integrity?: string }> };
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(packages.length).toBeGreaterThan(10);
    expect(packages.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
    expect(packages.filter(([, entry]) => entry.integrity === undefined)).toEqual([]);
  });
});
