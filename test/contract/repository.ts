import { describe } from 'vitest'
import { changeRules } from './repository-changes.ts'
import { codeRules } from './codes.ts'
import { publicRoomRules } from './public-rooms.ts'
import { leaseRules } from './repository-leases.ts'
import { lifeRules } from './repository-life.ts'
import { logRules } from './repository-log.ts'
import { memberRules } from './repository-members.ts'
import { optionRules } from './repository-options.ts'
import { ownerRules } from './room-owners.ts'
import { resumeRules } from './repository-resume.ts'
import { readRules } from './repository-reads.ts'
import type { MakeStored } from './repository-scene.ts'
import { searchRules } from './search-index.ts'
import { valueRules } from './repository-values.ts'

/** Registers every rule of what is stored (docs/contracts.md) for one adapter. */
export const repositoryContract = (name: string, make: MakeStored): void => {
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
    publicRoomRules(make)
    optionRules(make)
    ownerRules(make)
    changeRules(make)
  })
}
