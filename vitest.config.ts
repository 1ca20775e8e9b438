import { defineConfig } from 'vitest/config'

/** The projects int and e2e share one Postgres and one Redis; unit runs without any. */
const services = 'test/services/setup.ts'

/** How long what must come may take, in milliseconds; vitest's own second fails on a busy machine. */
const expecting = { poll: { timeout: 20_000 } }

export default defineConfig({
  test: {
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          expect: expecting,
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'int',
          expect: expecting,
          include: ['test/int/**/*.test.ts'],
          globalSetup: services,
          testTimeout: 30_000,
          hookTimeout: 30_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          expect: expecting,
          include: ['test/e2e/**/*.test.ts', 'test/chaos/{presence,rooms}.test.ts'],
          exclude: ['test/e2e/slow-readers.test.ts'],
          globalSetup: [services, 'test/e2e/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Whole servers, which mostly wait: four files at a time, after the other projects.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'chaos',
          expect: expecting,
          include: ['test/chaos/*.test.ts', 'test/e2e/slow-readers.test.ts'],
          exclude: ['test/chaos/{presence,rooms}.test.ts'],
          globalSetup: services,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // They measure, so each has the machine for itself.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
