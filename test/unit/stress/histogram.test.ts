import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from '../../../src/stress/histogram.ts'

const micros = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }))
const manyMicros = fc.array(micros, { minLength: 1, maxLength: 200 })

const histogramOf = (values: readonly number[]): Histogram => {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value / 1000)
  return histogram
}

test('a percentile is that of the sorted values, to 0.8 %', () => {
  fc.assert(
    fc.property(manyMicros, fc.integer({ min: 1, max: 1000 }), (values, thousandths) => {
      const sorted = values.toSorted((a, b) => a - b)
      const exact = sorted[Math.ceil((thousandths / 1000) * sorted.length) - 1]! / 1000
      const histogram = histogramOf(values)
      expect(Math.abs(histogram.percentile(thousandths / 1000) - exact)).toBeLessThanOrEqual(
        exact * 0.008,
      )
      expect(histogram.max).toBe(sorted.at(-1)! / 1000)
    }),
  )
})

test('every value is in one of the steps, and they are from the least to the largest', () => {
  fc.assert(
    fc.property(manyMicros, (values) => {
      const steps = histogramOf(values).steps()
      expect(steps.reduce((sum, { count }) => sum + count, 0)).toBe(values.length)
      expect(steps[0]?.count).toBeGreaterThan(0)
      expect(steps.slice(1).map(({ fromMs }) => fromMs)).toEqual(
        steps.slice(0, -1).map(({ toMs }) => toMs),
      )
    }),
  )
})

test('without values everything is zero, and no time is below it', () => {
  expect(new Histogram().percentile(0.5)).toBe(0)
  expect(new Histogram().steps()).toEqual([])
  const histogram = new Histogram()
  histogram.record(-1)
  expect([histogram.percentile(1), histogram.count]).toEqual([0, 1])
})
