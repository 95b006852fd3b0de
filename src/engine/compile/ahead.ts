import type { Address, Turns } from './turns.js';

/** With fewer turns to go a loop is as quick as it is. */
const FEW = 8;

/**
 * What is done ahead of a loop, once: all turns at a time that are certain to be done, up to the limit of instructions.
 * The last of them is left to the loop itself, which sets the locals that only last for a turn; so does every turn that
 * ends the loop, traps, or is behind the limit. `k` is the number of turns.
 *
 * @param wide Has a local two words?
 */
export function ahead({ kind, size, to, from, byte, remaining, steps, count }: Turns, wide: (local: number) => boolean): string {
  const { local, by, least, step } = remaining;
  // A high word only makes it more.
  const enough = least + FEW * step - by;
  const turns = step === 1 ? `l${local}+${by - least}` : `(l${local}+${by - least})/${step}|0`;
  const most = `Math.min(${turns},c/${count}|0)`;
  const move = steps.get(to.local)!;
  const address = ({ local, by, offset }: Address): string => `l${local}+${by}|0,${offset}`;
  const other = kind === 'fill' ? `${byte}` : address(from);
  const after = [...steps].map(([local, by]) => moved(local, by, wide(local))).join('');
  return `while(l${local}>${enough}&&(k=${kind}Turns(${address(to)},${other},${kind === 'compare' ? size : move},${most}))>0){${after}c=c-Math.imul(k,${count})|0;}`;
}

/** Adds so much a turn to a local. */
function moved(local: number, by: number, wide: boolean): string {
  const low = `l${local}`;
  if (!wide) return `${low}=${low}+Math.imul(k,${by})|0;`;
  const high = `h${local}`;
  // What is added has a sign, and the low words carry.
  return `${high}=${high}+(Math.imul(k,${by})>>31)+((${low}+Math.imul(k,${by})>>>0)<(${low}>>>0)?1:0)|0;${low}=${low}+Math.imul(k,${by})|0;`;
}
