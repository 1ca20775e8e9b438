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
    await clock.advance(4)
  }
  await clock.advance(3)
  come('d')
  await clock.advance(30)
  come('e')
  await clock.advance(0)
  expect(passed).toEqual(['a at 0', 'b at 10', 'c at 10', 'd at 20', 'e at 45'])
  expect(clock.pending).toBe(0)
})
