import type { Meter } from '../src/ports/meter.ts'

/** Keeps what it is told, added up under the name of the call and its words, such as `refused text full`. */
export class CountingMeter implements Meter {
  readonly counts: Record<string, number> = {}
  readonly received = () => this.#add('received')
  readonly stored: Meter['stored'] = (messages) => {
    for (const { type } of messages) this.#add(`stored ${type}`)
  }
  readonly delivered: Meter['delivered'] = (way, plain, members) => {
    if (plain.length > 0) this.#add(`delivered ${way}`, members)
  }
  readonly refused: Meter['refused'] = (what, code) => this.#add(`refused ${what} ${code}`)
  readonly closed: Meter['closed'] = (how, code) => this.#add(`closed ${how} ${code}`)
  readonly appended: Meter['appended'] = (entries) => {
    this.#add('appends')
    this.#add('appended', entries)
  }
  readonly appendFailed: Meter['appendFailed'] = (code) => this.#add(`append failed ${code}`)
  readonly published = () => this.#add('published')
  readonly publishFailed = () => this.#add('publish failed')
  readonly gapFound = () => this.#add('gaps found')
  readonly gapRepaired: Meter['gapRepaired'] = (messages) => {
    this.#add('gaps repaired')
    this.#add('messages repaired', messages)
  }
  readonly roomCreated = () => this.#add('rooms created')
  readonly roomsExpired: Meter['roomsExpired'] = (rooms) => this.#add('rooms expired', rooms)
  readonly resumed = () => this.#add('resumed')
  readonly reaped: Meter['reaped'] = (members) => this.#add('reaped', members)
  readonly leaseLost = () => this.#add('leases lost')
  readonly historyCut: Meter['historyCut'] = (why) => this.#add(`history cut ${why}`)

  #add(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by
  }
}
