import type { Stored } from '../../ports/stored.ts'
import { PostgresCodes } from './codes.ts'
import { Database } from './database.ts'
import { PostgresRoomOwners } from './room-owners.ts'
import { PostgresPublicRooms } from './public-rooms.ts'
import { PostgresRepository } from './repository.ts'
import { PostgresSearchIndex } from './search.ts'

export interface StoredInPostgres extends Stored {
  /** See Database.start. */
  start(): Promise<void>
  /** See Database.stop. */
  stop(): Promise<void>
}

/**
 * Everything that is stored, in one Postgres. Connects with the first call; nothing works before
 * `start` has resolved: see Database.
 * @param url `postgres://…`
 */
export const openPostgres = (url: string): StoredInPostgres => {
  const database = new Database(url)
  return {
    repository: new PostgresRepository(database),
    roomOwners: new PostgresRoomOwners(database.main),
    publicRooms: new PostgresPublicRooms(database.main),
    codes: new PostgresCodes(database.main),
    searchIndex: new PostgresSearchIndex(database.search),
    start: () => database.start(),
    stop: () => database.stop(),
  }
}
