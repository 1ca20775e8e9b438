import { describe, expect, test } from 'vitest'
import { readMigrations } from '../../src/adapters/postgres/migrate.ts'

/** What takes something away from the nodes of the release before, which run on after a migration. */
const TAKES_AWAY =
  /\b(?:drop\s+(?:table|column|function|view|type|constraint|sequence)|rename\s+(?:to|column|constraint)|alter\s+column\s+\w+\s+(?:type|set\s+data|set\s+not\s+null|drop\s+default)|add\s+column\s+(?:if\s+not\s+exists\s+)?\w+[^,;]*\bnot\s+null\b(?![^,;]*\bdefault\b)|truncate)\b/i
/** The first line of a migration that may. */
const SAYS_WHY = /^-- Contracts: \S+/

const takesAway = (body: string): string | undefined =>
  TAKES_AWAY.exec(body.replaceAll(/--.*$/gm, ''))?.[0]

describe('migrations', () => {
  test('after the first one add, or say what no running release needs any more', async () => {
    const [, ...later] = await readMigrations()
    const silent = later
      .filter(({ body }) => !SAYS_WHY.test(body))
      .map(({ name, body }) => [name, takesAway(body)])
      .filter(([, found]) => found !== undefined)
    expect(silent).toEqual([])
  })

  test('have a number each, so that two branches cannot both add the next', async () => {
    const numbers = (await readMigrations()).map(({ name }) => /^\d{4}(?=-)/.exec(name)?.[0])
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers).not.toContain(undefined)
  })

  test.each([
    'alter table rooms drop column name;',
    'drop function append_batch(uuid);',
    'ALTER TABLE log RENAME COLUMN sent TO at;',
    'alter table log alter column sent type text;',
    'alter table log alter column sent set not null;',
    'alter table rooms add column owner text not null;',
    'truncate log;',
  ])('%s takes something away', (body) => {
    expect(takesAway(body)).toBeDefined()
  })

  test.each([
    'alter table rooms add column owner text;',
    "alter table rooms add column kind text not null default 'open';",
    'create or replace function now_ms() returns bigint language sql as $$ select 1 $$;',
    '-- no need to drop column name\ncreate table owners (room_id uuid not null);',
    'create index log_changes on log (room_id) where type is null;',
  ])('%s does not', (body) => {
    expect(takesAway(body)).toBeUndefined()
  })
})
