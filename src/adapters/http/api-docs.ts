import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { SwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { RoomIdText } from './id-schemas.ts'
import { allowOnly } from './methods.ts'

/** Where the API describes itself. */
const DOCS_PATH = '/api/docs'

/** The build copies what the page needs here. */
const FOLDER = new URL('./api-docs/', import.meta.url)

const INFO = {
  title: 'sharechat',
  description:
    'Anonymous chat rooms. Every refusal has the body `{"error":{"code","message"}}`, also 404 and 405 ' +
    'for what is not described here, and 408, 417 and 431, which may come of any request that is not ' +
    'what HTTP wants. Every `GET` can be a `HEAD`, but not that of a code, which uses it.',
  license: { name: 'MIT', identifier: 'MIT' },
}

const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string }

/** How the routes' schemas become an OpenAPI document; only what is under `/api` is part of it. */
export const openapi: SwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: { ...INFO, version },
    servers: [{ url: '/' }],
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    tags: [
      { name: 'Rooms' },
      { name: 'WebSocket', description: '[AsyncAPI document](docs/asyncapi.json)' },
      { name: 'Health', description: 'The body is always empty, the status is the answer.' },
    ],
  },
  transform: ({ schema, url }) => ({
    schema: {
      ...schema,
      ...(url.includes(':') ? { params: schema?.params ?? paramsOf(url) } : {}),
      hide: schema?.hide === true || !url.startsWith('/api/'),
    },
    url,
  }),
}

/** Not the routes' own: who asks for a malformed id gets the 404 of a room that is not there. */
const paramsOf = (url: string) =>
  Type.Object(
    Object.fromEntries(
      [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => [
        name,
        name === 'roomId' ? RoomIdText : Type.String(),
      ]),
    ),
  )

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sharechat API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`

const START = `SwaggerUIBundle({
  url: 'docs/openapi.json',
  dom_id: '#api',
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
})
`

/** What the page may do: use its own files, call its own server, show its own pictures. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const FILES: Readonly<Record<string, string>> = {
  'asyncapi.json': 'application/json; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/** The API's description of itself: a page for people, OpenAPI and AsyncAPI documents for programs. */
export const apiDocsRoutes = async (app: FastifyInstance): Promise<void> => {
  const schema = { hide: true }
  const gzipped = new Map<string, Promise<Buffer>>()

  app.get(DOCS_PATH, { schema }, async (_request, reply) =>
    reply
      .header('content-security-policy', PAGE_POLICY)
      .type('text/html; charset=utf-8')
      .send(PAGE),
  )
  app.get(`${DOCS_PATH}/start.js`, { schema }, async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(START),
  )
  app.get(`${DOCS_PATH}/openapi.json`, { schema }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  )
  for (const [name, type] of Object.entries(FILES)) {
    const read = () => readFile(new URL(name, FOLDER))
    app.get(`${DOCS_PATH}/${name}`, { schema }, async (request, reply) => {
      reply.type(type).headers({ 'cache-control': 'public, max-age=3600', vary: 'Accept-Encoding' })
      if (!request.headers['accept-encoding']?.includes('gzip')) return reply.send(await read())
      const bytes = gzipped.get(name) ?? read().then(promisify(gzip))
      gzipped.set(name, bytes)
      return reply.header('content-encoding', 'gzip').send(await bytes)
    })
  }
  for (const name of [
    '',
    '/start.js',
    '/openapi.json',
    ...Object.keys(FILES).map((n) => `/${n}`),
  ]) {
    allowOnly(app, `${DOCS_PATH}${name}`, ['GET', 'HEAD'])
  }
}
