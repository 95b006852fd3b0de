// @ts-check
import { parseArgs } from 'node:util';

/** Says what is wrong in one line, and ends. @param {string} message @returns {never} */
export function refuse(message) {
  console.error(message);
  process.exit(2);
}

/**
 * The words of the command line, its flags, its options that are whole numbers, which have a default, and those that
 * are any text, which may be left out.
 * @template {string} N @template {string} F @template {string} [T=never]
 * @param {Readonly<Record<N, number>>} numbers @param {readonly F[]} flags @param {readonly T[]} texts
 * @returns {{ words: string[], numbers: Record<N, number>, flags: Record<F, boolean>, texts: Partial<Record<T, string>> }}
 */
export function commandLine(numbers, flags, texts = []) {
  const names = /** @type {N[]} */ (Object.keys(numbers));
  const { values, positionals } = parsed({
    ...Object.fromEntries([...names, ...texts].map((name) => [name, { type: /** @type {const} */ ('string') }])),
    ...Object.fromEntries(flags.map((name) => [name, { type: /** @type {const} */ ('boolean') }])),
  });
  const count = (/** @type {N} */ name) => {
    const text = String(values[name] ?? numbers[name]);
    return /^[0-9]{1,9}$/.test(text) ? Number(text) : refuse(`--${name} takes a whole number, not "${text}"`);
  };
  return {
    words: positionals,
    numbers: /** @type {Record<N, number>} */ (Object.fromEntries(names.map((name) => [name, count(name)]))),
    flags: /** @type {Record<F, boolean>} */ (Object.fromEntries(flags.map((name) => [name, values[name] === true]))),
    texts: /** @type {Partial<Record<T, string>>} */ (Object.fromEntries(texts.map((name) => [name, values[name]]))),
  };
}

/** @param {Record<string, { type: 'string' | 'boolean' }>} options */
function parsed(options) {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    // What follows the first sentence is about words that begin with a dash.
    const [message] = /** @type {Error} */ (error).message.split(/\.( |\n|$)/);
    return refuse(`${message}; there are ${Object.keys(options).map((name) => `--${name}`).join(', ')}`);
  }
}
