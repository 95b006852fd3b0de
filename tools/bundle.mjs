// @ts-check
// Puts the command line together: one file with the whole tool, and small executables that start it. Unbundled, Node
// would spend longer on finding and compiling 200 modules than a short program runs.
//
//   node tools/bundle.mjs [OUT]     OUT: the folder, default dist/cli; what is there goes away
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { X } from '../dist/engine/interpret/opcodes.js';
import { OP } from '../dist/wasm/opcodes.js';

const root = join(import.meta.dirname, '..');
const out = process.argv[2] ?? join(root, 'dist/cli');

/** Code that switches on opcodes is only fast, before V8 optimises it, if they are numbers. @type {import('esbuild').Plugin} */
const numbers = {
  name: 'opcodes are numbers',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/](wasm|engine)[\\/].*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replace(/\b(OP|X)\.(\w+)\b(?!\()/g, (text, table, name) => {
        const value = /** @type {Readonly<Record<string, number>>} */ (table === 'OP' ? OP : X)[name];
        return value === undefined ? text : String(value);
      }),
    }));
  },
};

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  charset: 'ascii',
  minifySyntax: true,
  external: ['yargs'],
  logLevel: 'warning',
};

/** @param {string} name of a file in src/cli @param {import('esbuild').BuildOptions} options */
async function bundled(name, options) {
  const { outputFiles } = await build({ ...common, ...options, entryPoints: [join(root, 'src/cli', name)], write: false });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${name}`);
  return file.contents;
}

const tool = await bundled('tool.ts', {
  plugins: [numbers],
  define: { 'import.meta.url': 'MODULE_URL' },
  banner: { js: "const MODULE_URL = require('node:url').pathToFileURL(__filename);" },
});
const name = `tool-${createHash('sha256').update(tool).digest('hex').slice(0, 16)}.js`;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(join(out, name), tool);
// The rest of the package consists of ES modules.
writeFileSync(join(out, 'package.json'), '{ "type": "commonjs" }\n');
for (const executable of ['main', 'go-js-exec', 'go-wasip1-exec']) {
  const code = await bundled(`${executable}.ts`, { define: { BUNDLE: JSON.stringify(name) } });
  writeFileSync(join(out, `${executable}.js`), code, { mode: 0o755 });
}
