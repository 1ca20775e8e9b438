import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type postgres from 'postgres'
import { faultNamed } from './faults.ts'
import type { Nemesis } from './nemesis.ts'
import type { Rule } from './problems.ts'
import { SETTINGS, type Plan } from './run.ts'

/** A server with one guarantee taken out, and the faults under which it is missed. */
export interface Mutant {
  readonly name: string
  readonly caughtAs: readonly Rule[]
  /** Statements for each node to run before its main module, with this class at hand. */
  readonly patch?: { readonly of: readonly [name: string, file: string]; readonly text: string }
  readonly prepare?: (sql: postgres.Sql) => Promise<void>
  readonly aim: Omit<Plan, 'name' | 'seed' | 'stage' | 'settleMs'>
  readonly nodes: number
  readonly leaseMs: number
}

/** Many rooms in which little is said: a lost text is the last one for a while. */
const SPARSE = {
  rooms: 30,
  talkers: 2,
  jsonTalkers: 0,
  pace: { pauseMs: [1_200, 2_400], texts: 1 },
} as const

const REPAIRER = ['Repairer', 'domain/repairer.js'] as const

const again = async (times: number, pauseMs: number, act: () => Promise<void>): Promise<void> => {
  for (let count = 0; count < times; count += 1) {
    await act()
    await pause(pauseMs)
  }
}

const strikes =
  (name: string, times: number, pauseMs: number) =>
  async (nemesis: Nemesis): Promise<void> => {
    await pause(2_000)
    await again(times, pauseMs, () => nemesis.strike(faultNamed(name)))
  }

/** Members that are cut off while they send, and come back, over nodes that are slow or die. */
const RETURNS: Mutant['aim'] = {
  rooms: 2,
  talkers: 1,
  jsonTalkers: 5,
  pace: { pauseMs: [40, 250], texts: 3 },
  act: async (nemesis) => {
    await pause(1_500)
    await again(2, 100, async () => {
      await nemesis.strike(faultNamed('Postgres link slow'))
      await nemesis.strike(faultNamed('node killed'))
      await pause(1_500)
      await nemesis.strike(faultNamed('Postgres rooms locked'))
    })
    await pause(1_500)
  },
}

const returns = (
  name: string,
  caughtAs: Mutant['caughtAs'],
  patch: NonNullable<Mutant['patch']>,
): Mutant => ({ name, caughtAs, patch, nodes: 2, leaseMs: 4_000, aim: RETURNS })

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no repair of gaps',
    caughtAs: ['lost', 'late'],
    patch: { of: REPAIRER, text: 'Repairer.prototype.gapIn = () => {}' },
    nodes: 2,
    leaseMs: 4_000,
    aim: { ...SPARSE, act: strikes('Redis publishers killed', 6, 100) },
  },
  {
    name: 'no repair after a new subscription',
    caughtAs: ['late'],
    patch: { of: REPAIRER, text: 'Repairer.prototype.doubt = () => {}' },
    nodes: 2,
    leaseMs: 4_000,
    aim: { ...SPARSE, act: strikes('Redis subscriptions killed', 10, 1_300) },
  },
  {
    name: 'no sweep',
    caughtAs: ['lost', 'late'],
    patch: { of: REPAIRER, text: 'Repairer.prototype.start = () => {}' },
    nodes: 2,
    leaseMs: 4_000,
    aim: { ...SPARSE, act: strikes('Redis publishers killed', 10, 50) },
  },
  {
    name: 'no lock on rooms',
    caughtAs: ['lost', 'doubled', 'reordered', 'broken'],
    prepare: (sql) =>
      edit(sql, ['append_chat', 'append_batch', 'remove_members'], [['for no key update', '']]),
    nodes: 2,
    leaseMs: 4_000,
    aim: {
      rooms: 1,
      talkers: 8,
      jsonTalkers: 0,
      pace: { pauseMs: [5, 40], texts: 4 },
      act: strikes('Postgres rooms locked', 10, 200),
    },
  },
  {
    name: 'left for whoever was there, not for whoever was removed',
    caughtAs: ['doubled'],
    prepare: (sql) =>
      edit(
        sql,
        ['remove_members'],
        [
          ['v_now bigint;', 'v_now bigint; v_was members[];'],
          [
            'perform from rooms',
            `select array_agg(m) into v_was from members m where m.member_id = any (v_members);
             perform from rooms`,
          ],
          ['with removed as (', 'with deleted as ('],
          [
            'returning m.*\n  ), lefts',
            'returning m.*), removed as (select * from unnest(v_was)), lefts',
          ],
        ],
      ),
    nodes: 3,
    leaseMs: 1_500,
    aim: {
      rooms: 2,
      talkers: 6,
      jsonTalkers: 0,
      pace: { pauseMs: [300, 900], texts: 1 },
      // Reapers that find the same members at the same time: they wait for one lock.
      act: async (nemesis) => {
        await pause(2_000)
        await again(3, 1_000, async () => {
          await Promise.all([
            nemesis.strike(faultNamed('node killed')),
            again(4, 50, () => nemesis.strike(faultNamed('Postgres rooms locked'))),
          ])
        })
      },
    },
  },
]

