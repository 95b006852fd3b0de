/** A pattern over function names: `*` for anything, `?` for one character; everything else is itself. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const source = [...pattern].map((char) => (char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[\\^$.|+()[\]{}/]/u, '\\$&'))).join('');
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => expression.test(name);
}
