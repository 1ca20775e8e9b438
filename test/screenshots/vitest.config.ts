import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** `make screenshots`: it checks nothing. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/screenshots/*.test.ts'],
    testTimeout: 60_000,
  },
})