/** Those that only members see who come back. */
export const RETURN_MUTANTS: readonly Mutant[] = [
  returns('left at once of a lost connection', ['members'], {
    of: ['Member', 'domain/member.js'],
    text: `Member.prototype.leave = function (reason) {
      if (reason) this.connection.close(reason)
      this.quit()
    }`,
  }),
  returns('a new id for every send', ['doubled'], {
    of: ['SystemIds', 'adapters/system/ids.js'],
    text: 'SystemIds.prototype.messageIdOf = function () { return this.messageId() }',
  }),
  returns('no replay', ['lost'], {
    of: ['Replayer', 'domain/replayer.js'],
    text: 'Replayer.prototype.start = (room, member, from) => { member.from = room.next ?? from }',
  }),
  returns('a replay that begins one too early', ['doubled', 'reordered'], {
    of: ['Replayer', 'domain/replayer.js'],
    text: `const { start } = Replayer.prototype
    Replayer.prototype.start = function (room, member, from, upTo) {
      start.call(this, room, member, Math.max(1, from - 1), upTo)
    }`,
  }),
  returns('older connections that stay', ['members', 'lost'], {
    of: ['Attachments', 'domain/attachments.js'],
    text: 'Attachments.prototype.compare = () => {}',
  }),
  returns('nobody who is detached leaves', ['members'], {
    of: ['PostgresRepository', 'adapters/postgres/repository.js'],
    text: `const { reap } = PostgresRepository.prototype
    PostgresRepository.prototype.reap = function (whom, times, limit) {
      return reap.call(this, whom, { ...times, resumeMs: 1e9 }, limit)
    }`,
  }),
  returns('acks with the place of another message', ['lost'], {
    of: ['Member', 'domain/member.js'],
    text: `const { send } = Member.prototype
    Member.prototype.send = function (ref, text, answer) {
      send.call(this, ref, text, ({ seq, ...sent }) => answer(seq ? { ...sent, seq: seq + 1 } : sent))
    }`,
  }),
]

/** Puts functions back into the database with parts of their text replaced. */
export const edit = async (
  sql: postgres.Sql,
  names: readonly string[],
  replacements: readonly (readonly [string, string])[],
): Promise<void> => {
  for (const name of names) {
    const [row] = await sql<{ text: string }[]>`
      select pg_get_functiondef(oid) as text from pg_proc where proname = ${name}`
    let text = row?.text ?? ''
    for (const [part, other] of replacements) {
      if (!text.includes(part)) throw new Error(`${name} has no "${part}" to replace`)
      text = text.replaceAll(part, other)
    }
    await sql.unsafe(text)
  }
}

const DIST = new URL('../../dist/', import.meta.url)

/** @param folder gets the module that takes the guarantee out */
export const planOf = (
  mutant: Mutant | Omit<Mutant, 'patch' | 'prepare'>,
  seed: number,
  folder: string,
): Plan => {
  const { patch, prepare } = { patch: undefined, prepare: undefined, ...mutant }
  const file = join(folder, 'patch.mjs')
  if (patch !== undefined) {
    const [part, path] = patch.of
    const { href } = new URL(path, DIST)
    writeFileSync(file, `import { ${part} } from ${JSON.stringify(href)}\n${patch.text}\n`)
  }
  return {
    ...mutant.aim,
    name: `${mutant.name.replaceAll(/\W+/g, '-')}-${seed}`,
    seed,
    settleMs: 8_000,
    stage: {
      nodes: mutant.nodes,
      settings: {
        ...SETTINGS,
        LEASE_MS: String(mutant.leaseMs),
        ...(patch === undefined ? {} : { NODE_OPTIONS: `--import=${file}` }),
      },
      ...(prepare === undefined ? {} : { prepare }),
    },
  }
}
