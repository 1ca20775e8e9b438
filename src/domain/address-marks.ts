import type { Clock } from '../ports/clock.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { AddressMark, RoomId } from '../ports/model.ts'
import type { Repository } from '../ports/repository.ts'
import { pause } from './pause.ts'

const RETRY_MS = 500

export interface AddressMarksParts {
  readonly repository: Pick<Repository, 'addressKey'>
  readonly clock: Clock
  readonly ids: Pick<Ids, 'addressMark'>
  readonly log: Log
}

/** What stands for network addresses in the repository: the same on all nodes, another in each room. */
export class AddressMarks {
  readonly #parts: AddressMarksParts
  #key: string | undefined
  #stopped = false

  constructor(parts: AddressMarksParts) {
    this.#parts = parts
  }

  /** Resolves when `of` works, however long the repository takes to answer; or after stop. */
  async start(): Promise<void> {
    const { repository, clock, log } = this.#parts
    while (this.#key === undefined && !this.#stopped) {
      try {
        this.#key = await repository.addressKey()
      } catch (error) {
        log.debug('no key for addresses', { error })
        await pause(clock, RETRY_MS)
      }
    }
  }

  stop(): void {
    this.#stopped = true
  }

  /** @param address any text that is the same for the same address; undefined: it is not known */
  of(roomId: RoomId, address: string | undefined): AddressMark | undefined {
    if (address === undefined || this.#key === undefined) return undefined
    return this.#parts.ids.addressMark(this.#key, roomId, address)
  }
}
