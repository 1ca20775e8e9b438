import { envSchema } from 'env-schema'
import { Type, type Static } from 'typebox'

/** Three bytes of UTF-8 for every unit of a text still fit into a WebSocket frame of 64 KiB. */
const LARGEST_MESSAGE_BYTES = 21_845

export interface Settings {
  readonly host: string
  readonly port: number
  /** Undefined: embedded. */
  readonly cluster: { readonly databaseUrl: string; readonly redisUrl: string } | undefined
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Who may create and join from a browser; empty: anyone. */
  readonly allowedOrigins: readonly string[]
  readonly drainMs: number
  readonly leaseMs: number
  readonly pingMs: number
  readonly maxMessageBytes: number
  readonly maxRoomMembers: number
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

const variables = Type.Object({
  HOST: Type.String({ pattern: '^\\S+$', default: '0.0.0.0' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  REDIS_URL: Type.Optional(Type.String({ pattern: '^rediss?://.' })),
  LOG_LEVEL: Type.Unsafe<Settings['logLevel']>({
    type: 'string',
    enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
  }),
  ALLOWED_ORIGINS: Type.String({ default: '' }),
  DRAIN_MS: milliseconds(100, 10_000),
  LEASE_MS: milliseconds(500, 10_000),
  PING_MS: milliseconds(100, 25_000),
  MAX_MESSAGE_BYTES: Type.Integer({
    minimum: 1,
    maximum: LARGEST_MESSAGE_BYTES,
    default: 16_384,
  }),
  MAX_ROOM_MEMBERS: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000 }),
})

type Variables = Static<typeof variables>

/** What a value must look like that is not a number. */
const HINTS: Readonly<Record<string, string>> = {
  HOST: 'must be a host name or an address',
  DATABASE_URL: 'must begin with postgres:// or postgresql:// and be a URL',
  REDIS_URL: 'must begin with redis:// or rediss://, name a host and be a URL',
  LOG_LEVEL: 'must be fatal, error, warn, info, debug, trace or silent',
}

/**
 * Reads the settings; a variable that is empty counts as not set, and other variables are ignored.
 * @throws SettingsError with everything that is wrong; no sentence holds a value
 */
export const loadSettings = (
  environment: Readonly<Record<string, string | undefined>>,
): Settings => {
  const data = given(environment)
  const problems = [...schemaProblems(data), ...urlProblems(data), ...originProblems(data)]
  if (problems.length > 0) throw new SettingsError(problems)

  const values = envSchema<Variables>({ schema: variables, data, env: false })
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = values
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    cluster: databaseUrl && redisUrl ? Object.freeze({ databaseUrl, redisUrl }) : undefined,
    logLevel: values.LOG_LEVEL,
    allowedOrigins: Object.freeze(originsOf(values.ALLOWED_ORIGINS)),
    drainMs: values.DRAIN_MS,
    leaseMs: values.LEASE_MS,
    pingMs: values.PING_MS,
    maxMessageBytes: values.MAX_MESSAGE_BYTES,
    maxRoomMembers: values.MAX_ROOM_MEMBERS,
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

const urlProblems = ({ DATABASE_URL, REDIS_URL }: Given): string[] => {
  if (DATABASE_URL && !REDIS_URL) return ['REDIS_URL must be set too, because DATABASE_URL is.']
  if (REDIS_URL && !DATABASE_URL) return ['DATABASE_URL must be set too, because REDIS_URL is.']
  return []
}

const originsOf = (list: string | number): string[] =>
  list === '' ? [] : `${list}`.split(',').map((origin) => origin.trim())

const isOrigin = (text: string): boolean =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text

const originProblems = ({ ALLOWED_ORIGINS = '' }: Given): string[] =>
  originsOf(ALLOWED_ORIGINS).every(isOrigin)
    ? []
    : ['ALLOWED_ORIGINS must be a comma-separated list such as https://chat.example.']

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
