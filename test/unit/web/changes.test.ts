import { expect, test } from 'vitest'
import { Changes } from '../../../web/src/changes.ts'

test('a thousand changes are told once, and what changes while it is told is told next', () => {
  const due: (() => void)[] = []
  const changes = new Changes((then) => due.push(then))
  let told = 0
  const off = changes.on(() => {
    told += 1
    if (told === 1) changes.tell()
  })
  for (let at = 0; at < 1_000; at += 1) changes.tell()
  expect([due.length, told]).toEqual([1, 0])
  due.shift()?.()
  expect([due.length, told]).toEqual([1, 1])
  due.shift()?.()
  expect([due.length, told]).toEqual([0, 2])
  off()
  changes.tell()
  due.shift()?.()
  expect(told).toBe(2)
})
