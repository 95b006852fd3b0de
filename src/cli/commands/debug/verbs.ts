import { BREAKING } from './verbs-break.js';
import { CODE } from './verbs-code.js';
import { DATA } from './verbs-data.js';
import { GOROUTINES } from './verbs-goroutines.js';
import { MOVING } from './verbs-move.js';
import { TIME } from './verbs-time.js';
import { SESSION } from './verbs-session.js';
import type { Verb } from './verb.js';

/** All commands, in the order of the help. */
export const VERBS: readonly Verb[] = [...MOVING, ...TIME, ...BREAKING, ...GOROUTINES, ...DATA, ...CODE, ...SESSION];
