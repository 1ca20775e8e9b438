import { setTimeout as pause } from 'node:timers/promises'
import { faultNamed } from './faults.ts'
import { edit, type Mutant } from './mutants.ts'

/** Owners that are busy, and a room that is ended, while calls take their time. */
const POWERS: Mutant['aim'] = {
  rooms: 2,
  talkers: 2,
  jsonTalkers: 3,
  pace: { pauseMs: [60, 460], texts: 3 },
  owners: { pauseMs: [120, 400], endMs: [2_500] },
  act: async (nemesis) => {
    await pause(1_500)
    await nemesis.strike(faultNamed('Redis link slow'))
    await nemesis.strike(faultNamed('Postgres link slow'))
    await pause(5_000)
  },
}

const powers = (
  name: string,
  caughtAs: Mutant['caughtAs'],
  how: Pick<Mutant, 'patch' | 'prepare'>,
): Mutant => ({ name, caughtAs, ...how, nodes: 2, leaseMs: 4_000, aim: POWERS })

const ignoring = (reason: 'removed' | 'room_gone'): NonNullable<Mutant['patch']> => ({
  of: ['Member', 'domain/member.js'],
  text: `const { remove } = Member.prototype
  Member.prototype.remove = function (reason) {
    if (reason !== '${reason}') remove.call(this, reason)
  }`,
})

/** Those that only show when somebody changes, removes or ends something. */
export const POWER_MUTANTS: readonly Mutant[] = [
  powers('a deletion that leaves the text', ['lost', 'stale', 'phantom'], {
    prepare: (sql) =>
      edit(
        sql,
        ['append_rows'],
        [
          [
            "when 'edited' then e.message else '' end",
            "when 'edited' then e.message else l.message end",
          ],
        ],
      ),
  }),
  {
    name: 'changes that wait for the sweep',
    caughtAs: ['late'],
    patch: {
      of: ['RedisQueue', 'adapters/redis/queue.js'],
      text: 'RedisQueue.prototype.tell = async () => {}',
    },
    nodes: 2,
    leaseMs: 4_000,
    // Little is said: no later text reveals that a change was missed.
    aim: { ...POWERS, pace: { pauseMs: [500, 1_500], texts: 1 } },
  },
  powers('changes that begin at their place in the call', ['lost', 'reordered', 'phantom'], {
    prepare: (sql) =>
      edit(
        sql,
        ['append_rows'],
        [
          [
            'v_targets := coalesce(v_targets, array_fill(null::bigint, array[cardinality(p_types)]));',
            '',
          ],
        ],
      ),
  }),
  powers('who is removed keeps its connection', ['staying', 'members'], {
    patch: ignoring('removed'),
  }),
  powers('who is removed may come in again', ['staying'], {
    prepare: (sql) =>
      edit(sql, ['remove_member'], [['if m.address is not null then', 'if false then']]),
  }),
  powers('connections that outlive their room', ['staying'], { patch: ignoring('room_gone') }),
  powers('a room that is ended in word only', ['stale', 'staying'], {
    patch: {
      of: ['PostgresRepository', 'adapters/postgres/repository.js'],
      text: 'PostgresRepository.prototype.endRoom = async () => true',
    },
  }),
]
