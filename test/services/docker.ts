import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { StartedTestContainer } from 'testcontainers'

/** A container's published address, and what ends it. */
export interface Container {
  readonly url: string
  stop(): Promise<void>
}

/** Pulling an image over a slow line takes its time; a line that is down must not take for ever. */
const START_MS = 180_000

/** Whether a Docker engine answers on its socket within two seconds. */
export const dockerAnswers = async (): Promise<boolean> => {
  for (const engine of engines()) {
    if (await answersPing(engine)) return true
  }
  return false
}

type Engine = { readonly socketPath: string } | { readonly host: string; readonly port: number }

const engines = (): readonly Engine[] => {
  const named = process.env['DOCKER_HOST']
  if (named === undefined) {
    return [
      '/var/run/docker.sock',
      join(homedir(), '.docker/run/docker.sock'),
      join(homedir(), '.docker/desktop/docker.sock'),
      join(process.env['XDG_RUNTIME_DIR'] ?? `/run/user/${process.getuid?.()}`, 'docker.sock'),
    ]
      .filter((socketPath) => existsSync(socketPath))
      .map((socketPath) => ({ socketPath }))
  }
  const url = new URL(named)
  if (url.protocol === 'unix:') return [{ socketPath: url.pathname }]
  return url.port === '' ? [] : [{ host: url.hostname, port: Number(url.port) }]
}

const answersPing = (engine: Engine): Promise<boolean> =>
  new Promise((resolve) => {
    const ping = request({ ...engine, path: '/_ping', timeout: 2_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    ping.on('timeout', () => ping.destroy(new Error('no answer')))
    ping.on('error', () => resolve(false))
    ping.end()
  })

/** @throws Error when the image cannot be had or does not start within three minutes */
export const postgresContainer = async (): Promise<Container> => {
  const { GenericContainer, Wait } = await import('testcontainers')
  const container = new GenericContainer('postgres:18-alpine')
    .withEnvironment({ POSTGRES_HOST_AUTH_METHOD: 'trust' })
    .withCommand(['-c', 'max_connections=200', '-c', 'fsync=off', '-c', 'full_page_writes=off'])
    .withExposedPorts(5432)
    // The image starts Postgres twice: first to set it up, unreachable from outside.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
  const started = await within(container.start())
  const address = `${started.getHost()}:${started.getMappedPort(5432)}`
  return { url: `postgres://postgres@${address}/postgres`, stop: () => end(started) }
}

/** @throws Error when the image cannot be had or does not start within three minutes */
export const redisContainer = async (): Promise<Container> => {
  const { GenericContainer, Wait } = await import('testcontainers')
  const container = new GenericContainer('redis:8-alpine')
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
  const started = await within(container.start())
  const url = `redis://${started.getHost()}:${started.getMappedPort(6379)}`
  return { url, stop: () => end(started) }
}

const end = async (container: StartedTestContainer): Promise<void> => {
  await container.stop()
}

/** What starts too late is ended by testcontainers' own reaper when this process goes. */
const within = async (starting: Promise<StartedTestContainer>): Promise<StartedTestContainer> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it took over three minutes')), START_MS)
  })
  return Promise.race([starting, late]).finally(() => clearTimeout(timer))
}
