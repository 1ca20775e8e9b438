import { Redis } from 'ioredis'
import { type Finding, good, problem, warning } from '../../ports/finding.ts'
import { PREFIX } from './queue.ts'

const ANSWER_MS = 2_000
/** The first with the pub/sub and access rules that this was tried with. */
const OLDEST_MAJOR = 6
/** What a busy room's node may be behind before Redis cuts it off. */
const SMALLEST_BUFFER = 8 << 20

/**
 * Looks at the Redis that nodes are to share, and sends one message on a channel of its own. Never
 * rejects; ends within some seconds whatever the server does.
 */
export const examineRedis = async (url: string): Promise<readonly Finding[]> => {
  const options = {
    lazyConnect: true,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    retryStrategy: () => null,
  }
  const [one, other] = [new Redis(url, options), new Redis(url, options)]
  let last: unknown
  for (const connection of [one, other]) connection.on('error', (error) => (last = error))
  try {
    await Promise.all([one.connect(), other.connect()])
    const info = await one.info()
    return [...aboutServer(info), ...(await aboutBuffer(one)), await aboutPublishing(one, other)]
  } catch (error) {
    return [problem(whyNot(error, last))]
  } finally {
    one.disconnect()
    other.disconnect()
  }
}

const aboutServer = (info: string): readonly Finding[] => {
  const [, version = ''] = /^redis_version:(\S+)/m.exec(info) ?? []
  const old = Number.parseInt(version, 10) < OLDEST_MAJOR
  const replica = /^role:slave/m.test(info)
  return [
    old
      ? problem(`It is Redis ${version}; ${OLDEST_MAJOR} is the oldest that will do.`)
      : good(`It answers; Redis ${version}.`),
    ...(replica
      ? [
          problem(
            'It is a replica: what is published there stays there. REDIS_URL must lead to the primary.',
          ),
        ]
      : []),
  ]
}

/** Redis cuts a subscriber that is so far behind; a service may keep its configuration to itself. */
const aboutBuffer = async (redis: Redis): Promise<readonly Finding[]> => {
  const answer: unknown = await redis.config('GET', 'client-output-buffer-limit').catch(() => [])
  const [, hard] = /pubsub (\d+)/.exec(Array.isArray(answer) ? answer.join(' ') : '') ?? []
  return hard !== undefined && hard !== '0' && Number(hard) < SMALLEST_BUFFER
    ? [
        warning(
          `It cuts off subscribers that are ${hard} bytes behind: set client-output-buffer-limit pubsub to its default, 32mb 8mb 60.`,
        ),
      ]
    : []
}

const aboutPublishing = async (one: Redis, other: Redis): Promise<Finding> => {
  const channel = `${PREFIX}doctor-${process.pid}-${Date.now()}`
  let heard = () => {}
  const arrived = new Promise<boolean>((resolve) => {
    const late = setTimeout(resolve, ANSWER_MS, false)
    heard = () => {
      clearTimeout(late)
      resolve(true)
    }
  })
  other.on('message', () => heard())
  await other.subscribe(channel)
  await one.publish(channel, '')
  return (await arrived)
    ? good('What one connection publishes, another one hears.')
    : problem('What one connection publishes, another one does not hear: is there a proxy between?')
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The host in REDIS_URL has no address: is the name right?',
  EAI_AGAIN: 'The host in REDIS_URL has no address: does name resolution work here?',
  ECONNREFUSED: 'Nobody listens at the host and port in REDIS_URL: is Redis running?',
  EHOSTUNREACH: 'There is no way to the host in REDIS_URL.',
  ENETUNREACH: 'There is no way to the host in REDIS_URL.',
  ETIMEDOUT: 'The host in REDIS_URL does not answer: does a firewall drop the packets?',
  NOAUTH: 'Redis asks for a password: put it into REDIS_URL, redis://:password@host.',
  WRONGPASS: 'Redis refuses the user or the password in REDIS_URL.',
  NOPERM: `The user in REDIS_URL may not do what a node does: allow INFO, PUBLISH, SUBSCRIBE and channels ${PREFIX}*.`,
}

/** @param last what the connection said, which tells more than that it is closed */
const whyNot = (...errors: readonly unknown[]): string => {
  for (const error of errors) {
    if (!(error instanceof Error)) continue
    const code = 'code' in error ? String(error.code) : ''
    const [word = ''] = error.message.split(' ')
    const reason = REASONS[code] ?? REASONS[word]
    if (reason !== undefined) return reason
  }
  return 'Redis does not answer as it should: is that a Redis at REDIS_URL, and redis:// or rediss:// right?'
}
