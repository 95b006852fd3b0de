import { describeLockStep } from '../support/lock-step.js';

describeLockStep(({ language, target }) => language === 'go' && target === 'wasip1');
