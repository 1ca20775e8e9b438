import { expect, test } from 'vitest'
import { Gathering } from '../../src/domain/gathering.ts'
import { FakeClock } from '../fake-clock.ts'

test('who comes alone waits for nothing; who follows soon goes on with the others', async () => {
  const clock = new FakeClock()
  const gathering = new Gathering(clock)
  const passed: string[] = []
  const come = (name: string) =>
    void gathering.pass().then(() => passed.push(`${name} at ${clock.now()}`))
  for (const name of ['a', 'b', 'c']) {
    come(name)
    await clock.advance(10)
  }
  await clock.advance(10)
  come('d')
  await clock.advance(75)
  come('e')
  await clock.advance(0)
  expect(passed).toEqual(['a at 0', 'b at 25', 'c at 25', 'd at 50', 'e at 115'])
  expect(clock.pending).toBe(0)
})
