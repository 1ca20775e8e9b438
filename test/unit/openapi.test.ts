import { Validator } from '@seriousme/openapi-schema-validator'
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { HANDSHAKE, RawClient, request, until } from './http-clients.ts'
import { fixture, listen } from './http-fixture.ts'

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly responses: Readonly<Record<string, unknown>>
}

const documentOf = async ({ app }: ReturnType<typeof fixture>) => {
  await app.ready()
  return app.swagger() as unknown as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
}

test('every route under /api is described, or hidden on purpose', async () => {
  const { app } = fixture()
  const bare: string[] = []
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (!url.startsWith('/api/') || schema?.hide === true) return
    const isDescribed = schema?.operationId && schema.summary && schema.tags && schema.response
    if (!isDescribed) bare.push(`${String(method)} ${url}`)
  })
  await app.ready()
  expect(bare).toEqual([])
})

test('the document is OpenAPI 3.1, and its operations have names of their own', async () => {
  const document = await documentOf(fixture())
  const validator = new Validator()
  const { valid, errors } = await validator.validate(structuredClone(document))
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined })
  expect(validator.version).toBe('3.1')
  const names = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  )
  expect(new Set(names).size).toBe(names.length)
  expect(names).toContain('createRoom')
})

test('a bug in what a route needs is the 500 that the document says', async () => {
  const bug = () => {
    throw new Error('a bug')
  }
  const broken = fixture({
    controller: {
      ...{ accepting: true, createRoom: bug, findRoom: bug, roomInfo: bug, join: bug },
      joinResumable: bug,
    },
    owners: { change: bug, dismiss: bug, remove: bug },
    changes: { change: bug },
    history: { all: bug, excerpt: bug, message: bug } as never,
    invitations: { create: bug, take: bug },
    directory: { page: bug },
  })
  const { paths } = await documentOf(broken)
  const port = await listen(broken)
  for (const [template, item] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(item)) {
      if (!('500' in responses)) continue
      const path = template
        .replace('{message}', method === 'get' ? '1' : randomUUID())
        .replace('{code}', '493027')
        .replaceAll(/\{\w+\}/g, () => randomUUID())
      const body = method === 'put' ? '{"message":"x"}' : '{}'
      const secret = {
        Host: 'node',
        Authorization: 'Bearer x',
        'Content-Length': `${body.length}`,
      }
      const isWebSocket = '101' in responses
      const client = new RawClient(port)
      const isRead = method === 'get'
      const headers = isWebSocket ? HANDSHAKE : isRead ? undefined : secret
      client.send(request(`${method.toUpperCase()} ${path}`, headers) + (isRead ? '' : body))
      await until(`an answer of ${template}`, () => client.text.includes('\r\n'))
      const [line] = client.text.split('\r\n')
      expect({ template, line }).toEqual({ template, line: 'HTTP/1.1 500 Internal Server Error' })
    }
  }
})
