// Builds the test programs from their sources and packs them:
//
//   node tools/build-programs.mjs [NAME…]        default: every program of programs.json (the tests') and benchmarks.json
//   node tools/build-programs.mjs --check [NAME…]  builds, compares with what is committed, writes nothing
//
// Needs, for the programs asked for:
//   Go     GO_TOOLCHAINS=DIR with DIR/go-1.19/bin/go, go-1.21, go-1.24 and go-1.27; or commands go1.19 … on PATH
//   C      clang with the wasm32 target, and wasm-ld (CLANG overrides the command)
//   Zig    zig 0.12 on PATH (ZIG overrides the command)
// The Go builds need no network: the programs use the standard library only.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const folder = new URL('../spec-tests/programs/', import.meta.url).pathname;
const listPaths = ['programs.json', 'benchmarks.json'].map((name) => join(folder, name));
const work = mkdtempSync(join(tmpdir(), 'programs-'));

function fail(message) {
  console.error(`build-programs: ${message}`);
  process.exitCode = 1;
}

function goCommand(version) {
  const { GO_TOOLCHAINS } = process.env;
  if (!GO_TOOLCHAINS) return `go${version}`;
  return join(GO_TOOLCHAINS, `go-${version}`, 'bin', 'go');
}

function buildGo({ toolchain, target, mode, source, flags = [] }, out) {
  // A copy, because the language version in go.mod selects the toolchain's own behaviour.
  const copy = join(work, `go-${toolchain}`);
  const env = {
    ...process.env,
    GOTOOLCHAIN: 'local',
    GOPROXY: 'off',
    GOFLAGS: '-mod=mod',
    GOWORK: 'off',
    GOOS: target,
    GOARCH: 'wasm',
    GOWASM: '',
    GOEXPERIMENT: '',
  };
  const go = (...args) => execFileSync(goCommand(toolchain), args, { cwd: copy, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (!existsSync(copy)) {
    cpSync(join(folder, 'go'), copy, { recursive: true });
    go('mod', 'edit', `-go=${toolchain}`);
  }
  const buildMode = mode === 'library' ? ['-buildmode=c-shared'] : [];
  go('build', '-trimpath', '-buildvcs=false', ...buildMode, ...flags, '-o', out, `./${source.slice('go/'.length)}`);
}

function buildC({ source, flags = [] }, out) {
  const fixed = ['--target=wasm32', '-nostdlib', '-ffreestanding', '-Wall', '-Werror', '-Wl,--no-entry'];
  execFileSync(process.env.CLANG ?? 'clang', [...fixed, ...flags, '-o', out, source], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
}

function buildZig({ source, flags = [] }, out) {
  const copy = join(work, 'zig');
  if (!existsSync(copy)) cpSync(join(folder, 'zig'), copy, { recursive: true });
  const caches = ['--cache-dir', join(work, 'zig-cache'), '--global-cache-dir', join(work, 'zig-global-cache')];
  // A program without Zig's own start code is a dynamic library to Zig, whatever WASI calls it.
  const kind = source === 'zig/wasi.zig' ? ['build-exe'] : ['build-lib', '-dynamic', '-rdynamic'];
  const args = [...kind, source.slice('zig/'.length), ...flags, ...caches, `-femit-bin=${out}`];
  execFileSync(process.env.ZIG ?? 'zig', args, { cwd: copy, stdio: ['ignore', 'inherit', 'inherit'] });
  writeFileSync(out, withoutDebugSections(readFileSync(out)));
}

/** DWARF names the folders of the machine that built; the name section stays. */
function withoutDebugSections(bytes) {
  const kept = [bytes.subarray(0, 8)];
  const varint = (at) => {
    let value = 0;
    let shift = 0;
    for (; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return [value, at];
    }
  };
  for (let at = 8; at < bytes.length; ) {
    const [size, start] = varint(at + 1);
    const isDebug = bytes[at] === 0 && bytes.subarray(varint(start)[1]).subarray(0, 7).toString() === '.debug_';
    if (!isDebug) kept.push(bytes.subarray(at, start + size));
    at = start + size;
  }
  return Buffer.concat(kept);
}

const builders = { go: buildGo, c: buildC, zig: buildZig };

function pack(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}

/** Built files must say nothing about the machine that built them. */
function machinePaths(bytes) {
  const text = Buffer.from(bytes).toString('latin1');
  return [tmpdir(), process.env.HOME, process.cwd(), process.env.GO_TOOLCHAINS].filter((path) => path && path.length > 1 && text.includes(`${path}/`));
}

const words = process.argv.slice(2);
const checking = words.includes('--check');
const wanted = words.filter((word) => word !== '--check');
const lists = listPaths.map((path) => ({ path, list: JSON.parse(readFileSync(path, 'utf8')) }));
const programs = lists.flatMap(({ path, list }) => list.map((program) => ({ program, save: () => writeFileSync(path, `${JSON.stringify(list, null, 2)}\n`) })));
for (const name of wanted) if (!programs.some(({ program }) => program.name === name)) fail(`no program ${name}`);

try {
  mkdirSync(join(folder, 'built'), { recursive: true });
  for (const { program, save } of programs) {
    if (wanted.length > 0 && !wanted.includes(program.name)) continue;
    const out = join(work, `${program.name}.wasm`);
    try {
      builders[program.language](program, out);
    } catch (error) {
      fail(`${program.name}: ${error.code === 'ENOENT' ? `no command ${error.path}` : error.message}`);
      continue;
    }
    const bytes = readFileSync(out);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const paths = machinePaths(bytes);
    if (paths.length > 0) fail(`${program.name} contains ${paths.join(', ')}`);
    if (checking) {
      if (sha256 === program.sha256) console.log(`${program.name}: the same`);
      else fail(`${program.name}: differs from what is committed`);
      continue;
    }
    if (sha256 !== program.sha256 || !existsSync(join(folder, 'built', `${program.name}.wasm.br`))) {
      writeFileSync(join(folder, 'built', `${program.name}.wasm.br`), pack(bytes));
    }
    program.size = bytes.length;
    program.sha256 = sha256;
    save();
    console.log(`${program.name}: ${bytes.length} bytes`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
