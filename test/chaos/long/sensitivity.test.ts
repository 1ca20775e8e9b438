import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { privateFolder } from '../../services/server-process.ts'
import { MUTANTS, planOf, RETURN_MUTANTS, type Mutant } from '../mutants.ts'
import { POWER_MUTANTS } from '../power-mutants.ts'
import { summaryOf } from '../report.ts'
import { play } from '../run.ts'
import { Services } from '../stage.ts'

const SEEDS = [101, 102, 103]

let services: Services
let folder: string
beforeAll(async () => {
  services = await Services.start()
  folder = await privateFolder('mutants')
})
afterAll(async () => {
  await services.stop()
  await rm(folder, { recursive: true })
})

const seesItMissing = async (mutant: Mutant): Promise<void> => {
  let caught: readonly string[] = []
  for (const seed of SEEDS) {
    const run = await play(services, planOf(mutant, seed, folder))
    console.log(summaryOf(run))
    caught = run.problems.map(({ rule }) => rule).filter((rule) => mutant.caughtAs.includes(rule))
    if (caught.length > 0) break
  }
  expect(caught).not.toEqual([])
}

const hasNothingToSay = async (mutant: Mutant): Promise<void> => {
  const { patch: _patch, prepare: _prepare, ...whole } = mutant
  const run = await play(services, planOf(whole, SEEDS[0]!, folder))
  expect(run.problems, `the history is in ${run.file}`).toEqual([])
}

describe.each(MUTANTS)('the checker under the faults for: $name', (mutant) => {
  test('sees it missing within three seeds', () => seesItMissing(mutant))
  test('has nothing to say about the whole server', () => hasNothingToSay(mutant))
})

describe('the checker under the faults for members that come back', () => {
  test.each(RETURN_MUTANTS)('sees within three seeds: $name', seesItMissing)
  test('has nothing to say about the whole server', () => hasNothingToSay(RETURN_MUTANTS[0]!))
})

describe('the checker under busy owners', () => {
  test.each(POWER_MUTANTS)('sees within three seeds: $name', seesItMissing)
  test('has nothing to say about the whole server', () => hasNothingToSay(POWER_MUTANTS[0]!))
})
