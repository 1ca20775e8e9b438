import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadSettings, SettingsError } from '../../src/settings.ts'

const problems = (environment: Record<string, string>): readonly string[] => {
  try {
    loadSettings(environment)
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  return []
}

const URLS = { DATABASE_URL: 'postgres://db.example/rooms', REDIS_URL: 'redis://cache.example' }

describe('settings', () => {
  test('without any, an embedded server on port 8080 of all interfaces', () => {
    expect(loadSettings({ PATH: '/bin' })).toEqual({
      host: '0.0.0.0',
      port: 8080,
      cluster: undefined,
      logLevel: 'info',
      allowedOrigins: [],
      drainMs: 10_000,
      leaseMs: 10_000,
      pingMs: 25_000,
      maxMessageBytes: 16_384,
      maxRoomMembers: 10_000,
    })
  })

  test('all of them', () => {
    expect(
      loadSettings({
        ...URLS,
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'silent',
        ALLOWED_ORIGINS: 'https://a.example, http://localhost:3000',
        DRAIN_MS: '1000',
        LEASE_MS: '500',
        PING_MS: '100',
        MAX_MESSAGE_BYTES: '21845',
        MAX_ROOM_MEMBERS: '2',
      }),
    ).toEqual({
      host: '127.0.0.1',
      port: 0,
      cluster: { databaseUrl: URLS.DATABASE_URL, redisUrl: URLS.REDIS_URL },
      logLevel: 'silent',
      allowedOrigins: ['https://a.example', 'http://localhost:3000'],
      drainMs: 1_000,
      leaseMs: 500,
      pingMs: 100,
      maxMessageBytes: 21_845,
      maxRoomMembers: 2,
    })
  })

  test('an empty variable counts as not set', () => {
    const empty = { DATABASE_URL: '', REDIS_URL: '', PORT: '', ALLOWED_ORIGINS: '' }
    expect(loadSettings(empty)).toEqual(loadSettings({}))
  })

  test.each([
    [{ PORT: '65536' }, /^PORT /],
    [{ PORT: '-1' }, /^PORT /],
    [{ PORT: '80.5' }, /^PORT /],
    [{ PORT: 'http' }, /^PORT must be a whole number from 0 to 65535/],
    [{ PORT: '1e3' }, /^PORT /],
    [{ PORT: ' 80' }, /^PORT /],
    [{ PORT: '0x50' }, /^PORT /],
    [{ PORT: '080' }, /^PORT /],
    [{ HOST: 'two words' }, /^HOST /],
    [{ ...URLS, REDIS_URL: 'redis://' }, /^REDIS_URL /],
    [{ ...URLS, DATABASE_URL: 'postgres://db.example:port' }, /^DATABASE_URL /],
    [{ ALLOWED_ORIGINS: 'ws://a.example' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: 'https://a.example,,https://b.example' }, /^ALLOWED_ORIGINS /],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be fatal, /],
    [{ LEASE_MS: '499' }, /^LEASE_MS /],
    [{ PING_MS: '99' }, /^PING_MS /],
    [{ DRAIN_MS: '10s' }, /^DRAIN_MS /],
    [{ MAX_MESSAGE_BYTES: '21846' }, /^MAX_MESSAGE_BYTES /],
    [{ MAX_MESSAGE_BYTES: '0' }, /^MAX_MESSAGE_BYTES /],
    [{ MAX_ROOM_MEMBERS: '0' }, /^MAX_ROOM_MEMBERS /],
    [{ ...URLS, DATABASE_URL: 'mysql://db.example' }, /^DATABASE_URL must begin with postgres/],
    [{ ...URLS, REDIS_URL: 'cache.example:6379' }, /^REDIS_URL must begin with redis/],
    [{ DATABASE_URL: URLS.DATABASE_URL }, /^REDIS_URL must be set too/],
    [{ REDIS_URL: URLS.REDIS_URL }, /^DATABASE_URL must be set too/],
    [{ ALLOWED_ORIGINS: 'https://a.example/' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: 'https://a.example/chat' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: 'https://A.example' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: 'a.example' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: '*' }, /^ALLOWED_ORIGINS /],
  ])('%j is one problem, named', (environment, sentence) => {
    expect(problems(environment)).toEqual([expect.stringMatching(sentence)])
  })

  test('all problems are told at once, without a value', () => {
    const environment = {
      PORT: 'no-port',
      LOG_LEVEL: 'no-level',
      DATABASE_URL: 'mysql://user:secret@db.example',
      ALLOWED_ORIGINS: 'no-origin',
    }
    const found = problems(environment)
    expect(new Set(found.map((sentence) => sentence.split(' ')[0]))).toEqual(
      new Set(['ALLOWED_ORIGINS', 'DATABASE_URL', 'LOG_LEVEL', 'PORT', 'REDIS_URL']),
    )
    for (const value of Object.values(environment)) expect(found.join()).not.toContain(value)
  })

  test('the README lists every setting with its default', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` +\| ([^|]*?) *\|/gm)].map((row) =>
      row.slice(1),
    )
    expect(Object.fromEntries(rows)).toEqual({
      HOST: '0.0.0.0',
      PORT: '8080',
      DATABASE_URL: '',
      REDIS_URL: '',
      LOG_LEVEL: 'info',
      ALLOWED_ORIGINS: '',
      DRAIN_MS: '10000',
      LEASE_MS: '10000',
      PING_MS: '25000',
      MAX_MESSAGE_BYTES: '16384',
      MAX_ROOM_MEMBERS: '10000',
    })
  })
})
