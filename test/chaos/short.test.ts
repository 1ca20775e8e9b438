import { afterAll, beforeAll, expect, test } from 'vitest'
import { shortPlan } from './plans.ts'
import { summaryOf } from './report.ts'
import { play } from './run.ts'
import { Services } from './stage.ts'

let services: Services
beforeAll(async () => {
  services = await Services.start()
})
afterAll(() => services.stop())

test.each([1, 2])('G1–G7: two nodes under faults, seed %i', async (seed) => {
  const run = await play(services, shortPlan(seed))
  console.log(summaryOf(run))
  expect(run.problems, `the history is in ${run.file}`).toEqual([])
})
