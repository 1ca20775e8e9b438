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
  HOST: Type.String({ default: '0.0.0.0' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  REDIS_URL: Type.Optional(Type.String({ pattern: '^rediss?://' })),
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

/** What a value must look like, where the library's sentence would show a pattern or nothing. */
const HINTS: Readonly<Record<string, string>> = {
  DATABASE_URL: 'must begin with postgres:// or postgresql://',
  REDIS_URL: 'must begin with redis:// or rediss://',
  LOG_LEVEL: 'must be fatal, error, warn, info, debug, trace or silent',
}

/**
 * Reads the settings; a variable that is empty counts as not set, and other variables are ignored.
 * @throws SettingsError with everything that is wrong; no sentence holds a value
 */
export const loadSettings = (
  environment: Readonly<Record<string, string | undefined>>,
): Settings => {
  const names = Object.keys(variables.properties)
  const given = names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []))
  const data = Object.fromEntries(given) as Record<string, string>
  const problems = [...pairProblems(data), ...originProblems(data)]
  let values: Variables | undefined
  try {
    values = envSchema<Variables>({ schema: variables, data, env: false })
  } catch (error) {
    problems.unshift(...schemaProblems(error))
  }
  if (!values || problems.length > 0) throw new SettingsError(problems)

  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = values
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    cluster: databaseUrl && redisUrl ? { databaseUrl, redisUrl } : undefined,
    logLevel: values.LOG_LEVEL,
    allowedOrigins: originsOf(values.ALLOWED_ORIGINS),
    drainMs: values.DRAIN_MS,
    leaseMs: values.LEASE_MS,
    pingMs: values.PING_MS,
    maxMessageBytes: values.MAX_MESSAGE_BYTES,
    maxRoomMembers: values.MAX_ROOM_MEMBERS,
  })
}

const pairProblems = ({ DATABASE_URL, REDIS_URL }: Record<string, string>): string[] => {
  if (DATABASE_URL && !REDIS_URL) return ['REDIS_URL must be set too, because DATABASE_URL is.']
  if (REDIS_URL && !DATABASE_URL) return ['DATABASE_URL must be set too, because REDIS_URL is.']
  return []
}

const originsOf = (list: string): string[] =>
  list
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '')

const originProblems = ({ ALLOWED_ORIGINS = '' }: Record<string, string>): string[] =>
  originsOf(ALLOWED_ORIGINS).every(
    (origin) => URL.canParse(origin) && new URL(origin).origin === origin,
  )
    ? []
    : ['ALLOWED_ORIGINS must be a comma-separated list such as https://chat.example.']

const schemaProblems = (error: unknown): string[] => {
  const errors = (error as { readonly errors?: readonly SchemaError[] }).errors
  if (!errors) throw error
  return errors.map(({ instancePath, message }) => {
    const name = instancePath.slice(1)
    return `${name} ${HINTS[name] ?? message ?? 'is not valid'}.`
  })
}

interface SchemaError {
  readonly instancePath: string
  readonly message?: string
}
