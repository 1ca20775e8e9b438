import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'

export interface FreshDatabase {
  readonly url: string
  /** Removes the database, and ends every connection to it first. */
  drop(): Promise<void>
}

/** A new, empty database on the test server. */
export const freshDatabase = async (): Promise<FreshDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await asAdmin(`create database ${name}`)
  const url = new URL(inject('databaseUrl'))
  url.pathname = name
  return { url: url.href, drop: () => asAdmin(`drop database if exists ${name} with (force)`) }
}

const asAdmin = async (statement: string): Promise<void> => {
  const sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 2 })
  }
}
