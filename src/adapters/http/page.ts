import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { allowOnly } from './methods.ts'

/** A file of the web page, ready to be sent. */
export interface PageFile {
  /** Of its address: `/` is the page itself. */
  readonly path: string
  readonly type: string
  readonly bytes: Buffer
  readonly gzipped: Buffer
  readonly etag: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}

/**
 * Reads the built page into memory: what is not in its folder has no address.
 * @param folder where the build has put it
 * @throws Error when it is not there, or has a file of a kind that nobody has thought of
 */
export const readPage = async (folder: URL): Promise<readonly PageFile[]> => {
  const top = fileURLToPath(folder)
  const entries = await readdir(top, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const name = join(entry.parentPath, entry.name)
        const path = `/${relative(top, name).split(sep).join('/')}`
        const type = TYPES[extname(name)]
        if (type === undefined) throw new Error(`The page has a file of an unknown type: ${path}`)
        return pageFile(path === '/index.html' ? '/' : path, type, await readFile(name))
      }),
  )
}

export const pageFile = (path: string, type: string, bytes: Buffer): PageFile => ({
  path,
  type,
  bytes,
  gzipped: gzipSync(bytes, { level: 9 }),
  etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
})

/** What the page may do: use its own files and its own server, and never make HTML of a text. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** These have a hash of their content in their name. */
const HASHED = '/assets/'

const WELCOME = `Chat rooms without accounts. Whoever knows a room's id can join it and gets a random name.

Open this address in a browser, or:

Create a room; the answer has its roomId:
  curl -X POST <this server>/api/room

Join it, and talk; every line is a message:
  websocat ws://<this host>/api/serve/<roomId>

Who is there, and what was said:
  GET /api/room/<roomId>
  GET /api/room/<roomId>/messages
`

/** The web page, at `/`; who does not ask for HTML, as curl, gets a text there. */
export const pageRoutes = async (
  app: FastifyInstance,
  { files }: { readonly files: readonly PageFile[] },
): Promise<void> => {
  for (const file of files) {
    app.get(file.path, async (request, reply) => {
      if (file.path === '/') {
        reply.header('vary', 'Accept, Accept-Encoding')
        if (!request.headers.accept?.includes('text/html')) {
          return reply.type('text/plain; charset=utf-8').send(WELCOME)
        }
        reply.header('content-security-policy', PAGE_POLICY)
        reply.header('cross-origin-opener-policy', 'same-origin')
      } else {
        reply.header('vary', 'Accept-Encoding')
      }
      return sendFile(file, request, reply)
    })
    allowOnly(app, file.path, ['GET', 'HEAD'])
  }
}

const sendFile = (
  { path, type, bytes, gzipped, etag }: PageFile,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => {
  reply.headers({
    etag,
    'cache-control': path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache',
  })
  if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  reply.type(type)
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(bytes)
  return reply.header('content-encoding', 'gzip').send(gzipped)
}
