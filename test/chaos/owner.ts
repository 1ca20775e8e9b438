import { setTimeout as pause } from 'node:timers/promises'
import { HISTORY_TYPE } from '../../src/protocol/dialect.ts'
import type { Random } from '../random.ts'
import type { Act, Read } from './history.ts'
import type { Place } from './stage.ts'
import type { LiveVisit } from './talkers.ts'
import type { Message } from './visits.ts'

const CALL_MS = 3_000
const RETRY_MS = 100
const LOOK_MS = 250
/** Chances per turn: it removes a member; it deletes a message. Else it reads. */
const REMOVE = 0.12
const DELETE = 0.45
/** It deletes what was said lately. */
const RECENT = 25
/** Where a room may be read. */
const ALL_PATHS = ['', '/info', '/messages', '/messages?limit=9', '/messages/1', '/export'] as const

export interface OwnedRoom {
  readonly roomId: string
  readonly ownerToken: string
}

interface Answer {
  /** 0: there was none. */
  readonly status: number
  readonly text: string
}

/**
 * Who made the rooms: deletes what others say, puts members out, ends rooms, and looks at once for what
 * should not be there any more.
 */
export class Owner {
  readonly acts: Act[] = []
  readonly reads: Read[] = []
  readonly oddities: string[] = []
  readonly #places: readonly Place[]
  readonly #random: Random
  readonly #works: Promise<void>[] = []
  #working = true
  #stopped = false
  #busy = 0

  constructor(places: readonly Place[], random: Random) {
    this.#places = places
    this.#random = random
  }

  /** Whether it has hushed, and every room is over that was to end. */
  get settled(): boolean {
    return this.#busy === 0
  }

  /**
   * Looks after a room until it is told to hush.
   * @param pauseMs between two acts, at least and at most
   * @param visits those of this room that have a connection
   */
  rule(
    room: OwnedRoom,
    [shortest, longest]: readonly [number, number],
    visits: () => readonly LiveVisit[],
  ): void {
    const work = async (): Promise<void> => {
      while (this.#working) {
        await pause(shortest + this.#random.below(longest - shortest))
        const dice = this.#random.next()
        const open = visits().filter(({ frames }) => frames.length > 0)
        if (open.length === 0) continue
        const visit = this.#random.pick(open)
        if (dice < REMOVE) await this.#remove(room, visit)
        else if (dice < REMOVE + DELETE) await this.#delete(room, visit)
        else await this.#readSome(room, '')
      }
    }
    this.#begin(work)
  }

  /** Ends a room after so long, and looks from then on whether any node still tells of it. */
  end(room: OwnedRoom, afterMs: number): void {
    const work = async (): Promise<void> => {
      await pause(afterMs)
      const { roomId } = room
      let asked = false
      while (!this.#stopped) {
        const status = await this.#act(room, 'dismiss', roomId, '', asked)
        if (status === 204 || (asked && status === 404)) break
        asked = true
        await pause(RETRY_MS)
      }
      while (this.#working) {
        await this.#read(room, this.#random.pick(ALL_PATHS))
        await pause(LOOK_MS)
      }
    }
    this.#begin(work)
  }

  /** Acts no more, when what is under way is done. */
  hush(): void {
    this.#working = false
  }

  async stop(): Promise<void> {
    this.hush()
    this.#stopped = true
    await Promise.all(this.#works)
  }

  #begin(work: () => Promise<void>): void {
    this.#busy += 1
    this.#works.push(work().finally(() => (this.#busy -= 1)))
  }

  async #remove(room: OwnedRoom, { json, frames }: LiveVisit): Promise<void> {
    const memberId = json?.memberId ?? (JSON.parse(frames[0]!.text) as Message).memberId
    await this.#act(room, 'remove', memberId, `/members/${memberId}`)
  }

  async #delete(room: OwnedRoom, { frames }: LiveVisit): Promise<void> {
    const chats = frames
      .slice(-RECENT)
      .map(({ text }) => JSON.parse(text) as Message)
      .filter(({ type, message }) => type === 'chat' && message !== '')
    if (chats.length === 0) return
    const { id, message } = this.#random.pick(chats)
    const status = await this.#act(room, 'delete', id, `/messages/${id}`)
    if (status === 204) await this.#readSome(room, message)
  }

  /** @param gone as `#act`: it may have happened at an earlier try, then it is not there any more */
  async #act(
    { roomId, ownerToken }: OwnedRoom,
    kind: Act['kind'],
    id: string,
    path: string,
    gone = false,
  ): Promise<number> {
    const at = performance.now()
    const headers = { authorization: `Bearer ${ownerToken}` }
    const { status, text } = await this.#call('DELETE', `/api/room/${roomId}${path}`, headers)
    const isDone = status === 204 || (gone && status === 404)
    this.acts.push({ at, done: isDone ? performance.now() : undefined, roomId, kind, id })
    if (![0, 204, 404, 503].includes(status)) {
      this.oddities.push(`the owner who wanted to ${kind} was told ${status}: ${text}`)
    }
    return status
  }

  /** @param words what must not be found any more */
  async #readSome(room: OwnedRoom, words: string): Promise<void> {
    const paths = ['/messages?limit=40', '/export', '/messages']
    if (words !== '') paths.push(`/messages?search=${encodeURIComponent(words)}`)
    await this.#read(room, this.#random.pick(paths))
  }

  async #read({ roomId }: OwnedRoom, path: string): Promise<void> {
    const at = performance.now()
    const headers = this.#random.chance(0.5) ? { accept: HISTORY_TYPE } : {}
    const { status, text } = await this.#call('GET', `/api/room/${roomId}${path}`, headers)
    const elements = status === 200 ? elementsOf(path, text) : []
    this.reads.push({ at, roomId, path, status, elements })
  }

  async #call(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const { node } = this.#random.pick(this.#places)
    if (node === undefined || node.port === 0 || !node.running) return { status: 0, text: '' }
    try {
      const signal = AbortSignal.timeout(CALL_MS)
      const url = `http://127.0.0.1:${node.port}${path}`
      const response = await fetch(url, { method, headers, signal })
      return { status: response.status, text: await response.text() }
    } catch {
      // Its node was killed, or sleeps.
      return { status: 0, text: '' }
    }
  }
}

const elementsOf = (path: string, text: string): readonly string[] => {
  if (path === '/export') return text.split('\n').filter(Boolean)
  if (!path.startsWith('/messages')) return []
  const found = JSON.parse(text) as object | readonly object[]
  return [found].flat().map((element) => JSON.stringify(element))
}
