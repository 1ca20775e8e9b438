import type { Codes } from './codes.ts'
import type { PublicRooms } from './public-rooms.ts'
import type { Repository } from './repository.ts'
import type { RoomOwners } from './room-owners.ts'
import type { SearchIndex } from './search-index.ts'

/** All that a server stores, which is in one place: a room that ends there ends in each of these. */
export interface Stored {
  readonly repository: Repository
  readonly roomOwners: RoomOwners
  readonly publicRooms: PublicRooms
  readonly codes: Codes
  readonly searchIndex: SearchIndex
}
