import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { readPage } from '../../src/adapters/http/page.ts'
import { fixture } from './http-fixture.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('GET / is the page for who asks for HTML, with a policy that leaves it its own files only', async () => {
  const { app } = fixture()
  const { statusCode, headers, body } = await app.inject({ url: '/', headers: HTML })
  expect([statusCode, body]).toEqual([200, '<!doctype html>'])
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    vary: 'Accept, Accept-Encoding',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
  })
  const policy = String(headers['content-security-policy'])
  expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /)
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
})

test('files with a hash in their name are kept for good, the page is asked for each time', async () => {
  const { app } = fixture()
  const asset = await app.inject('/assets/a-1.js')
  expect(asset.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  })
  const { headers } = await app.inject({ url: '/', headers: HTML })
  const again = { ...HTML, 'if-none-match': String(headers.etag) }
  const { statusCode, body } = await app.inject({ url: '/', headers: again })
  expect([statusCode, body]).toEqual([304, ''])
})

test('what is sent is gzipped for who takes it', async () => {
  const { app } = fixture()
  const headers = { ...HTML, 'accept-encoding': 'br, gzip' }
  const answer = await app.inject({ url: '/', headers })
  expect(answer.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(answer.rawPayload).toString()).toBe('<!doctype html>')
})

test.for([
  '/index.html',
  '/assets',
  '/assets/',
  '/assets/../package.json',
  '/assets/%2e%2e/main.js',
])('nothing else has an address: %s', async (url) => {
  const { app } = fixture()
  expect((await app.inject({ url, headers: HTML })).statusCode).toBe(404)
})

test('the files of the page can be read only', async () => {
  const { app } = fixture()
  for (const url of ['/', '/assets/a-1.js']) {
    const answer = await app.inject({ method: 'POST', url })
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET, HEAD'])
    expect((await app.inject({ method: 'HEAD', url })).statusCode).toBe(200)
  }
})

test('the built page is read from its folder, whatever that is called', async () => {
  const top = await mkdtemp(join(tmpdir(), 'sharechat page %20#?-'))
  onTestFinished(() => rm(top, { recursive: true }))
  await mkdir(join(top, 'assets'))
  await writeFile(join(top, 'index.html'), 'a')
  await writeFile(join(top, 'assets/b.css'), 'b')
  const files = await readPage(pathToFileURL(`${top}/`))
  expect(new Map(files.map(({ path, type }) => [path, type]))).toEqual(
    new Map([
      ['/', 'text/html; charset=utf-8'],
      ['/assets/b.css', 'text/css; charset=utf-8'],
    ]),
  )
  await writeFile(join(top, 'secret.env'), 'c')
  await expect(readPage(pathToFileURL(`${top}/`))).rejects.toThrow(/unknown type: \/secret.env/)
})
