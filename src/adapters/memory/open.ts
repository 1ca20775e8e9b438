import type { Clock } from '../../ports/clock.ts'
import type { Stored } from '../../ports/stored.ts'
import { MemoryCodes } from './codes.ts'
import { MemoryPublicRooms } from './public-rooms.ts'
import { MemoryRepository } from './repository.ts'
import { MemoryRoomOwners } from './room-owners.ts'
import { MemorySearchIndex } from './search.ts'
import { Store } from './store.ts'

/**
 * Everything that is stored, in this process and for as long as it runs. Every method but `search` does
 * its work before it returns its promise, so each is atomic. Any number of controllers over one of these
 * behave as nodes over one database.
 * @param limitBytes how much rooms and messages may take: see Space
 */
export const openMemory = (clock: Clock, limitBytes: number): Stored => {
  const store = new Store(clock, limitBytes)
  return {
    repository: new MemoryRepository(store),
    roomOwners: new MemoryRoomOwners(store),
    publicRooms: new MemoryPublicRooms(store),
    codes: new MemoryCodes(store),
    searchIndex: new MemorySearchIndex(store),
  }
}
