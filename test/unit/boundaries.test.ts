import { execFile } from 'node:child_process'
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const top = fileURLToPath(new URL('../..', import.meta.url))

/** A file that oxlint must report, and the rule and the words that it must report it with. */
interface Breach {
  readonly folder: string
  readonly code: string
  readonly rule: string
  readonly says: RegExp
}

const adapters = ['http', 'local-postgres', 'memory', 'postgres', 'prometheus', 'redis', 'system']
const importOf = (name: string): string => `import * as it from '${name}'\nexport const a = it\n`

/** Every folder that one of these imports does not belong into. */
const forbidden = (
  names: readonly string[],
  folders: readonly string[],
  says: RegExp,
): readonly Breach[] =>
  folders.flatMap((folder) =>
    names.map((name) => ({ folder, code: importOf(name), rule: 'no-restricted-imports', says })),
  )

const everywhereBut = (home: string): readonly string[] =>
  [
    'src',
    'src/ports',
    'src/protocol',
    'src/client',
    'src/domain',
    ...adapters.map((name) => `src/adapters/${name}`),
  ].filter((folder) => folder !== home)

const breaches: readonly Breach[] = [
  ...forbidden(
    ['../domain/room.ts', './../app.ts', 'node:fs', 'uuid', '../../test/unit/x.ts'],
    ['src/ports'],
    /Ports import nothing outside/,
  ),
  ...forbidden(
    ['../adapters/redis/queue.ts', './../app.ts', 'node:crypto', 'uuid', '../../test/unit/x.ts'],
    ['src/domain'],
    /The domain imports src\/ports only/,
  ),
  ...forbidden(
    ['../ports/model.ts', '../domain/room.ts', './../app.ts', 'node:fs', '../../test/unit/x.ts'],
    ['src/protocol'],
    /The protocol imports nothing outside/,
  ),
  ...forbidden(
    ['../ports/model.ts', '../adapters/http/frames.ts', 'node:crypto', '../../test/unit/x.ts'],
    ['src/client'],
    /The client imports its own files and src\/protocol only/,
  ),
  ...['src/protocol', 'src/client'].map((folder) => ({
    folder,
    code: 'export const a = Buffer\n',
    rule: 'no-restricted-globals',
    says: /A browser has none/,
  })),
  ...['process', 'setImmediate', 'globalThis.process', 'window', 'document'].map((name) => ({
    folder: 'src/client',
    code: `export const a = ${name}\n`,
    rule: 'no-restricted-globals',
    says: /ha(?:s|ve) none/,
  })),
  ...adapters.flatMap((from) =>
    forbidden(
      [
        ...adapters.filter((to) => to !== from).map((to) => `../${to}/it.ts`),
        ...(from === 'http' ? [] : ['../../domain/room.ts']),
        '../../app.ts',
        './../../app.ts',
        '../../../test/unit/x.ts',
      ],
      [`src/adapters/${from}`],
      / adapter imports src\/ports, .* adapters meet in app\.ts only/,
    ),
  ),
  ...forbidden(['../../domain/room.ts'], ['src/adapters/http'], /knows the domain's types/),
  ...forbidden(
    ['../../src/domain/room.ts', '../../src/app.ts', 'node:fs', 'react', 'ws'],
    ['web/src'],
    /The page imports its own files/,
  ),
  ...forbidden(
    ['../../../src/domain/room.ts', '../../vite.config.ts', 'node:fs', 'react', 'uqr'],
    ['web/src/views'],
    /The page imports its own files/,
  ),
  ...forbidden(
    ['../domain/room.ts', '../protocol/events.ts', '../app.ts', '../settings.ts', 'fastify', 'ink'],
    ['src/cli'],
    /The command line knows servers from outside/,
  ),
  ...forbidden(
    [
      '../cli/main.ts',
      '../protocol/events.ts',
      '../domain/room.ts',
      './../main.ts',
      'ws',
      'fastify',
    ],
    ['src/terminal'],
    /The terminal client imports/,
  ),
  ...forbidden(['ink', 'react', 'get-east-asian-width'], everywhereBut('src/terminal'), /./),
  ...forbidden(['postgres'], everywhereBut('src/adapters/postgres'), /./),
  ...forbidden(['prom-client'], everywhereBut('src/adapters/prometheus'), /./),
  ...forbidden(['ioredis'], everywhereBut('src/adapters/redis'), /./),
  ...forbidden(['fastify', '@fastify/cors', 'ws'], everywhereBut('src/adapters/http'), /./),
  ...forbidden(
    ['pino', 'uuid', 'unique-names-generator'],
    everywhereBut('src/adapters/system'),
    /./,
  ),
  ...forbidden(['../test/unit/x.ts'], ['src'], /wires what is in src/),
  ...forbidden(['left-pad', '../../test/unit/x.ts'], ['src/new-folder'], /./),
  {
    folder: 'src/domain',
    code: "export * from '../adapters/redis/queue.ts'\n",
    rule: 'no-restricted-imports',
    says: /The domain imports/,
  },
  {
    folder: 'src/domain',
    code: "import { setTimeout } from 'node:timers/promises'\nexport const a = setTimeout\n",
    rule: 'no-restricted-imports',
    says: /The domain imports/,
  },
  ...[
    'setTimeout',
    'setInterval',
    'setImmediate',
    'Buffer',
    'process',
    'JSON',
    'console',
    'Date',
    'crypto',
    'TextEncoder',
    'globalThis.setTimeout',
    'global.Buffer',
  ].map((name) => ({
    folder: 'src/domain',
    code: `export const a = ${name}\n`,
    rule: 'no-restricted-globals',
    says: /./,
  })),
  {
    folder: 'src/domain',
    code: 'export const a = Math.random()\n',
    rule: 'no-restricted-properties',
    says: /Ids port/,
  },
  ...["sql.unsafe('')", "sql['unsafe']('')", "sql.file('a')", 'sql.begin(f)', 'sql.reserve()'].map(
    (call) => ({
      folder: 'src/adapters/postgres',
      code: `import type { Sql } from 'postgres'\nexport const a = (sql: Sql, f: () => []): unknown => [f, ${call}]\n`,
      rule: 'no-restricted-properties',
      says: /A statement is a tagged template|One statement per operation/,
    }),
  ),
  {
    folder: 'src/domain',
    code: "import type { B } from './cycle.ts'\nimport { b } from './cycle.ts'\nexport const a: B = b\n",
    rule: 'no-cycle',
    says: /./,
  },
  {
    folder: 'src/adapters/http',
    code: 'const later = async (): Promise<void> => {}\nlater()\n',
    rule: 'no-floating-promises',
    says: /./,
  },
  {
    folder: 'src/adapters/system',
    code: "console.log('a')\n",
    rule: 'no-console',
    says: /./,
  },
]

const clean: Readonly<Record<string, string>> = {
  'src/ports/clock.ts': 'export interface Clock {\n  now(): number\n}\n',
  'src/ports/queue.ts':
    "import type { Clock } from './clock.ts'\nexport type Queue = { clock: Clock }\n",
  'src/protocol/it.ts': "import type { It } from './other.ts'\nexport type Its = It[]\n",
  'src/protocol/other.ts': 'export type It = string\n',
  'src/client/it.ts': "import type { It } from '../protocol/other.ts'\nexport type Its = It[]\n",
  'src/domain/room.ts':
    "import type { Clock } from '../ports/clock.ts'\nexport type Room = Clock\n",
  'src/domain/member.ts': "import type { Room } from './room.ts'\nexport type Member = Room\n",
  'src/adapters/memory/it.ts':
    "import { createHash } from 'node:crypto'\nimport type { Clock } from '../../ports/clock.ts'\nexport const it: [typeof createHash, Clock?] = [createHash]\n",
  'src/adapters/postgres/it.ts': importOf('postgres'),
  'src/adapters/postgres/migrate.ts':
    "import type { Sql } from 'postgres'\nexport const it = (sql: Sql): unknown => sql.unsafe('')\n",
  'src/adapters/redis/it.ts': importOf('ioredis'),
  'src/adapters/system/it.ts': importOf('pino') + importOf('uuid').replaceAll(/\b(it|a)\b/g, '$1b'),
  'src/adapters/http/it.ts': `import type { Room } from '../../domain/room.ts'\nexport type It = Room\n${importOf('fastify')}`,
  'src/adapters/http/other.ts': importOf('@fastify/cors'),
  'src/cli/it.ts': importOf('ws') + importOf('node:util').replaceAll(/\b(it|a)\b/g, '$1b'),
  'src/terminal/it.ts': importOf('ink') + importOf('react').replaceAll(/\b(it|a)\b/g, '$1b'),
  'web/src/it.ts':
    importOf('uqr') + importOf('../../src/client/it.ts').replaceAll(/\b(it|a)\b(?!\.ts)/g, '$1b'),
  'web/src/views/it.ts': importOf('preact/hooks'),
  'src/app.ts': "import { it } from './adapters/memory/it.ts'\nexport const app = it\n",
}

const files = breaches.map(({ folder }, index) => `${folder}/breach-${index}.ts`)

interface Finding {
  readonly message: string
  readonly help: string
  readonly code: string
  readonly filename: string
}

/** What oxlint says about a folder. It ends with 1 when it finds something, so only its words count. */
const findingsIn = (folder: string): Promise<readonly Finding[]> =>
  new Promise((resolve, reject) => {
    const oxlint = join(top, 'node_modules/oxlint/bin/oxlint')
    const args = [oxlint, '--format=json', 'src', 'test', 'web']
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 }, (_error, out, err) => {
      try {
        resolve((JSON.parse(out) as { diagnostics: Finding[] }).diagnostics)
      } catch {
        reject(new Error(`oxlint did not run: ${out}${err}`))
      }
    })
  })

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

