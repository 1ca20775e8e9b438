import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { Place, Stage } from './stage.ts'

/** Half-open connections that are in use are given up within this; idle ones are then reset. */
const GIVEN_UP_MS = 6_000
const STOPPED_MS = 15_000

/** What a fault does, from its first harm until its cause is gone. */
export interface FaultKind {
  readonly name: string
  readonly lane: 'node' | 'redis' | 'postgres'
  /** Whether it hits one node only, which it is given. */
  readonly hits: 'one' | 'all' | 'either'
  /** About how long it takes at most. */
  readonly longestMs: number
  readonly run: (stage: Stage, places: readonly Place[], random: Random) => Promise<void>
}

const ms = (random: Random, from: number, to: number): Promise<void> =>
  pause(from + random.below(to - from))

const restarted = async (place: Place): Promise<void> => {
  await place.node?.exited
  await place.start()
}

/** Dead links, and what they have left half-open is given up. */
const dead = async (
  links: readonly Place['redis'][],
  random: Random,
  longestMs: number,
): Promise<void> => {
  try {
    for (const link of links) link.cut()
    await ms(random, 200, longestMs)
  } finally {
    for (const link of links) link.restore()
  }
  const deadline = performance.now() + GIVEN_UP_MS
  while (links.some((link) => link.halfOpen > 0) && performance.now() < deadline) await pause(10)
  for (const link of links) link.reset()
}

const slow = async (links: readonly Place['redis'][], random: Random): Promise<void> => {
  try {
    for (const link of links) link.delay(30 + random.below(270))
    await ms(random, 500, 1_500)
  } finally {
    for (const link of links) link.delay(0)
  }
}

const stopped = async (places: readonly Place[], time: () => Promise<void>): Promise<void> => {
  for (const place of places) place.signal('SIGSTOP')
  try {
    await time()
  } finally {
    for (const place of places) place.signal('SIGCONT')
  }
}

const named = (kinds: Readonly<Record<string, Omit<FaultKind, 'name'>>>) =>
  Object.entries(kinds).map(([name, kind]): FaultKind => ({ name, ...kind }))

export const FAULTS: readonly FaultKind[] = named({
  'node killed': {
    lane: 'node',
    hits: 'one',
    longestMs: 2_500,
    run: async (_stage, places, random) => {
      for (const place of places) place.signal('SIGKILL')
      await ms(random, 0, 600)
      await Promise.all(places.map(restarted))
    },
  },
  'node terminated': {
    lane: 'node',
    hits: 'one',
    longestMs: 3_000,
    run: async (_stage, places) => {
      for (const place of places) {
        place.signal('SIGTERM')
        const exit = await place.node?.exit(STOPPED_MS)
        if (exit?.signal) place.ends.push(`node ${place.index} did not end by itself`)
        await place.start()
      }
    },
  },
  'node stopped': {
    lane: 'node',
    hits: 'one',
    longestMs: 1_500,
    run: (_stage, places, random) => stopped(places, () => ms(random, 100, 1_500)),
  },
  'node stopped for longer than its lease': {
    lane: 'node',
    hits: 'one',
    longestMs: 7_000,
    run: (_stage, places, random) => stopped(places, () => ms(random, 5_500, 7_000)),
  },
  'Redis killed': {
    lane: 'redis',
    hits: 'all',
    longestMs: 2_000,
    run: async ({ services }, _places, random) => {
      await services.redis.kill('SIGKILL')
      await ms(random, 0, 1_500)
      await services.redis.restart()
    },
  },
  'Redis stopped': {
    lane: 'redis',
    hits: 'all',
    longestMs: 2_500,
    run: async ({ services }, _places, random) => {
      await services.redis.kill('SIGSTOP')
      try {
        await ms(random, 200, 2_500)
      } finally {
        await services.redis.kill('SIGCONT')
      }
    },
  },
  'Redis subscriptions killed': {
    lane: 'redis',
    hits: 'all',
    longestMs: 100,
    run: ({ services }) => services.redisCommand('CLIENT', 'KILL', 'TYPE', 'pubsub'),
  },
  'Redis publishers killed': {
    lane: 'redis',
    hits: 'all',
    longestMs: 400,
    run: async ({ services }, _places, random) => {
      for (let count = 1 + random.below(5); count > 0; count -= 1) {
        await services.redisCommand('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        await ms(random, 10, 60)
      }
    },
  },
  'Redis link dead': {
    lane: 'redis',
    hits: 'either',
    longestMs: 6_500,
    run: (_stage, places, random) =>
      dead(
        places.map(({ redis }) => redis),
        random,
        3_000,
      ),
  },
  'Redis link slow': {
    lane: 'redis',
    hits: 'either',
    longestMs: 1_500,
    run: (_stage, places, random) =>
      slow(
        places.map(({ redis }) => redis),
        random,
      ),
  },
  'Postgres connections terminated': {
    lane: 'postgres',
    hits: 'all',
    longestMs: 100,
    run: ({ services, databaseUrl }) =>
      services.sql(databaseUrl, async (sql) => {
        await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`
      }),
  },
  'Postgres killed': {
    lane: 'postgres',
    hits: 'all',
    longestMs: 2_500,
    run: async ({ services }, _places, random) => {
      await services.postgres.kill('SIGKILL')
      await ms(random, 0, 1_000)
      await services.restartPostgres()
    },
  },
  'Postgres stopped': {
    lane: 'postgres',
    hits: 'all',
    longestMs: 2_500,
    run: async ({ services }, _places, random) => {
      await services.signalPostgres('SIGSTOP')
      try {
        await ms(random, 200, 2_500)
      } finally {
        await services.signalPostgres('SIGCONT')
      }
    },
  },
  'Postgres link dead': {
    lane: 'postgres',
    hits: 'either',
    longestMs: 7_000,
    run: (_stage, places, random) =>
      dead(
        places.map((place) => place.postgres),
        random,
        2_000,
      ),
  },
  'Postgres link slow': {
    lane: 'postgres',
    hits: 'either',
    longestMs: 1_500,
    run: (_stage, places, random) =>
      slow(
        places.map((place) => place.postgres),
        random,
      ),
  },
  'Postgres rooms locked': {
    lane: 'postgres',
    hits: 'all',
    longestMs: 1_300,
    run: ({ services, databaseUrl }, _places, random) =>
      services.sql(databaseUrl, async (sql) => {
        await sql.unsafe(
          `with locked as materialized (select room_id from rooms for update)
           select count(*), pg_sleep(${(0.2 + random.next()).toFixed(2)}) from locked`,
        )
      }),
  },
})

export const faultNamed = (name: string): FaultKind => {
  const kind = FAULTS.find((one) => one.name === name)
  if (kind === undefined) throw new Error(`there is no fault ${name}`)
  return kind
}
