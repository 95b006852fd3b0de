#!/usr/bin/env node
import { goExec } from './go-exec.js';

process.exit(await goExec(process.argv.slice(2), 'js'));
