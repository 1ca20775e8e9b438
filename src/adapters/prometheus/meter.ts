import { Histogram, type Registry } from 'prom-client'
import type { ErrorCode } from '../../ports/errors.ts'
import type {
  ConnectionEnd,
  DeliveryWay,
  HistoryCut,
  Meter,
  RefusalCode,
  Refused,
} from '../../ports/meter.ts'
import type { Entry, LoggedMessage, StoredType } from '../../ports/model.ts'
import { closeCodeLabel, COUNTERS } from './counters.ts'
import { Tally } from './tally.ts'

/** Tells the type of a message by its plain frame; undefined for what is none. */
export type TypeOf = (plain: Entry['plain']) => StoredType | undefined

const ENTRIES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
/** An append that is not answered after 2.5 s has failed. */
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2.5]

/** Counts what a node does, for the scrapes of a registry. */
export class PrometheusMeter implements Meter {
  readonly #typeOf: TypeOf
  readonly #tallies: Readonly<Record<keyof typeof COUNTERS, Tally>>
  readonly #appendEntries: Histogram
  readonly #appendSeconds: Histogram

  constructor(registry: Registry, typeOf: TypeOf) {
    this.#typeOf = typeOf
    const tallies = Object.entries(COUNTERS).map(([key, names]) => [
      key,
      new Tally(registry, names),
    ])
    this.#tallies = Object.fromEntries(tallies) as Record<keyof typeof COUNTERS, Tally>
    this.#appendEntries = new Histogram({
      name: 'sharechat_append_entries',
      help: 'Entries of a batch that was stored.',
      buckets: ENTRIES,
      registers: [registry],
    })
    this.#appendSeconds = new Histogram({
      name: 'sharechat_append_seconds',
      help: 'Seconds that the repository took to store a batch.',
      buckets: SECONDS,
      registers: [registry],
    })
  }

  received(): void {
    this.#tallies.received.add()
  }

  stored(messages: readonly LoggedMessage[]): void {
    for (const { type } of messages) this.#tallies.stored.add(1, type)
  }

  delivered(way: DeliveryWay, plain: Entry['plain'], members: number): void {
    const type = this.#typeOf(plain)
    if (type) this.#tallies.deliveries.add(members, `${way}/${type}`)
  }

  refused(what: Refused, code: RefusalCode): void {
    this.#tallies.refusals.add(1, `${what}/${code}`)
  }

  closed(how: ConnectionEnd, code: number): void {
    this.#tallies.closed.add(1, `${how}/${closeCodeLabel(how, code)}`)
  }

  appended(entries: number, ms: number): void {
    this.#appendEntries.observe(entries)
    this.#appendSeconds.observe(ms / 1000)
  }

  appendFailed(code: ErrorCode): void {
    this.#tallies.appendFailures.add(1, code)
  }

  published(): void {
    this.#tallies.publishes.add()
  }

  publishFailed(): void {
    this.#tallies.publishFailures.add()
  }

  gapFound(): void {
    this.#tallies.gapsFound.add()
  }

  gapRepaired(messages: number): void {
    this.#tallies.gapsRepaired.add()
    this.#tallies.messagesRepaired.add(messages)
  }

  roomCreated(): void {
    this.#tallies.roomsCreated.add()
  }

  roomsExpired(rooms: number): void {
    this.#tallies.roomsExpired.add(rooms)
  }

  resumed(): void {
    this.#tallies.resumed.add()
  }

  reaped(members: number): void {
    this.#tallies.reaped.add(members)
  }

  leaseLost(): void {
    this.#tallies.leasesLost.add()
  }

  historyCut(why: HistoryCut): void {
    this.#tallies.historiesCut.add(1, why)
  }
}
