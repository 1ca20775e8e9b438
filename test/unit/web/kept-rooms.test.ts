import { expect, test } from 'vitest'
import { KeptRooms } from '../../../web/src/kept-rooms.ts'

const ROOM = { id: 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8', name: 'Quiet Place' }

/** A browser's store that holds this to begin with. */
const storeOf = (...kept: readonly string[]) => {
  const values = new Map(kept.map((value) => ['sharechat.rooms', value]))
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  }
}

test('ids and names are kept, nothing else of a room, until they are forgotten', () => {
  const store = storeOf()
  const kept = new KeptRooms(() => store)
  expect(kept.rooms).toBeUndefined()
  const room = { ...ROOM, draft: 'not for others' }
  kept.keep([room])
  expect(new KeptRooms(() => store).rooms).toEqual([ROOM])
  expect(Array.from(store.values.values()).join('')).not.toContain('draft')
  kept.forget()
  expect([kept.rooms, store.values.size]).toEqual([undefined, 0])
})

test.for(['', 'null', '{}', '{"length":1}', '[null,1,{"id":"../x","name":"x"},{"id":1}]'])(
  'whatever is in the store, only rooms come out: %s',
  (value) => {
    expect(new KeptRooms(() => storeOf(value)).rooms ?? []).toEqual([])
  },
)

test('a store that is closed or full keeps nothing, and harms nobody', () => {
  const refuse = (): never => {
    throw new Error('QuotaExceededError')
  }
  const closed = new KeptRooms(refuse)
  closed.keep([ROOM])
  closed.forget()
  expect(closed.rooms).toBeUndefined()
  const full = new KeptRooms(() => ({ ...storeOf(JSON.stringify([ROOM])), setItem: refuse }))
  full.keep([])
  expect(full.rooms).toEqual([ROOM])
})
