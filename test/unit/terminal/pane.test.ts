import { expect, test } from 'vitest'
import {
  confirmed,
  membersNamed,
  type Pane,
  received,
  refused,
  voided,
} from '../../../src/terminal/pane.ts'
import { room, said, YOU } from './scene.ts'

const members = [
  { id: '1', name: 'Ok Echidna' },
  { id: '2', name: 'Ok Otter' },
  { id: '3', name: 'Oko' },
  { id: '2', name: 'Ok Otter' },
  { id: '4', name: 'OK' },
]
const named = (name: string) => membersNamed(members, name).map(({ id }) => id)

test('a member is meant by its name, or by the beginning of it if that is of one only', () => {
  expect(named('ok echidna')).toEqual(['1'])
  expect(named('ok e')).toEqual(['1'])
  expect(named('ok o')).toEqual(['2'])
  expect(named('ok')).toEqual(['4'])
  expect(named('o')).toEqual(['1', '2', '3', '4'])
  expect(named('k')).toEqual([])
})

test('of two that had the same name the later one is meant', () => {
  expect(membersNamed([...members, { id: '5', name: 'Ok Otter' }], 'ok otter')).toEqual([
    { id: '5', name: 'Ok Otter' },
  ])
})

test('what was sent stays until its message is here, also when it is known to be stored before', () => {
  const sent: Pane = { ...room('a', 'Own'), unconfirmed: [{ number: 1, text: 'hello' }] }
  const stored = confirmed(sent, 1, 7)
  expect(stored.unconfirmed).toEqual([{ number: 1, text: 'hello', seq: 7 }])
  expect(received(stored, said(6, 'something else'), true).unconfirmed).toHaveLength(1)
  // Its text may be another one by now.
  expect(received(stored, said(7, 'edited', YOU), true).unconfirmed).toEqual([])
  const seen = received(sent, said(7, 'hello', YOU), true)
  expect([seen.unconfirmed, confirmed(seen, 1, 7).unconfirmed]).toEqual([[], []])
  expect(refused(sent, 1).unconfirmed).toEqual([])
  expect(voided(stored).unconfirmed).toEqual([])
})
