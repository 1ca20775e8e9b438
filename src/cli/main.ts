#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import type { Client } from '../client/client.ts'
import { printableLine } from '../terminal/printable.ts'
import { UsageError } from '../stress/usage-error.ts'
import {
  readJoinArgs,
  readNewArgs,
  readNoArgs,
  readRoomArgs,
  readRoomsArgs,
  readSearchArgs,
  readTailArgs,
} from './args.ts'
import { withRoomId } from './codes.ts'
import { dial } from './dial.ts'
import { printExport, printFound, printRooms } from './finding.ts'
import { HELP, HELP_OF, isCommandName } from './help.ts'
import { isInTerminal, join } from './join.ts'
import { makeRoom } from './new.ts'
import { isOutputClosed, print } from './output.ts'
import { readOwnerToken } from './owner-file.ts'
import { say } from './say.ts'
import { tail } from './tail.ts'

const EXIT_FAULT = 1
const EXIT_USAGE = 2

const run = async ([word, ...argv]: readonly string[]): Promise<number> => {
  if (word === '--help' || word === '-h' || word === 'help') return helped(HELP)
  if (word === '--version') return helped(`${version()}\n`)
  if (word === undefined) throw new UsageError('Give a command.')
  if (!isCommandName(word)) throw new UsageError(`There is no command '${word}'.`)
  switch (word) {
    case 'serve':
      if (!readNoArgs(argv)) return helped(HELP_OF.serve)
      await import('../main.ts')
      return 0
    case 'doctor': {
      if (!readNoArgs(argv)) return helped(HELP_OF.doctor)
      const { doctor } = await import('../doctor.ts')
      return doctor(process.env, print)
    }
    case 'stress': {
      const { stress } = await import('../stress/command.ts')
      return stress(argv)
    }
    case 'new': {
      const args = readNewArgs(argv, process.env)
      if (!args) return helped(HELP_OF.new)
      const { roomId, ownerToken } = await makeRoom(args)
      if (args.print || !isInTerminal()) return 0
      const address = { url: args.url, roomId }
      return connected(args.url, async (client) => codeFor(await join(client, address, ownerToken)))
    }
    case 'join': {
      const args = readJoinArgs(argv, process.env)
      if (!args) return helped(HELP_OF.join)
      const { ownerFile } = args
      const ownerToken = ownerFile === undefined ? undefined : await readOwnerToken(ownerFile)
      return connected(args.url, async (client) =>
        codeFor(await join(client, await withRoomId(args), ownerToken)),
      )
    }
    case 'rooms': {
      const args = readRoomsArgs(argv, process.env)
      if (!args) return helped(HELP_OF.rooms)
      await printRooms(args)
      return 0
    }
    case 'search': {
      const args = readSearchArgs(argv, process.env)
      if (!args) return helped(HELP_OF.search)
      await printFound(await withRoomId(args))
      return 0
    }
    case 'export': {
      const args = readRoomArgs(argv, process.env)
      if (!args) return helped(HELP_OF.export)
      await printExport(await withRoomId(args))
      return 0
    }
    case 'say': {
      const args = readRoomArgs(argv, process.env)
      if (!args) return helped(HELP_OF.say)
      return connected(args.url, async (client) =>
        codeFor(await say(client, await withRoomId(args), process.stdin)),
      )
    }
    case 'tail': {
      const args = readTailArgs(argv, process.env)
      if (!args) return helped(HELP_OF.tail)
      return connected(args.url, async (client) => {
        await tail(client, await withRoomId(args))
        return 0
      })
    }
  }
}

const helped = async (text: string): Promise<number> => {
  await print(text)
  return 0
}

const codeFor = (isDone: boolean): number => (isDone ? 0 : EXIT_FAULT)

const version = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

/** Does something with a client of its own, and leaves its rooms however that ends. */
const connected = async (
  url: string,
  work: (client: Client) => Promise<number>,
): Promise<number> => {
  const client = dial(url)
  // The first signal leaves the rooms, a second one ends the process at once.
  const leave = (): void => void client.close()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

const main = async (argv: readonly string[]): Promise<number> => {
  // A reader that goes away shows in the write that fails.
  process.stdout.on('error', () => {})
  try {
    return await run(argv)
  } catch (error) {
    if (isOutputClosed(error)) return 0
    if (error instanceof UsageError) {
      const [word = ''] = argv
      const command = isCommandName(word) ? `${word} ` : ''
      process.stderr.write(`${error.message} See sharechat ${command}--help.\n`)
      return EXIT_USAGE
    }
    process.stderr.write(
      `${printableLine(error instanceof Error ? error.message : String(error))}\n`,
    )
    return EXIT_FAULT
  }
}

process.exitCode = await main(process.argv.slice(2))
