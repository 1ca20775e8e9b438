import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** The first version without a known hole that would matter here. */
const FLOORS: Readonly<Record<string, string>> = {
  ws: '8.21.1',
  '@fastify/websocket': '7.1.1',
  fastify: '5.12.6',
  '@fastify/proxy-addr': '5.1.1',
  'find-my-way': '9.7.0',
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>
}

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as Lock

const numbers = (version: string): readonly number[] => version.split('.').map(Number)

const isBelow = (version: string, floor: string): boolean => {
  const at = numbers(version).findIndex((part, index) => part !== numbers(floor)[index])
  return at !== -1 && numbers(version)[at]! < numbers(floor)[at]!
}

test.each(Object.entries(FLOORS))('every %s in the lock is %s or newer', (name, floor) => {
  const versions = Object.entries(packages)
    .filter(([path, { dev }]) => path.endsWith(`node_modules/${name}`) && !dev)
    .map(([, { version }]) => version ?? '')
  expect(versions).not.toEqual([])
  for (const version of versions) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(isBelow(version, floor)).toBe(false)
  }
})

test('versions are compared part by part, as numbers', () => {
  expect(isBelow('8.9.0', '8.21.1')).toBe(true)
  expect(isBelow('8.21.0', '8.21.1')).toBe(true)
  expect(isBelow('9.0.0', '8.21.1')).toBe(false)
  expect(isBelow('8.21.1', '8.21.1')).toBe(false)
})
