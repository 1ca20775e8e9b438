import { expect, test } from 'vitest'
import { OwnerTokens } from '../../../web/src/owner-tokens.ts'

const storeOf = (map: Map<string, string>) => ({
  getItem: (key: string) => map.get(key) ?? null,
  setItem: (key: string, value: string) => void map.set(key, value),
  removeItem: (key: string) => void map.delete(key),
})

test('a token is kept in the store, and is gone when it is forgotten', () => {
  const store = storeOf(new Map())
  new OwnerTokens(() => store).keep('room', 'secret')
  const later = new OwnerTokens(() => store)
  expect([later.of('room'), later.of('other')]).toEqual(['secret', undefined])
  later.forget('room')
  expect([later.of('room'), new OwnerTokens(() => store).of('room')]).toEqual([
    undefined,
    undefined,
  ])
})

test('without a store, or with one that is full, it is kept as long as the page', () => {
  const closed = new OwnerTokens(() => {
    throw new Error('closed')
  })
  const full = {
    ...storeOf(new Map()),
    setItem: () => {
      throw new Error('full')
    },
  }
  for (const tokens of [closed, new OwnerTokens(() => full)]) {
    tokens.keep('room', 'secret')
    expect(tokens.of('room')).toBe('secret')
  }
})
