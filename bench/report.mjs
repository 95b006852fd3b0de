// @ts-check
// How figures are shown: as columns on a terminal, or as Markdown to be pasted.

/** @typedef {readonly (readonly string[])[]} Rows The first one is the head. */

/** @param {Rows} rows @returns {number[]} */
const widthsOf = (rows) => /** @type {readonly string[]} */ (rows[0]).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));

/** Columns, the first one to the left and the others to the right. @param {Rows} rows */
export function table(rows) {
  const widths = widthsOf(rows);
  const line = (/** @type {readonly string[]} */ row) =>
    widths.map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** @param {Rows} rows */
export function markdownTable(rows) {
  const [head, ...body] = /** @type {[readonly string[], ...Rows]} */ (rows);
  const line = (/** @type {readonly string[]} */ row) => `| ${head.map((_, column) => (row[column] ?? '').replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`, ...body.map(line)].join('\n');
}

/** @param {string} title @param {boolean} asMarkdown */
export const showHeading = (title, asMarkdown) => (asMarkdown ? `\n**${title}**\n` : `\n${title}\n`);

/** Three significant digits, without an exponent. @param {number} value */
export const digits = (value) => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);

/** @param {import('./statistics.mjs').Spread} spread */
export const showSpread = ({ median, low, high }) => (low === high ? digits(median) : `${digits(median)} (${digits(low)}–${digits(high)})`);

/** A line on standard error that says how far it is; nothing where that is not a terminal. */
export class Progress {
  /** @param {number} steps */
  constructor(steps) {
    this.steps = steps;
    this.done = 0;
  }

  /** @param {string} what is begun now */
  step(what) {
    this.done++;
    this.write(`\r\x1b[K[${this.done}/${this.steps}] ${what}`);
  }

  end() {
    this.write('\r\x1b[K');
  }

  /** @param {string} text */
  write(text) {
    if (process.stderr.isTTY) process.stderr.write(text);
  }
}
