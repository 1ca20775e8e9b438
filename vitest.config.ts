import { defineConfig } from 'vitest/config'

/** The projects int and e2e share one Postgres and one Redis; unit runs without any. */
const services = 'test/services/setup.ts'

export default defineConfig({
  test: {
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 10_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'int',
          include: ['test/int/**/*.test.ts'],
          globalSetup: services,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: [services, 'test/e2e/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // A busy machine takes longer than the second that is the default.
          expect: { poll: { timeout: 15_000 } },
          // Whole servers, which mostly wait: three files at a time, after the other projects.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['test/chaos/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // It measures, so it has the machine for itself.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
