import { isIP, isIPv6 } from 'node:net'
import { envSchema } from 'env-schema'
import { Type, type Static } from 'typebox'
import type { Rate } from './domain/bucket.ts'
import type { MemberRates } from './domain/pace.ts'

/** Three bytes of UTF-8 for every unit of a text still fit into a WebSocket frame of 64 KiB. */
const LARGEST_MESSAGE_BYTES = 21_845
const MESSAGE_BYTES = 16_384
const HUNDRED_YEARS_MS = 3_153_600_000_000
const MIB = 1 << 20
const MESSAGE_BYTES_RATE = '65536/524288'

export interface Settings {
  readonly host: string
  readonly port: number
  /** Where Prometheus gets its numbers; undefined: nowhere, and nothing is counted. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined
  /** The folder of a node that keeps its rooms itself. Neither this nor `cluster`: embedded. */
  readonly dataDir: string | undefined
  readonly cluster: { readonly databaseUrl: string; readonly redisUrl: string } | undefined
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Who may create and join from a browser; empty: anyone. */
  readonly allowedOrigins: readonly string[]
  /** Whose word on where a request comes from counts: addresses and networks. */
  readonly trustProxy: readonly string[]
  readonly drainMs: number
  readonly leaseMs: number
  readonly resumeMs: number
  readonly pingMs: number
  readonly maxMessageBytes: number
  readonly maxRoomMembers: number
  readonly maxConnectionRooms: number
  readonly roomTtlMs: number
  readonly unusedRoomTtlMs: number
  /** The file of the rooms that are there from the start; undefined: none. */
  readonly roomsFile: string | undefined
  /** Of the memory repository; a cluster does not use it. */
  readonly memoryLimitBytes: number
  /** How much a member may send, and an address ask for; undefined: anything. */
  readonly rates: Rates | undefined
}

export interface Rates extends MemberRates {
  readonly joins: Rate
  readonly rooms: Rate
}

/** Everything that is wrong with the environment, a sentence each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'

  constructor(readonly problems: readonly string[]) {
    super('The settings are not right.')
  }
}

const milliseconds = (smallest: number, byDefault: number) =>
  Type.Integer({ minimum: smallest, maximum: 86_400_000, default: byDefault })

const ttl = (byDefault: number) =>
  Type.Integer({ minimum: 100, maximum: HUNDRED_YEARS_MS, default: byDefault })

/** Both numbers above zero; the first may have decimals. */
const rate = (byDefault: string) =>
  Type.String({
    pattern: '^(?!0(\\.0+)?/)(0|[1-9][0-9]{0,8})(\\.[0-9]{1,3})?/[1-9][0-9]{0,8}$',
    default: byDefault,
  })

const variables = Type.Object({
  HOST: Type.String({ pattern: '^\\S+$', default: '0.0.0.0' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
  METRICS_HOST: Type.String({ pattern: '^\\S+$', default: '127.0.0.1' }),
  METRICS_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  DATA_DIR: Type.Optional(Type.String({ pattern: '\\S' })),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  REDIS_URL: Type.Optional(Type.String({ pattern: '^rediss?://.' })),
  LOG_LEVEL: Type.Unsafe<Settings['logLevel']>({
    type: 'string',
    enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
  }),
  ALLOWED_ORIGINS: Type.String({ default: '' }),
  TRUST_PROXY: Type.String({ default: '' }),
  DRAIN_MS: milliseconds(100, 10_000),
  LEASE_MS: milliseconds(500, 10_000),
  RESUME_MS: milliseconds(100, 30_000),
  PING_MS: milliseconds(100, 25_000),
  MAX_MESSAGE_BYTES: Type.Integer({
    minimum: 1,
    maximum: LARGEST_MESSAGE_BYTES,
    default: MESSAGE_BYTES,
  }),
  MAX_ROOM_MEMBERS: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000 }),
  MAX_CONNECTION_ROOMS: Type.Integer({ minimum: 1, maximum: 1_000, default: 50 }),
  ROOM_TTL_MS: ttl(86_400_000),
  UNUSED_ROOM_TTL_MS: ttl(3_600_000),
  ROOMS_FILE: Type.Optional(Type.String()),
  MEMORY_LIMIT_BYTES: Type.Integer({ minimum: MIB, maximum: MIB * MIB, default: 256 * MIB }),
  RATE_LIMIT: Type.Unsafe<'on' | 'off'>({ type: 'string', enum: ['on', 'off'], default: 'on' }),
  MESSAGE_RATE: rate('10/100'),
  MESSAGE_BYTES_RATE: rate(MESSAGE_BYTES_RATE),
  JOIN_RATE: rate('20/200'),
  ROOM_RATE: rate('2/100'),
})

