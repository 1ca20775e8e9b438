import type { SerializedError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends the output with the names of all that failed, since their reports can be far up, and one line
 * of totals over all projects. A file that broke outside of its tests, and an error that no test owns,
 * count as one failure each.
 */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const totals = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      const before = totals.failed
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        totals[state]++
        if (state === 'failed') console.log(`failed: ${module.relativeModuleId} > ${test.fullName}`)
      }
      if (!module.ok() && totals.failed === before) {
        totals.failed++
        console.log(`failed: ${module.relativeModuleId}`)
      }
    }
    const skipped = totals.skipped + totals.pending
    const tail = skipped > 0 ? `, ${skipped} skipped` : ''
    if (totals.passed + totals.failed === 0) process.exitCode = 1
    console.log(`${totals.passed} passed, ${totals.failed} failed${tail}`)
  }
}
