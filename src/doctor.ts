import { isIP } from 'node:net'
import { examineDataDir } from './adapters/local-postgres/examine.ts'
import { examinePostgres } from './adapters/postgres/examine.ts'
import { examineRedis } from './adapters/redis/examine.ts'
import {
  type ExaminedPort,
  examineFiles,
  examineMemory,
  examinePort,
} from './adapters/system/examine.ts'
import { type Finding, good, problem, warning } from './ports/finding.ts'
import { readRooms } from './rooms-file.ts'
import { loadSettings, type Settings, SettingsError } from './settings.ts'

const EXIT_PROBLEM = 1
const EXIT_SETTINGS = 2
const LONGEST_MS = 10_000

type Part = readonly [title: string, findings: readonly Finding[]]

/**
 * Looks at everything that a server with these settings needs, and changes nothing.
 * @param environment where the settings are
 * @param print takes the report, which is for people
 * @returns the exit code: 0 without a problem, 1 with one, 2 when a setting is wrong; within 10 s
 */
export const doctor = async (
  environment: Readonly<Record<string, string | undefined>>,
  print: (text: string) => Promise<void>,
): Promise<number> => {
  let settings: Settings
  try {
    settings = loadSettings(environment)
    readRooms(settings.roomsFile)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    await print(reportOf([['Settings', error.problems.map(problem)]]))
    return EXIT_SETTINGS
  }
  const parts = await Promise.all(partsOf(settings))
  await print(reportOf(parts))
  return levelsIn(parts).includes('problem') ? EXIT_PROBLEM : 0
}

const partsOf = (settings: Settings): readonly Promise<Part>[] => [
  part('Settings', async () => aboutSettings(settings)),
  ...(settings.cluster
    ? [
        part('Postgres', () => examinePostgres(settings.cluster?.databaseUrl ?? '')),
        part('Redis', () => examineRedis(settings.cluster?.redisUrl ?? '')),
      ]
    : []),
  ...(settings.dataDir === undefined
    ? []
    : [part('DATA_DIR', () => examineDataDir(settings.dataDir ?? ''))]),
  part('This machine', async () => [
    ...(await Promise.all(portsOf(settings).map(examinePort))),
    await examineFiles(),
    ...(isEmbedded(settings) ? [examineMemory(settings.memoryLimitBytes)] : []),
  ]),
]

const portsOf = ({ host, port, metrics }: Settings): readonly ExaminedPort[] => [
  { host, port, settings: ['HOST', 'PORT'], path: '/api/livez' },
  ...(metrics
    ? [{ ...metrics, settings: ['METRICS_HOST', 'METRICS_PORT'] as const, path: '/metrics' }]
    : []),
]

const isEmbedded = ({ cluster, dataDir }: Settings): boolean => !cluster && dataDir === undefined

const part = async (title: string, examine: () => Promise<readonly Finding[]>): Promise<Part> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(resolve, LONGEST_MS, [problem('This took too long to look at.')])
  })
  try {
    return [title, await Promise.race([examine(), late])]
  } finally {
    clearTimeout(timer)
  }
}

/** What is allowed, and still may not be meant. */
const aboutSettings = (settings: Settings): readonly Finding[] => {
  const local = settings.host === 'localhost' || /^(127\.|::1$)/.test(settings.host)
  const wide = settings.trustProxy.filter(isWide)
  return [
    good(`They are well formed. ${modeOf(settings)}`),
    ...(!local && settings.trustProxy.length === 0
      ? [
          good(
            'TRUST_PROXY is empty, which is right without a proxy: behind one, all members would share the rates of its address.',
          ),
        ]
      : []),
    ...(wide.length > 0
      ? [warning('TRUST_PROXY trusts a very large network: name the proxies only.')]
      : []),
    ...(settings.rates
      ? []
      : [warning('RATE_LIMIT is off: anyone can fill the server. It is meant for load tests.')]),
  ]
}

const modeOf = (settings: Settings): string => {
  if (settings.cluster) return 'This is a node of a cluster.'
  if (settings.dataDir !== undefined) return 'This is one node that keeps its rooms.'
  return 'Rooms are in memory, and end with the process: DATA_DIR keeps them.'
}

const isWide = (network: string): boolean => {
  const [address = '', bits] = network.split('/')
  return bits !== undefined && Number(bits) < (isIP(address) === 4 ? 8 : 16)
}

const LABELS: Readonly<Record<Finding['level'], string>> = {
  good: 'ok      ',
  warning: 'warning ',
  problem: 'PROBLEM ',
}

const levelsIn = (parts: readonly Part[]): readonly Finding['level'][] =>
  parts.flatMap(([, findings]) => findings.map(({ level }) => level))

const reportOf = (parts: readonly Part[]): string => {
  const blocks = parts.map(
    ([title, findings]) =>
      `${title}\n${findings.map(({ level, sentence }) => `  ${LABELS[level]} ${sentence}\n`).join('')}\n`,
  )
  return `${blocks.join('')}${summaryOf(levelsIn(parts))}\n`
}

const summaryOf = (levels: readonly Finding['level'][]): string => {
  const count = (level: Finding['level'], word: string): string => {
    const number = levels.filter((each) => each === level).length
    return `${number === 0 ? 'no' : number} ${word}${number === 1 ? '' : 's'}`
  }
  const text = `${count('problem', 'problem')}, ${count('warning', 'warning')}.`
  return text.charAt(0).toUpperCase() + text.slice(1)
}
