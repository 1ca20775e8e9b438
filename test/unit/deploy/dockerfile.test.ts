import { validate } from 'dockerfile-utils'
import { expect, test } from 'vitest'
import { isShipped, shipped } from './shipped.ts'

const dockerfile = shipped('Dockerfile')
const ignored = shipped('.dockerignore').split('\n')

test('the Dockerfile is one', () => {
  expect(validate(dockerfile)).toEqual([])
  expect(validate('FORM node').length).toBeGreaterThan(0)
})

test('it copies what is there and what .dockerignore lets through', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
    (sources ?? '').split(' '),
  )
  expect(copied).toContain('src')
  expect(copied.filter((path) => !isShipped(path) || !ignored.includes(`!${path}`))).toEqual([])
})

test('it runs one version of Node, the one of .nvmrc, and not as root, without npm in between', () => {
  const bases = [...dockerfile.matchAll(/^FROM node:(\d+)/gm)].map(([, version]) => version)
  expect(new Set(bases)).toEqual(new Set([shipped('.nvmrc').trim()]))
  expect(dockerfile).toMatch(/^USER node$/m)
  expect(dockerfile).toMatch(/^CMD \["node", "dist\/main\.js"\]$/m)
  expect(dockerfile).toMatch(/^HEALTHCHECK [^]+\/api\/livez/m)
})
