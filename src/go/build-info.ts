import type { Peek } from './peek.js';

/** `runtime/debug.BuildInfo` as the linker puts it into the program (`cmd/go/internal/modload`, modinfo). */
export interface BuildInfo {
  readonly path: string | undefined;
  readonly main: ModuleVersion | undefined;
  readonly deps: readonly ModuleVersion[];
  /** As `go version -m` shows them: `GOOS`, `-buildmode`, `vcs.revision`… */
  readonly settings: ReadonlyMap<string, string>;
}

export interface ModuleVersion {
  readonly path: string;
  readonly version: string;
  readonly sum: string;
  readonly replacedBy?: ModuleVersion;
}

/** What the go command wraps the text in. */
const START = [0x30, 0x77, 0xaf, 0x0c, 0x92, 0x74, 0x08, 0x02, 0x41, 0xe1, 0xc1, 0x07, 0xe6, 0xd6, 0x18, 0xe6];
const END = [0xf9, 0x32, 0x43, 0x31, 0x86, 0x18, 0x20, 0x72, 0x00, 0x82, 0x42, 0x10, 0x41, 0x16, 0xd8, 0xf2];
const MAX_BYTES = 1 << 20;

/** `undefined` for programs that were not built in module mode. */
export function findBuildInfo(image: Uint8Array): BuildInfo | undefined {
  const start = find(image, START, 0, image.length);
  if (start < 0) return undefined;
  const end = find(image, END, start + START.length, Math.min(image.length, start + MAX_BYTES));
  return end < 0 ? undefined : parseBuildInfo(new TextDecoder().decode(image.subarray(start + START.length, end)));
}

export function parseBuildInfo(text: string): BuildInfo {
  let path: string | undefined;
  let main: ModuleVersion | undefined;
  const deps: ModuleVersion[] = [];
  const settings = new Map<string, string>();
  let replaceable: ((by: ModuleVersion) => void) | undefined;
  for (const line of text.split('\n')) {
    const [kind, ...fields] = line.split('\t');
    const version = { path: fields[0] ?? '', version: fields[1] ?? '', sum: fields[2] ?? '' };
    if (kind === 'path') path = fields[0];
    else if (kind === 'mod') {
      main = version;
      replaceable = (by) => (main = { ...version, replacedBy: by });
    } else if (kind === 'dep') {
      const at = deps.push(version) - 1;
      replaceable = (by) => (deps[at] = { ...version, replacedBy: by });
    } else if (kind === '=>') replaceable?.(version);
    else if (kind === 'build') {
      const setting = fields.join('\t');
      const equals = setting.startsWith('"') ? setting.indexOf('"=') + 1 : setting.indexOf('=');
      if (equals > 0) settings.set(unquote(setting.slice(0, equals)), unquote(setting.slice(equals + 1)));
    }
  }
  return { path, main, deps, settings };
}

/** Keys and values with odd characters are quoted like Go strings. */
function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}

function find(bytes: Uint8Array, pattern: readonly number[], from: number, to: number): number {
  for (let at = bytes.indexOf(pattern[0]!, from); at >= 0 && at + pattern.length <= to; at = bytes.indexOf(pattern[0]!, at + 1)) {
    if (pattern.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/**
 * The value of `runtime.buildVersion`: its string header is among the first words of the data section, which spans
 * `from` to `to`.
 */
export function findBuildVersion(memory: Peek, from: number, to: number): string | undefined {
  for (let at = from; at < Math.min(to, from + 4096); at += 8) {
    const length = memory.word(at + 8);
    if (length < 4 || length > 256) continue;
    const text = memory.text(memory.word(at), length);
    if (/^(go1\.\d+|devel )/.test(text)) return text;
  }
  return undefined;
}
