import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'spec-tests/**/*.test.ts', 'bench/**/*.test.mjs'],
    testTimeout: 60_000,
    // vitest by itself leaves one for its own process, which has little to do.
    maxWorkers: '100%',
  },
});
