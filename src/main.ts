import closeWithGrace from 'close-with-grace'
import { readPage } from './adapters/http/page.ts'
import { CannotStart } from './adapters/local-postgres/cannot-start.ts'
import { PinoLog } from './adapters/system/log.ts'
import { buildApp } from './app.ts'
import type { GivenRoom } from './domain/directory.ts'
import { readRooms } from './rooms-file.ts'
import { loadSettings, SettingsError, type Settings } from './settings.ts'

const EXIT_SETTINGS = 2
const EXIT_FAILURE = 1

const readSettings = (): Settings & { readonly givenRooms: readonly GivenRoom[] } => {
  try {
    const settings = loadSettings(process.env)
    return { ...settings, givenRooms: readRooms(settings.roomsFile) }
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`The settings are not right:\n${bulleted(error.problems)}`)
    process.exit(EXIT_SETTINGS)
  }
}

const bulleted = (lines: readonly string[]) => lines.map((line) => `- ${line}\n`).join('')

const greeting = (url: string) => `sharechat is at ${url}

  In a browser:   open it, press one button, send the link
  Create a room:  curl -X POST ${url}/api/room
  Join it:        websocat ${url.replace('http', 'ws')}/api/serve/<roomId>

`

const settings = readSettings()
const log = new PinoLog(settings.logLevel)
const page = await readPage(new URL('web/', import.meta.url))
const app = await buildApp(settings, log, page, settings.givenRooms)

let stopping = false

closeWithGrace({ delay: settings.drainMs, logger: undefined }, async ({ signal, err }) => {
  stopping = true
  if (err) log.error('unexpected failure', { error: err })
  else log.info('stopping', { signal: signal ?? 'none' })
  try {
    await app.stop()
  } catch (error) {
    log.error('not everything ended well', { error })
    throw error
  }
})

try {
  process.stdout.write(greeting(await app.start()))
} catch (error) {
  // A start that a signal ended ends as the drain does.
  if (!stopping) {
    log.error('cannot start', { error })
    process.stderr.write(`Cannot start: ${whyNot(error)}\n`)
    process.exit(EXIT_FAILURE)
  }
}

function whyNot(error: unknown): string {
  if (error instanceof CannotStart) return error.message
  const { code, port } = error as { readonly code?: string; readonly port?: number }
  const ofMetrics = settings.metrics !== undefined && port === settings.metrics.port
  const [PORT, HOST] = ofMetrics ? ['METRICS_PORT', 'METRICS_HOST'] : ['PORT', 'HOST']
  if (code === 'EADDRINUSE') return `port ${port} is in use; set ${PORT} to another one.`
  if (code === 'EACCES') return `port ${port} may not be used; set ${PORT} to another one.`
  if (code === 'EADDRNOTAVAIL') return `this machine does not have the address in ${HOST}.`
  return 'see the log line above.'
}