type Variables = Static<typeof variables>

const RATE_HINT = 'must be <per second>/<burst>, both above 0, such as 10/100'

/** What a value must look like that is not a number. */
const HINTS: Readonly<Record<string, string>> = {
  HOST: 'must be a host name or an address',
  METRICS_HOST: 'must be a host name or an address',
  DATA_DIR: 'must be the path of a folder',
  DATABASE_URL: 'must begin with postgres:// or postgresql:// and be a URL',
  REDIS_URL: 'must begin with redis:// or rediss://, name a host and be a URL',
  LOG_LEVEL: 'must be fatal, error, warn, info, debug, trace or silent',
  RATE_LIMIT: 'must be on or off',
  MESSAGE_RATE: RATE_HINT,
  MESSAGE_BYTES_RATE: RATE_HINT,
  JOIN_RATE: RATE_HINT,
  ROOM_RATE: RATE_HINT,
}

/**
 * Reads the settings; a variable that is empty counts as not set, and other variables are ignored.
 * @throws SettingsError with everything that is wrong; no sentence holds a value
 */
export const loadSettings = (
  environment: Readonly<Record<string, string | undefined>>,
): Settings => {
  const data = given(environment)
  const problems = [
    ...schemaProblems(data),
    ...urlProblems(data),
    ...portProblems(data),
    ...originProblems(data),
    ...proxyProblems(data),
    ...burstProblems(data),
  ]
  if (problems.length > 0) throw new SettingsError(problems)

  const values = envSchema<Variables>({ schema: variables, data, env: false })
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, METRICS_PORT: metricsPort } = values
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    metrics:
      metricsPort === undefined
        ? undefined
        : Object.freeze({ host: values.METRICS_HOST, port: metricsPort }),
    dataDir: values.DATA_DIR,
    cluster: databaseUrl && redisUrl ? Object.freeze({ databaseUrl, redisUrl }) : undefined,
    logLevel: values.LOG_LEVEL,
    allowedOrigins: Object.freeze(listOf(values.ALLOWED_ORIGINS)),
    trustProxy: Object.freeze(listOf(values.TRUST_PROXY)),
    drainMs: values.DRAIN_MS,
    leaseMs: values.LEASE_MS,
    resumeMs: values.RESUME_MS,
    pingMs: values.PING_MS,
    maxMessageBytes: values.MAX_MESSAGE_BYTES,
    maxRoomMembers: values.MAX_ROOM_MEMBERS,
    maxConnectionRooms: values.MAX_CONNECTION_ROOMS,
    roomTtlMs: values.ROOM_TTL_MS,
    unusedRoomTtlMs: values.UNUSED_ROOM_TTL_MS,
    roomsFile: values.ROOMS_FILE,
    memoryLimitBytes: values.MEMORY_LIMIT_BYTES,
    rates: values.RATE_LIMIT === 'on' ? ratesOf(values) : undefined,
  })
}

type Given = Readonly<Record<string, string | number>>

const WHOLE_NUMBER = /^(0|[1-9]\d{0,14})$/

/** What is set, with numbers as such: the library's own conversion takes "1e3", "0x10" and " 5". */
const given = (environment: Readonly<Record<string, string | undefined>>): Given => {
  const data: Record<string, string | number> = {}
  for (const [name, schema] of Object.entries(variables.properties)) {
    const value = environment[name]
    if (value === undefined || value === '') continue
    const isNumber = 'type' in schema && schema.type === 'integer'
    data[name] = isNumber ? (WHOLE_NUMBER.test(value) ? Number(value) : Number.NaN) : value
  }
  return data
}

