import { describeLockStep } from '../support/lock-step.js';

describeLockStep(({ language }) => language !== 'go');
