import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';

const src = join(import.meta.dirname, 'src');
const dist = join(import.meta.dirname, 'dist');

/** Gives tests what was made of the sources that they import. */
const built: Plugin = {
  name: 'built',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer === undefined || !/^\..*\.js$/.test(source)) return null;
    const path = relative(src, resolve(dirname(importer), source));
    const file = join(dist, path);
    return path.startsWith('..') || !existsSync(file) ? null : file;
  },
};

/**
 * Tests import the sources. In mode `built` those under spec-tests get what was made of these instead, which is what
 * ships, and takes little more than half of the time: vitest reads every name that one file imports from another out of
 * an object. Tests beside a source keep it, for they may replace what it imports.
 */
export default defineConfig(({ mode }) => ({
  test: {
    testTimeout: 60_000,
    // vitest by itself leaves one for its own process, which has little to do.
    maxWorkers: '100%',
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      { extends: true, test: { name: 'sources', include: ['src/**/*.test.ts', 'bench/**/*.test.mjs'] } },
      { extends: true, plugins: mode === 'built' ? [built] : [], test: { name: 'programs', include: ['spec-tests/**/*.test.ts'] } },
    ],
  },
}));
