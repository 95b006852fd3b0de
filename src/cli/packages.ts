import type * as Yargs from 'yargs';

/** How packages are loaded, where they are needed. A script that came from kept code cannot import: `start.ts` does it for the bundle. */
export const packages: { yargs: () => Promise<typeof Yargs> } = {
  yargs: () => import('yargs'),
};