const urlProblems = ({ DATA_DIR, DATABASE_URL, REDIS_URL }: Given): string[] => {
  if (DATA_DIR && (DATABASE_URL || REDIS_URL)) {
    return [
      'DATA_DIR must not be set beside DATABASE_URL and REDIS_URL: a node keeps its rooms itself or shares them.',
    ]
  }
  if (DATABASE_URL && !REDIS_URL) return ['REDIS_URL must be set too, because DATABASE_URL is.']
  if (REDIS_URL && !DATABASE_URL) return ['DATABASE_URL must be set too, because REDIS_URL is.']
  return []
}

const portProblems = ({ PORT = 8080, METRICS_PORT }: Given): string[] =>
  METRICS_PORT === PORT && PORT !== 0 ? ['METRICS_PORT must be another port than PORT.'] : []

const listOf = (list: string | number): string[] =>
  list === '' ? [] : `${list}`.split(',').map((part) => part.trim())

const isOrigin = (text: string): boolean =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text

const originProblems = ({ ALLOWED_ORIGINS = '' }: Given): string[] =>
  listOf(ALLOWED_ORIGINS).every(isOrigin)
    ? []
    : ['ALLOWED_ORIGINS must be a comma-separated list such as https://chat.example.']

const proxyProblems = ({ TRUST_PROXY = '' }: Given): string[] =>
  listOf(TRUST_PROXY).every(isNetwork)
    ? []
    : ['TRUST_PROXY must be a comma-separated list such as 10.0.0.0/8,192.168.1.1.']

/** A network of IPv4 addresses in their IPv6 form is refused: with a short prefix it is them all. */
const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return false
  if (bits === undefined) return true
  if (isIPv6(address) && isMapped(address)) return false
  return /^[1-9][0-9]{0,2}$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32)
}

/** URL writes an IPv6 address in its one canonical form. */
const isMapped = (address: string): boolean =>
  /^\[::ffff:[^:]+:[^:]+\]$/.test(new URL(`http://[${address}]`).hostname)

/** Else a text as long as is allowed would never pass. */
const burstProblems = (data: Given): string[] => {
  const { burst } = rateOf(`${data['MESSAGE_BYTES_RATE'] ?? MESSAGE_BYTES_RATE}`)
  return burst < Number(data['MAX_MESSAGE_BYTES'] ?? MESSAGE_BYTES)
    ? ['MESSAGE_BYTES_RATE must have a burst of MAX_MESSAGE_BYTES or more.']
    : []
}

const ratesOf = (values: Variables): Rates =>
  Object.freeze({
    messages: rateOf(values.MESSAGE_RATE),
    messageBytes: rateOf(values.MESSAGE_BYTES_RATE),
    joins: rateOf(values.JOIN_RATE),
    rooms: rateOf(values.ROOM_RATE),
  })

const rateOf = (text: string): Rate => {
  const [perSecond = 0, burst = 0] = text.split('/').map(Number)
  return Object.freeze({ perSecond, burst })
}

const schemaProblems = (data: Given): string[] => {
  const names = new Set<string>()
  try {
    envSchema<Variables>({ schema: variables, data, env: false })
  } catch (error) {
    const errors = (error as { readonly errors?: readonly SchemaError[] }).errors
    if (!errors) throw error
    for (const { instancePath } of errors) names.add(instancePath.slice(1))
  }
  for (const name of ['DATABASE_URL', 'REDIS_URL']) {
    if (name in data && !URL.canParse(`${data[name]}`)) names.add(name)
  }
  return [...names].map((name) => `${name} ${HINTS[name] ?? rangeOf(name)}.`)
}

const rangeOf = (name: string): string => {
  const { minimum, maximum } =
    (variables.properties as Readonly<Record<string, { minimum?: number; maximum?: number }>>)[
      name
    ] ?? {}
  return `must be a whole number from ${minimum} to ${maximum}`
}

interface SchemaError {
  readonly instancePath: string
}
