// @ts-check
// A bar chart as SVG, drawn by hand: a panel for each program, a bar for each engine, shorter is better. It follows the
// reader's light or dark scheme.

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number | undefined} value undefined where there is none
 * @property {number} [low] the quartiles, drawn as a whisker
 * @property {number} [high]
 * @property {string} text what stands at the end of the bar
 * @property {'ours' | 'base' | 'other'} tone
 *
 * @typedef {{ title: string, bars: readonly Bar[] }} Panel
 */

const COLUMNS = 2;
const PANEL = 460;
const GAP = 32;
const MARGIN = 24;
const LABEL = 190;
const ROOM_FOR_TEXT = 76;
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

/** @param {Bar} bar @param {number} scale pixels for a unit @param {number} y */
function drawBar({ label, value, low, high, text, tone }, scale, y) {
  const middle = y + ROW / 2;
  const parts = [`<text x="${LABEL - 8}" y="${px(middle + 4)}" text-anchor="end">${escape(label)}</text>`];
  if (value === undefined) return [...parts, `<text class="none" x="${LABEL}" y="${px(middle + 4)}">${escape(text)}</text>`];
  const end = LABEL + Math.max(value * scale, 1);
  parts.push(`<rect class="${tone}" x="${LABEL}" y="${px(middle - BAR / 2)}" width="${px(end - LABEL)}" height="${BAR}" rx="2"/>`);
  if (low !== undefined && high !== undefined && high > low) {
    parts.push(`<path class="spread" d="M${px(LABEL + low * scale)} ${px(middle)}H${px(LABEL + high * scale)}"/>`);
  }
  parts.push(`<text x="${px(Math.max(end, LABEL + (high ?? 0) * scale) + 6)}" y="${px(middle + 4)}">${escape(text)}</text>`);
  return parts;
}

/** @param {Panel} panel @param {number} x @param {number} y */
function drawPanel({ title, bars }, x, y) {
  const longest = Math.max(...bars.map(({ value, high }) => Math.max(value ?? 0, high ?? 0)), Number.MIN_VALUE);
  const scale = (PANEL - LABEL - ROOM_FOR_TEXT) / longest;
  return [
    `<g transform="translate(${px(x)} ${px(y)})">`,
    `<text class="title" x="0" y="14">${escape(title)}</text>`,
    ...bars.flatMap((bar, i) => drawBar(bar, scale, TITLE + i * ROW)),
    '</g>',
  ];
}

/**
 * The whole document. Panels fill the columns from left to right; each has a scale of its own.
 * @param {{ title: string, note: string, panels: readonly Panel[] }} chart
 */
export function drawChart({ title, note, panels }) {
  const width = 2 * MARGIN + COLUMNS * PANEL + (COLUMNS - 1) * GAP;
  const drawn = [];
  let top = HEAD;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    drawn.push(...row.flatMap((panel, column) => drawPanel(panel, MARGIN + column * (PANEL + GAP), top)));
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
