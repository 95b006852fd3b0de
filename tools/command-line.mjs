// @ts-check
import { parseArgs } from 'node:util';

/** Says what is wrong in one line, and ends. @param {string} message @returns {never} */
export function refuse(message) {
  console.error(message);
  process.exit(2);
}

/**
 * The words of the command line, its flags, and its options that are whole numbers, which have a default.
 * @template {string} N @template {string} F
 * @param {Readonly<Record<N, number>>} numbers @param {readonly F[]} flags
 * @returns {{ words: string[], numbers: Record<N, number>, flags: Record<F, boolean> }}
 */
export function commandLine(numbers, flags) {
  const names = /** @type {N[]} */ (Object.keys(numbers));
  const { values, positionals } = parsed({
    ...Object.fromEntries(names.map((name) => [name, { type: /** @type {const} */ ('string') }])),
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
