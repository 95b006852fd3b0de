#!/usr/bin/env node
import { start } from './start.js';

void start((tool, args) => tool.goExec(args, 'wasip1'));
