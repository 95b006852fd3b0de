import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'spec-tests/**/*.test.ts', 'bench/**/*.test.mjs'],
    testTimeout: 60_000,
  },
});
