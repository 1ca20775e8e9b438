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
      metrics: undefined,
      dataDir: undefined,
      cluster: undefined,
      logLevel: 'info',
      allowedOrigins: [],
      trustProxy: [],
      drainMs: 10_000,
      leaseMs: 10_000,
      resumeMs: 30_000,
      pingMs: 25_000,
      maxMessageBytes: 16_384,
      maxRoomMembers: 10_000,
      maxConnectionRooms: 50,
      roomTtlMs: 86_400_000,
      unusedRoomTtlMs: 3_600_000,
      memoryLimitBytes: 268_435_456,
      rates: {
        messages: { perSecond: 10, burst: 100 },
        messageBytes: { perSecond: 65_536, burst: 524_288 },
        joins: { perSecond: 20, burst: 200 },
        rooms: { perSecond: 2, burst: 100 },
      },
    })
  })

  test('all of them', () => {
    expect(
      loadSettings({
        ...URLS,
        HOST: '127.0.0.1',
        PORT: '0',
        METRICS_HOST: '0.0.0.0',
        METRICS_PORT: '0',
        LOG_LEVEL: 'silent',
        ALLOWED_ORIGINS: 'https://a.example, http://localhost:3000',
        DRAIN_MS: '1000',
        LEASE_MS: '500',
        RESUME_MS: '100',
        PING_MS: '100',
        MAX_MESSAGE_BYTES: '21845',
        MAX_ROOM_MEMBERS: '2',
        MAX_CONNECTION_ROOMS: '1000',
        ROOM_TTL_MS: '3153600000000',
        UNUSED_ROOM_TTL_MS: '100',
        MEMORY_LIMIT_BYTES: '1048576',
        TRUST_PROXY: '10.0.0.0/8, 192.168.1.1,2001:db8::/32,::1, ::ffff:10.0.0.1',
        RATE_LIMIT: 'on',
        MESSAGE_RATE: '0.5/3',
        MESSAGE_BYTES_RATE: '1000/21845',
        JOIN_RATE: '1/1',
        ROOM_RATE: '999999999/999999999',
      }),
    ).toEqual({
      host: '127.0.0.1',
      port: 0,
      metrics: { host: '0.0.0.0', port: 0 },
      dataDir: undefined,
      cluster: { databaseUrl: URLS.DATABASE_URL, redisUrl: URLS.REDIS_URL },
      logLevel: 'silent',
      allowedOrigins: ['https://a.example', 'http://localhost:3000'],
      drainMs: 1_000,
      leaseMs: 500,
      resumeMs: 100,
      pingMs: 100,
      maxMessageBytes: 21_845,
      maxRoomMembers: 2,
      maxConnectionRooms: 1000,
      roomTtlMs: 3_153_600_000_000,
      unusedRoomTtlMs: 100,
      memoryLimitBytes: 1_048_576,
      trustProxy: ['10.0.0.0/8', '192.168.1.1', '2001:db8::/32', '::1', '::ffff:10.0.0.1'],
      rates: {
        messages: { perSecond: 0.5, burst: 3 },
        messageBytes: { perSecond: 1_000, burst: 21_845 },
        joins: { perSecond: 1, burst: 1 },
        rooms: { perSecond: 999_999_999, burst: 999_999_999 },
      },
    })
  })

  test('RATE_LIMIT=off lifts the rates', () => {
    expect(loadSettings({ RATE_LIMIT: 'off' })).toEqual({ ...loadSettings({}), rates: undefined })
  })

  test('nothing is counted without METRICS_PORT, and only this machine may ask without METRICS_HOST', () => {
    expect(loadSettings({ METRICS_HOST: '0.0.0.0' }).metrics).toBeUndefined()
    expect(loadSettings({ METRICS_PORT: '9464' }).metrics).toEqual({
      host: '127.0.0.1',
      port: 9464,
    })
  })

  test('DATA_DIR is a node that keeps its rooms itself', () => {
    expect(loadSettings({ DATA_DIR: './a folder' })).toEqual({
      ...loadSettings({}),
      dataDir: './a folder',
    })
  })

  test('an empty variable counts as not set', () => {
    const empty = {
      DATA_DIR: '',
      DATABASE_URL: '',
      REDIS_URL: '',
      PORT: '',
      TRUST_PROXY: '',
      JOIN_RATE: '',
    }
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
    [{ METRICS_HOST: 'two words' }, /^METRICS_HOST /],
    [{ METRICS_PORT: '65536' }, /^METRICS_PORT must be a whole number from 0 to 65535/],
    [{ METRICS_PORT: '8080' }, /^METRICS_PORT must be another port than PORT/],
    [{ PORT: '9464', METRICS_PORT: '9464' }, /^METRICS_PORT must be another port than PORT/],
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
    [{ ROOM_TTL_MS: '99' }, /^ROOM_TTL_MS must be a whole number from 100 to /],
    [{ UNUSED_ROOM_TTL_MS: '1h' }, /^UNUSED_ROOM_TTL_MS /],
    [{ MEMORY_LIMIT_BYTES: '1048575' }, /^MEMORY_LIMIT_BYTES /],
    [{ MEMORY_LIMIT_BYTES: '256MiB' }, /^MEMORY_LIMIT_BYTES /],
    [{ ...URLS, DATABASE_URL: 'mysql://db.example' }, /^DATABASE_URL must begin with postgres/],
    [{ ...URLS, REDIS_URL: 'cache.example:6379' }, /^REDIS_URL must begin with redis/],
    [{ DATABASE_URL: URLS.DATABASE_URL }, /^REDIS_URL must be set too/],
    [{ REDIS_URL: URLS.REDIS_URL }, /^DATABASE_URL must be set too/],
    [{ DATA_DIR: ' ' }, /^DATA_DIR must be the path of a folder/],
    [
      { ...URLS, DATA_DIR: './data' },
      /^DATA_DIR must not be set beside DATABASE_URL and REDIS_URL/,
    ],
    [{ REDIS_URL: URLS.REDIS_URL, DATA_DIR: './data' }, /^DATA_DIR must not be set beside/],
    [{ ALLOWED_ORIGINS: 'https://a.example/' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: 'https://a.example/chat' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: 'https://A.example' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: 'a.example' }, /^ALLOWED_ORIGINS /],
    [{ ALLOWED_ORIGINS: '*' }, /^ALLOWED_ORIGINS /],
    [{ RATE_LIMIT: 'no' }, /^RATE_LIMIT must be on or off/],
    [{ MESSAGE_RATE: '10' }, /^MESSAGE_RATE must be <per second>/],
    [{ MESSAGE_RATE: '0/100' }, /^MESSAGE_RATE /],
    [{ MESSAGE_RATE: '0.00/100' }, /^MESSAGE_RATE /],
    [{ MESSAGE_RATE: '10/0' }, /^MESSAGE_RATE /],
    [{ MESSAGE_RATE: '10/0.5' }, /^MESSAGE_RATE /],
    [{ MESSAGE_RATE: '-1/100' }, /^MESSAGE_RATE /],
    [{ MESSAGE_RATE: '1e3/100' }, /^MESSAGE_RATE /],
    [{ JOIN_RATE: '20/200/1' }, /^JOIN_RATE /],
    [{ ROOM_RATE: '2 / 100' }, /^ROOM_RATE /],
    [{ MESSAGE_BYTES_RATE: '64KiB/512KiB' }, /^MESSAGE_BYTES_RATE must be <per second>/],
    [{ MESSAGE_BYTES_RATE: '65536/16383' }, /^MESSAGE_BYTES_RATE must have a burst of MAX_/],
    [{ TRUST_PROXY: 'true' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '1' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: 'loopback' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '10.0.0.0/0' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '10.0.0.0/33' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '10.0.0.0/8/8' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '10.0.0.0/' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '10.0.0.0/255.0.0.0' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '10.0.0.1,,10.0.0.2' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '2001:db8::/129' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '::ffff:10.0.0.0/8' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: '::FFFF:a00:0/104' }, /^TRUST_PROXY /],
    [{ TRUST_PROXY: 'fe80::1%eth0' }, /^TRUST_PROXY /],
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
      METRICS_HOST: '127.0.0.1',
      METRICS_PORT: '',
      DATA_DIR: '',
      DATABASE_URL: '',
      REDIS_URL: '',
      LOG_LEVEL: 'info',
      ALLOWED_ORIGINS: '',
      TRUST_PROXY: '',
      DRAIN_MS: '10000',
      LEASE_MS: '10000',
      PING_MS: '25000',
      RESUME_MS: '30000',
      MAX_CONNECTION_ROOMS: '50',
      MAX_MESSAGE_BYTES: '16384',
      MAX_ROOM_MEMBERS: '10000',
      ROOM_TTL_MS: '86400000',
      UNUSED_ROOM_TTL_MS: '3600000',
      MEMORY_LIMIT_BYTES: '268435456',
      RATE_LIMIT: 'on',
      MESSAGE_RATE: '10/100',
      MESSAGE_BYTES_RATE: '65536/524288',
      JOIN_RATE: '20/200',
      ROOMS_FILE: '',
      ROOM_RATE: '2/100',
    })
  })
})
