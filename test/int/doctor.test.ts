import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { migrate, readMigrations } from '../../src/adapters/postgres/migrate.ts'
import { doctor } from '../../src/doctor.ts'
import { freshDatabase } from '../services/database.ts'

const LOCAL = { HOST: '127.0.0.1', PORT: '0' }

const examine = async (
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly report: string }> => {
  let report = ''
  const code = await doctor({ ...LOCAL, ...settings }, async (text) => {
    report += text
  })
  return { code, report }
}

/** A database of the test's own, and statements on it. */
const database = async () => {
  const { url, drop } = await freshDatabase()
  onTestFinished(drop)
  return {
    url,
    run: async (statement: string): Promise<void> => {
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      try {
        await sql.unsafe(statement)
      } finally {
        await sql.end({ timeout: 1 })
      }
    },
    examine: () => examine({ DATABASE_URL: url, REDIS_URL: inject('redisUrl') }),
  }
}

/** Something that listens and does what `meet` does. */
const listener = async (meet: Parameters<typeof createServer>[1]): Promise<number> => {
  const server = createServer(meet).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** All but that the tests' own Postgres does not sync, which is right to tell. */
const problemsIn = (report: string): readonly string[] =>
  (report.match(/(?<=PROBLEM {2}).*/g) ?? []).filter((sentence) => !sentence.startsWith('fsync'))

describe('doctor', () => {
  test('an embedded server: nothing to mend, exit 0', async () => {
    const { code, report } = await examine({})
    expect(problemsIn(report)).toEqual([])
    expect(code).toBe(0)
    expect(report).toMatch(/Rooms are in memory[^]*PORT is free[^]*members at most[^]*No problems/)
  })

  test('wrong settings are all told, without a value, exit 2', async () => {
    const { code, report } = await examine({ PORT: 'eighty', LEASE_MS: 'hush', DATA_DIR: ' ' })
    expect(code).toBe(2)
    expect(problemsIn(report).map((sentence) => sentence.split(' ')[0])).toEqual(
      expect.arrayContaining(['PORT', 'LEASE_MS', 'DATA_DIR']),
    )
    expect(report).not.toMatch(/eighty|hush/)
  })

  test('what is allowed and may not be meant is a warning, exit 0', async () => {
    const { code, report } = await examine({ RATE_LIMIT: 'off', TRUST_PROXY: '0.0.0.0/1' })
    expect(code).toBe(0)
    expect(report).toMatch(
      /warning +TRUST_PROXY trusts[^]*warning +RATE_LIMIT is off[^]*2 warnings/,
    )
  })

  test('more memory than there is for it', async () => {
    const { code, report } = await examine({ MEMORY_LIMIT_BYTES: String(2 ** 40) })
    expect(code).toBe(1)
    expect(problemsIn(report)).toEqual([expect.stringMatching(/--max-old-space-size/)])
  })

  test('a port that another program has', async () => {
    const port = await listener((socket) => socket.destroy())
    for (const name of ['PORT', 'METRICS_PORT']) {
      const { code, report } = await examine({ [name]: String(port) })
      expect(code).toBe(1)
      expect(problemsIn(report)).toEqual([
        `Port ${port} is in use by another program: set ${name} to another one.`,
      ])
    }
  })

  test('a cluster before and after its first start', async () => {
    const { url, examine: look } = await database()
    const before = await look()
    expect(problemsIn(before.report)).toEqual([])
    expect(before.report).toMatch(/Migrations to apply: \d+\. The next start/)
    await migrate(url, await readMigrations())
    const after = await look()
    expect(problemsIn(after.report)).toEqual([])
    expect(after.report).toMatch(/tables are those of this release[^]*another one hears/)
  })

  test('a database that would lose what it acknowledged, and one of another release', async () => {
    const { url, run, examine: look } = await database()
    await migrate(url, await readMigrations())
    await run(`alter database ${new URL(url).pathname.slice(1)} set synchronous_commit = off`)
    await run("insert into migrations (name, checksum) values ('9999-later.sql', '')")
    await run("update migrations set checksum = 'x' where name like '0001%'")
    const { code, report } = await look()
    expect(code).toBe(1)
    expect(problemsIn(report)).toEqual([
      expect.stringMatching(/^synchronous_commit is off/),
      expect.stringMatching(/^The migration 0001-\S+ was changed/),
    ])
    expect(report).toMatch(/warning +A newer release has migrated it/)
  })

  test('a database that can only be read', async () => {
    const { url, run, examine: look } = await database()
    const name = new URL(url).pathname.slice(1)
    await run(`alter database ${name} set default_transaction_read_only = on`)
    expect(problemsIn((await look()).report)).toEqual([expect.stringMatching(/only be read/)])
  })

  test('a user who may do too little', async () => {
    const { url, run } = await database()
    const name = new URL(url).pathname.slice(1)
    const role = `${name}_guest`
    await run(`create role ${role} login password 'hushhush'`)
    onTestFinished(() => run(`drop owned by ${role}; drop role ${role}`))
    await run(`revoke create on schema public from public`)
    const guest = new URL(url)
    guest.username = role
    guest.password = 'hushhush'
    const settings = { DATABASE_URL: guest.href, REDIS_URL: inject('redisUrl') }
    const { report } = await examine(settings)
    expect(problemsIn(report)).toEqual([expect.stringMatching(/may not make tables/)])
    await migrate(url, await readMigrations())
    expect(problemsIn((await examine(settings)).report)).toEqual([
      expect.stringMatching(/belong to another user/),
    ])
    expect(report).not.toContain('hushhush')
  })

  test('services that are not there, each with its sentence and nothing of the addresses', async () => {
    const hidden = 'hushhush'
    const { code, report } = await examine({
      DATABASE_URL: `postgres://${hidden}:${hidden}@127.0.0.1:1/${hidden}`,
      REDIS_URL: `redis://:${hidden}@127.0.0.1:1`,
    })
    expect(code).toBe(1)
    expect(problemsIn(report)).toEqual([
      'Nobody listens at the host and port in DATABASE_URL: is Postgres running?',
      'Nobody listens at the host and port in REDIS_URL: is Redis running?',
    ])
    expect(report).not.toMatch(/hushhush|127\.0\.0\.1/)
    const { url } = await database()
    const elsewhere = new URL(url)
    elsewhere.pathname = '/no_such_database'
    const other = await examine({ DATABASE_URL: elsewhere.href, REDIS_URL: inject('redisUrl') })
    expect(problemsIn(other.report)).toEqual([expect.stringMatching(/does not exist/)])
  })

  test('services that say nothing end in a sentence, within ten seconds', async () => {
    const port = await listener(() => {})
    const begun = performance.now()
    const { code, report } = await examine({
      DATABASE_URL: `postgres://somebody@127.0.0.1:${port}/rooms`,
      REDIS_URL: `redis://127.0.0.1:${port}`,
    })
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(code).toBe(1)
    expect(problemsIn(report).length).toBe(2)
  })

  test('DATA_DIR: a new folder will do, a file and another Postgres’ folder will not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sharechat-doctor-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const fresh = await examine({ DATA_DIR: join(folder, 'a/b') })
    expect(problemsIn(fresh.report)).toEqual([])
    expect(fresh.report).toMatch(
      /Postgres \d+, which npm installed, runs here[^]*made at the first/,
    )
    const file = join(folder, 'file')
    await writeFile(file, '')
    const long = await examine({ DATA_DIR: join(folder, 'x'.repeat(100)) })
    expect(problemsIn(long.report)).toEqual([
      expect.stringMatching(/^The path of the folder in DATA_DIR is too long: \d+ bytes at most/),
    ])
    const below = await examine({ DATA_DIR: join(file, 'data') })
    expect([below.code, problemsIn(below.report)]).toEqual([
      1,
      ['DATA_DIR must be a folder, and a part of its path is a file.'],
    ])
  })
})
