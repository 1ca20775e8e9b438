import { expect, test } from 'vitest'
import { Bucket, Buckets } from '../../src/domain/bucket.ts'

const RATE = { perSecond: 10, burst: 3 }

const taken = (bucket: Bucket, now: number, tries = 10): number =>
  Array.from({ length: tries }, () => bucket.take(1, now)).filter(Boolean).length

test('a burst passes at once, then as much as the rate gives, never more than a burst', () => {
  const bucket = new Bucket(RATE, 1_000)
  expect(taken(bucket, 1_000)).toBe(3)
  expect(taken(bucket, 1_099)).toBe(0)
  expect(taken(bucket, 1_100)).toBe(1)
  expect(taken(bucket, 1_300)).toBe(2)
  expect(taken(bucket, 1_000_000)).toBe(3)
})

test('what is refused uses nothing up, and the wait is as long as is missing', () => {
  const bucket = new Bucket(RATE, 0)
  expect(taken(bucket, 0)).toBe(3)
  expect([bucket.wait(1, 0), bucket.wait(2, 0), bucket.wait(1, 40)]).toEqual([100, 200, 60])
  expect([bucket.take(2, 150), bucket.take(1, 150)]).toEqual([false, true])
})

test('a cost above the burst passes when the bucket is full', () => {
  const bucket = new Bucket(RATE, 0)
  expect([bucket.take(50, 0), bucket.take(1, 0)]).toEqual([true, false])
  expect([bucket.take(50, 290), bucket.take(50, 301)]).toEqual([false, true])
})

test('keys do not touch each other', () => {
  const buckets = new Buckets(RATE, { now: () => 0 })
  const waits = ['a', 'a', 'b', 'a', 'a', 'b', 'b', 'b'].map((key) => buckets.take(key))
  expect(waits).toEqual([0, 0, 0, 0, 100, 0, 0, 100])
})

test('full buckets are forgotten by the use of others, without a timer', () => {
  let now = 0
  const buckets = new Buckets(RATE, { now: () => now })
  for (let key = 0; key < 100; key += 1) buckets.take(`early ${key}`)
  expect(buckets.size).toBe(100)
  now = 99
  buckets.take('late')
  expect(buckets.size).toBe(101)
  now = 100
  for (let use = 0; use < 50; use += 1) buckets.take('late')
  expect(buckets.size).toBe(1)
})

test('of too many keys those are forgotten that were not used for longest', () => {
  const buckets = new Buckets(RATE, { now: () => 0 })
  for (let use = 0; use < 3; use += 1) buckets.take('flooder')
  for (let key = 0; key < 99_999; key += 1) buckets.take(`${key}`)
  expect(buckets.size).toBe(100_000)
  expect(buckets.take('flooder')).toBe(100)
  for (let key = 0; key < 50_000; key += 1) buckets.take(`more ${key}`)
  expect(buckets.size).toBe(100_000)
  expect(buckets.take('flooder')).toBe(100)
})
