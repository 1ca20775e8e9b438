import { expect, test } from 'vitest'
import { Random } from '../random.ts'
import { clusterSettings } from './modes.ts'
import { storm } from './storm.ts'

const SECONDS = Number(process.env['STORM_SECONDS'] || 8)
const SEED = Number(process.env['SEED'] || Math.floor(Math.random() * 1e9))
/** Short, so that some come back as themselves and some do not. */
const SETTINGS = { LEASE_MS: '2000', RESUME_MS: '2500', RATE_LIMIT: 'off' }

test(
  `the client, seed ${SEED}: every send that resolved is seen by every other client once, in one order`,
  async () => {
    const settings = { ...(await clusterSettings()), ...SETTINGS }
    const { talkers, log, faults } = await storm(settings, new Random(SEED), SECONDS)
    const ids = new Set(talkers.flatMap((talker) => [...talker.ids]))
    console.log(
      `storm, seed ${SEED}: ${log.length} messages, ${ids.size} members of ${talkers.length}`,
      JSON.stringify(faults),
    )
    const texts = log.filter(({ type }) => type === 'chat').map(({ message }) => message)
    expect(new Set(texts).size, 'nothing is there twice').toBe(texts.length)
    for (const { wrong, stored, read, heard } of talkers) {
      expect(wrong).toEqual([])
      for (const [text, { id, seq }] of stored) {
        expect(log[seq - 1]).toMatchObject({ id, message: text })
      }
      const whole = log.map((message, at) => ({ seq: at + 1, ...message }))
      expect(read.slice(0, log.length)).toEqual(whole)
      expect(heard.slice(0, log.length)).toEqual(whole)
    }
    expect(talkers.reduce((sum, { stored }) => sum + stored.size, 0)).toBe(texts.length)
  },
  SECONDS * 1000 + 100_000,
)
