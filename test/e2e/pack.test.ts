import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Cli, type Ended } from './cli.ts'
import { Pty } from './pty.ts'

const TOP = fileURLToPath(new URL('../..', import.meta.url))
const TSC = join(TOP, 'node_modules/.bin/tsc')
const INSTALL_MS = 180_000

const run = promisify(execFile)
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sharechat-pack-'))
  // What is built is what is tested; a pack by hand builds it again.
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]
  const { stdout } = await run('npm', pack, { cwd: TOP })
  // From npm's cache as far as it goes: the install that the tests run on has filled it.
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  // Without the Postgres of DATA_DIR, as those install it who do not want its 60 MB.
  await run('npm', [...install, '--omit=optional', join(folder, stdout.trim())], { cwd: folder })
}, INSTALL_MS)

afterAll(() => rm(folder, { recursive: true, force: true }))

test('packed is what runs and what documents it, nothing else', async () => {
  const top = join(folder, 'node_modules/sharechat')
  const names = await readdir(top, { recursive: true, withFileTypes: true })
  const files = names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(top, join(parentPath, name)))
  const belongs =
    /^(?:dist\/.+(?:\.js|\.d\.ts|\.sql)|dist\/(?:web|adapters\/http\/api-docs)\/.+|[A-Z]+(?:\.md)?|package\.json)$/
  expect(files.filter((file) => !belongs.test(file))).toEqual([])
  expect(files).toContain('LICENSE')
  const { messages } = await publint({ pkgDir: top, pack: false, strict: true })
  expect(messages).toEqual([])
})

test('packed and installed, sharechat/client has its types, for Node and for bundlers', async () => {
  const file = join(folder, 'typed.mts')
  await writeFile(
    file,
    `import { connect, type Room } from 'sharechat/client'
     export const join = (id: string): Promise<Room> => connect('http://localhost').join(id)
     export const wrong: number = connect('http://localhost').state`,
  )
  for (const module of ['nodenext', 'preserve']) {
    const options = ['--noEmit', '--strict', '--ignoreConfig', '--types', '', '--module', module]
    const said = run(TSC, [...options, file], { cwd: folder }).then(
      () => 'nothing',
      ({ stdout }: { stdout: string }) => stdout,
    )
    expect((await said).match(/\(\d+,\d+\): error TS\d+/g)).toEqual(['(3,19): error TS2322'])
  }
})

const main = (): string => join(folder, 'node_modules/sharechat/dist/cli/main.js')
const packed = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli =>
  new Cli(args, env, main())
const ended = (args: readonly string[], input = ''): Promise<Ended> => packed(args).end(input)

test('packed and installed into an empty folder, every command works', async () => {
  const npx = await run('npx', ['--no-install', 'sharechat', '--version'], { cwd: folder })
  expect(npx.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)

  const serve = packed(['serve'], { PORT: '0', HOST: '127.0.0.1', RATE_LIMIT: 'off' })
  const [, url = ''] = /is at (\S+)/.exec(await serve.prints(/is at \S+\n/)) ?? []
  const made = await ended(['new', url])
  const link = made.stdout.trim()
  expect(made).toEqual({ code: 0, stdout: expect.stringMatching(/#[\da-f-]{36}\n$/), stderr: '' })

  const tail = packed(['tail', link])
  await tail.prints(/ joined the room\.\n/)
  expect(await ended(['say', link], 'one\ntwo\n')).toEqual({ code: 0, stdout: '', stderr: '' })
  await tail.prints(/: one\n.*: two\n/)
  tail.process.kill('SIGINT')
  expect(await tail.ended()).toMatchObject({ code: 0 })

  const load = ['--members', '2', '--seconds', '0.1', '--ramp', '0', '--json']
  expect(await ended(['stress', '--url', url, ...load])).toMatchObject({ code: 0 })

  // In a pipe, as everywhere; test/e2e/terminal.test.ts has it in a terminal.
  expect(await ended(['join', link], 'three')).toMatchObject({ code: 0, stderr: '' })

  serve.process.kill('SIGTERM')
  expect(await serve.ended()).toMatchObject({ code: 0 })
})

test('installed without its Postgres, DATA_DIR is answered with a sentence', async () => {
  const { code, stderr } = await packed(['serve'], {
    PORT: '0',
    DATA_DIR: join(folder, 'data'),
  }).end()
  expect(code).toBe(1)
  expect(stderr).toMatch(/^Cannot start: npm did not install the Postgres .* --omit=optional/m)
})

test.runIf(process.platform === 'linux')('packed and installed, it has its screen', async () => {
  const serve = packed(['serve'], { PORT: '0', HOST: '127.0.0.1' })
  const [, url = ''] = /is at (\S+)/.exec(await serve.prints(/is at \S+\n/)) ?? []
  const terminal = new Pty([main(), 'new', url], { columns: 40, rows: 12 })
  await terminal.shows(/ live\n[^]*\s+joined\s+the\s+room\.\n/)
  terminal.type('/quit\r')
  expect(await terminal.exit()).toBe(0)
})

test('packed and installed, sharechat/client can be imported, and nothing else', async () => {
  const file = join(folder, 'try.mjs')
  await writeFile(
    file,
    `import { connect } from 'sharechat/client'
     const other = await import('sharechat').catch(({ code }) => code)
     console.log(typeof connect, other)`,
  )
  const { stdout } = await run(process.execPath, [file], { cwd: folder })
  expect(stdout).toBe('function ERR_PACKAGE_PATH_NOT_EXPORTED\n')
})
