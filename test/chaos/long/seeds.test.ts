import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longPlan } from '../plans.ts'
import { reportOf, summaryOf } from '../report.ts'
import { play, type Run } from '../run.ts'
import { Services } from '../stage.ts'

const one = Number(process.env['SEED'] ?? 0)
const seeds =
  one > 0 ? [one] : Array.from({ length: Number(process.env['SEEDS'] || 10) }, (_, at) => at + 1)

describe('nodes under faults', () => {
  const runs: Run[] = []
  let services: Services
  beforeAll(async () => {
    services = await Services.start()
  })
  afterAll(async () => {
    console.log(reportOf(runs))
    await services.stop()
  })

  test.each(seeds)('G1–G7 hold, seed %i', async (seed) => {
    const run = await play(services, longPlan(seed))
    runs.push(run)
    console.log(summaryOf(run))
    expect(run.problems, `make chaos SEED=${seed}; the history is in ${run.file}`).toEqual([])
  })
})
