import { describe } from 'vitest'
import { changeRules } from './repository-changes.ts'
import { codeRules } from './repository-codes.ts'
import { directoryRules } from './repository-directory.ts'
import { leaseRules } from './repository-leases.ts'
import { lifeRules } from './repository-life.ts'
import { logRules } from './repository-log.ts'
import { memberRules } from './repository-members.ts'
import { optionRules } from './repository-options.ts'
import { ownerRules } from './repository-owners.ts'
import { resumeRules } from './repository-resume.ts'
import { readRules } from './repository-reads.ts'
import type { MakeRepository } from './repository-scene.ts'
import { searchRules } from './repository-search.ts'
import { valueRules } from './repository-values.ts'

/** Registers every rule of the Repository port (docs/contracts.md) for one adapter. */
export const repositoryContract = (name: string, make: MakeRepository): void => {
  describe(`${name} keeps the contract of the repository`, () => {
    logRules(make)
    valueRules(make)
    memberRules(make)
    leaseRules(make)
    resumeRules(make)
    readRules(make)
    lifeRules(make)
    searchRules(make)
    codeRules(make)
    directoryRules(make)
    optionRules(make)
    ownerRules(make)
    changeRules(make)
  })
}
