// @ts-check
// Where and on what the figures were taken.
import { cpus } from 'node:os';

/** @param {readonly import('./engines.mjs').Node[]} nodes */
export function machine(nodes) {
  return [cpus()[0]?.model.trim(), `${cpus().length} cores`, ...nodes.map(({ label }) => label)].join(', ');
}
