/** Runs inside a fresh realm (see `runInside`): Node's `path`, as it is on POSIX. */

export interface PathHost {
  cwd(): string;
}

export function installPath(host: PathHost): void {
  'use strict';
  const { Object, TypeError, Boolean } = globalThis;

  const text = (value: unknown): string => {
    if (typeof value === 'string') return value;
    const error = new TypeError(`The "path" argument must be of type string. Received ${value === null ? 'null' : `type ${typeof value}`}`);
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
  };
  /** Takes away `.`, `..` and empty components; above a root there is nothing. */
  const clean = (path: string): string => {
    const parts: string[] = [];
    const absolute = path.startsWith('/');
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      if (part !== '..') parts.push(part);
      else if (parts.length > 0 && parts[parts.length - 1] !== '..') parts.pop();
      else if (!absolute) parts.push('..');
    }
    return (absolute ? '/' : '') + parts.join('/');
  };
  const withoutTrailingSlashes = (path: string): string => path.replace(/(?<=.)\/+$/s, '');
  const normalize = (value: unknown): string => {
    const path = text(value);
    const cleaned = clean(path);
    if (cleaned === '') return path.endsWith('/') ? './' : '.';
    return path.endsWith('/') && cleaned !== '/' ? `${cleaned}/` : cleaned;
  };
  const resolve = (...segments: unknown[]): string => {
    let path = '';
    for (let i = segments.length - 1; i >= 0 && !path.startsWith('/'); i--) {
      const segment = text(segments[i]);
      if (segment !== '') path = path === '' ? segment : `${segment}/${path}`;
    }
    return clean(path.startsWith('/') ? path : `${host.cwd()}/${path}`);
  };
  const basename = (value: unknown, suffix?: unknown): string => {
    const path = text(value).replace(/\/+$/, '');
    const base = path.slice(path.lastIndexOf('/') + 1);
    return typeof suffix === 'string' && suffix !== base && base.endsWith(suffix) ? base.slice(0, base.length - suffix.length) : base;
  };
  const path = {
    sep: '/',
    delimiter: ':',
    normalize,
    resolve,
    basename,
    dirname(value: unknown): string {
      const trimmed = withoutTrailingSlashes(text(value));
      const slash = trimmed.lastIndexOf('/');
      if (slash < 0) return '.';
      if (slash <= 0) return '/';
      return slash === 1 && trimmed.startsWith('/') ? '//' : trimmed.slice(0, slash);
    },
    extname(value: unknown): string {
      const base = basename(value);
      const dot = base.lastIndexOf('.');
      return dot <= 0 || base === '..' ? '' : base.slice(dot);
    },
    isAbsolute: (value: unknown): boolean => text(value).startsWith('/'),
    join(...segments: unknown[]): string {
      const joined = segments.map(text).filter(Boolean).join('/');
      return joined === '' ? '.' : normalize(joined);
    },
    relative(from: unknown, to: unknown): string {
      const a = resolve(from).split('/').filter(Boolean);
      const b = resolve(to).split('/').filter(Boolean);
      let same = 0;
      while (same < a.length && same < b.length && a[same] === b[same]) same++;
      return [...a.slice(same).map(() => '..'), ...b.slice(same)].join('/');
    },
  };
  Object.defineProperty(globalThis, 'path', { value: path, writable: true, enumerable: false, configurable: true });
}