describe('import boundaries', () => {
  let tree: string
  let findings: readonly Finding[]
  const reported = (file: string): readonly Finding[] =>
    findings.filter(({ filename }) => filename.replaceAll('\\', '/').endsWith(file))

  beforeAll(async () => {
    tree = await mkdtemp(join(tmpdir(), 'sharechat-boundaries-'))
    await copyFile(join(top, '.oxlintrc.json'), join(tree, '.oxlintrc.json'))
    await copyFile(join(top, 'tsconfig.json'), join(tree, 'tsconfig.json'))
    // For the programs that oxlint calls, and for types; a link is removed, not followed.
    await symlink(join(top, 'node_modules'), join(tree, 'node_modules'), 'junction')
    await write(join(tree, 'package.json'), '{ "type": "module" }')
    for (const [file, code] of Object.entries(clean)) await write(join(tree, file), code)
    for (const [index, { code }] of breaches.entries()) await write(join(tree, files[index]!), code)
    const cycle = files.find((_file, index) => breaches[index]!.rule === 'no-cycle')!
    const back = `import { a } from './${cycle.split('/').at(-1)}'\nexport type B = number\nexport const b: B = a\n`
    await write(join(tree, 'src/domain/cycle.ts'), back)
    await write(
      join(tree, 'test/unit/waits.test.ts'),
      "import { setTimeout as pause } from 'node:timers/promises'\nawait pause(1)\n",
    )
    await write(join(tree, 'test/unit/timer.test.ts'), 'setTimeout(() => {}, 1)\n')
    await write(
      join(tree, 'test/unit/sleeps.test.ts'),
      "import { sleep } from './sleep.ts'\nawait sleep(1)\n",
    )
    findings = await findingsIn(tree)
  }, 30_000)

  afterAll(() => rm(tree, { recursive: true, force: true }))

  test.each([...new Set(breaches.map(({ folder }) => folder))])(
    'what does not belong into %s is reported, with the reason',
    (folder) => {
      const unreported = breaches.filter(
        (breach, index) =>
          breach.folder === folder &&
          !reported(files[index]!).some(
            ({ code, message, help }) =>
              code.includes(`(${breach.rule})`) && breach.says.test(`${message} ${help}`),
          ),
      )
      expect(unreported).toEqual([])
    },
  )

  test.each(['waits', 'timer', 'sleeps'])('a test that waits for time to pass: %s', (name) => {
    expect(reported(`${name}.test.ts`).map(({ code }) => code)).toEqual([
      expect.stringMatching(/no-restricted-(imports|globals)/),
    ])
  })

  test('nothing is reported in files that keep to their place', () => {
    expect(Object.keys(clean).flatMap((file) => reported(`/${file}`))).toEqual([])
  })

  test('every adapter of this project is one that the breaches above were tried with', async () => {
    const folders = await readdir(join(top, 'src/adapters'))
    expect(folders.sort()).toEqual(adapters)
  })

  test('no file goes around its boundary with import() or require', async () => {
    const around: string[] = []
    for (const name of await readdir(join(top, 'src'), { recursive: true })) {
      if (!/\.tsx?$/.test(name)) continue
      const code = await readFile(join(top, 'src', name), 'utf8')
      for (const [call] of code.matchAll(/\bimport\s*\(.*?\)|\bcreateRequire\b|\brequire\s*\(/g)) {
        around.push(`${name.replaceAll('\\', '/')}: ${call}`)
      }
    }
    // What one command or setting alone needs is loaded by that one.
    expect(around.toSorted()).toEqual([
      "app.ts: import('./adapters/prometheus/metrics.ts')",
      "cli/join.ts: import('../terminal/terminal.ts')",
      "cli/main.ts: import('../doctor.ts')",
      "cli/main.ts: import('../main.ts')",
      "cli/main.ts: import('../stress/command.ts')",
    ])
  })
})
