import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** `make chaos`: too long for `make test`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    include: ['test/chaos/long/*.test.ts'],
    reporters: ['default', './test/reporter.ts'],
    testTimeout: 200_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
})
