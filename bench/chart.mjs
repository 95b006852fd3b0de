// @ts-check
// A bar chart as SVG, drawn by hand: a panel for each program, a bar for each engine, shorter is better. It follows the
// reader's light or dark scheme.

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number | undefined} value undefined where there is none
 * @property {number} [low] the range of all runs, drawn as a whisker
 * @property {number} [high]
 * @property {string} text what stands at the end of the bar
 * @property {'ours' | 'base' | 'other'} tone
 *
 * @typedef {{ title: string, bars: readonly Bar[] }} Panel
 */

const COLUMNS = 2;
const GAP = 32;
const MARGIN = 24;
/** Of the longest bar. */
const LENGTH = 190;
const ROOM_FOR_TEXT = 80;
/** A character of a label takes about so much. */
const CHARACTER = 6.4;
const ROW = 20;
const BAR = 12;
const HEAD = 68;
const TITLE = 26;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .head { font-size: 17px; font-weight: 600; }
  .note, .none { fill: #6e7781; }
  .title { font-size: 13px; font-weight: 600; }
  .back { fill: #ffffff; }
  .ours { fill: #0969da; }
  .base { fill: #57606a; }
  .other { fill: #afb8c1; }
  .spread { stroke: #24292f; stroke-width: 1; opacity: 0.55; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note, .none { fill: #8b949e; }
    .back { fill: #0d1117; }
    .ours { fill: #58a6ff; }
    .base { fill: #b1bac4; }
    .other { fill: #484f58; }
    .spread { stroke: #e6edf3; }
  }`;

/** @param {string} text */
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
/** @param {number} value */
const px = (value) => String(Math.round(value * 10) / 10);

/** @param {Panel} panel */
const heightOf = ({ bars }) => TITLE + bars.length * ROW + GAP;

/** Labels end where bars begin: at x 0 of the panel. @param {Bar} bar @param {number} scale pixels for a unit @param {number} y */
function drawBar({ label, value, low, high, text, tone }, scale, y) {
  const middle = y + ROW / 2;
  const base = px(middle + 4);
  const parts = [`<text x="-8" y="${base}" text-anchor="end">${escape(label)}</text>`];
  if (value === undefined) return [...parts, `<text class="none" x="0" y="${base}">${escape(text)}</text>`];
  const end = Math.max(value * scale, 1);
  parts.push(`<rect class="${tone}" x="0" y="${px(middle - BAR / 2)}" width="${px(end)}" height="${BAR}" rx="2"/>`);
  if (low !== undefined && high !== undefined && high > low) parts.push(`<path class="spread" d="M${px(low * scale)} ${px(middle)}H${px(high * scale)}"/>`);
  parts.push(`<text x="${px(Math.max(end, (high ?? 0) * scale) + 6)}" y="${base}">${escape(text)}</text>`);
  return parts;
}

/** @param {Panel} panel @param {number} x where the bars begin @param {number} y @param {number} label the width of the labels */
function drawPanel({ title, bars }, x, y, label) {
  const longest = Math.max(...bars.map(({ value, high }) => Math.max(value ?? 0, high ?? 0)), Number.MIN_VALUE);
  return [
    `<g transform="translate(${px(x)} ${px(y)})">`,
    `<text class="title" x="${px(-label)}" y="14">${escape(title)}</text>`,
    ...bars.flatMap((bar, i) => drawBar(bar, LENGTH / longest, TITLE + i * ROW)),
    '</g>',
  ];
}

/**
 * The whole document. Panels fill the columns from left to right; each has a scale of its own.
 * @param {{ title: string, note: string, panels: readonly Panel[] }} chart
 */
export function drawChart({ title, note, panels }) {
  const label = Math.ceil(Math.max(...panels.flatMap(({ bars }) => bars.map((bar) => bar.label.length)), 0) * CHARACTER) + 8;
  const panelWidth = label + LENGTH + ROOM_FOR_TEXT;
  const width = 2 * MARGIN + COLUMNS * panelWidth + (COLUMNS - 1) * GAP;
  const drawn = [];
  let top = HEAD;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    drawn.push(...row.flatMap((panel, column) => drawPanel(panel, MARGIN + label + column * (panelWidth + GAP), top, label)));
    top += Math.max(...row.map(heightOf));
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="back" width="${width}" height="${top}"/>`,
    `<text class="head" x="${MARGIN}" y="30">${escape(title)}</text>`,
    `<text class="note" x="${MARGIN}" y="50">${escape(note)}</text>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}
