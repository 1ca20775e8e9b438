import type { RoomChanges } from '../client/owner.ts'

/** What is done in the room in front. */
export type RoomCommand =
  | { readonly do: 'say'; readonly text: string }
  | { readonly do: 'edit'; readonly text: string }
  /** The last message of this member, or of somebody else. */
  | { readonly do: 'delete'; readonly name: string | undefined }
  | { readonly do: 'search'; readonly words: string }
  | { readonly do: 'change'; readonly changes: RoomChanges }
  | { readonly do: 'remove'; readonly name: string }
  | Plain<'leave' | 'members' | 'info' | 'code' | 'end'>

/** What can be done without a room, too. */
export type ServerCommand =
  | { readonly do: 'join'; readonly target: string }
  | { readonly do: 'new'; readonly isOwned: boolean }
  | Plain<'rooms' | 'help' | 'quit'>

/** What a line says. */
export type Command =
  RoomCommand | ServerCommand | Plain<'nothing'> | { readonly do: 'complain'; readonly why: string }

type Plain<Name extends string> = Name extends string ? { readonly do: Name } : never

type Alone = 'leave' | 'members' | 'info' | 'code' | 'rooms' | 'help' | 'quit'

interface Known {
  /** What stands behind the command's name. */
  readonly takes?: string
  readonly does: string
  /** @returns undefined when it is not what the command takes */
  readonly read: (rest: string) => Command | undefined
}

const alone = (name: Alone, does: string): Known => ({
  does,
  read: (rest) => (rest.trim() === '' ? { do: name } : undefined),
})

/** One that changes the room's settings; undefined: to what cannot be. */
const setting = (
  takes: string,
  does: string,
  changesTo: (value: string) => RoomChanges | undefined,
): Known => ({
  takes,
  does,
  read: (rest) => {
    const changes = changesTo(rest.trim())
    return changes && { do: 'change', changes }
  },
})

const numberIn = (text: string): number | undefined =>
  /^\d{1,9}$/.test(text) ? Number(text) : undefined

const FOR_ALL: Readonly<Record<string, Known>> = {
  join: {
    takes: '<room>',
    does: 'join a room by its link, its id or a code',
    read: (rest) => (/^\s*\S+\s*$/.test(rest) ? { do: 'join', target: rest.trim() } : undefined),
  },
  new: {
    takes: '[owner]',
    does: 'make a room and join it, as its owner until you quit',
    read: (rest) =>
      ['', 'owner'].includes(rest.trim()) ? { do: 'new', isOwned: rest.trim() !== '' } : undefined,
  },
  rooms: alone('rooms', 'the public rooms of this server'),
  leave: alone('leave', 'leave this room'),
  members: alone('members', 'who is here'),
  info: alone('info', 'what is known of this room'),
  search: {
    takes: '<words>',
    does: 'the messages with all these words',
    read: (rest) => (rest.trim() === '' ? undefined : { do: 'search', words: rest.trim() }),
  },
  code: alone('code', 'six digits that lead here, to tell'),
  edit: {
    takes: '[text]',
    does: 'change what you said last',
    read: (text) => ({ do: 'edit', text }),
  },
  delete: {
    does: 'delete what you said last',
    read: (rest) => ({ do: 'delete', name: rest.trim() || undefined }),
  },
  help: alone('help', 'this'),
  quit: alone('quit', 'leave all rooms'),
}

const FOR_OWNERS: Readonly<Record<string, Known>> = {
  name: setting('<text>', 'another name', (name) => (name === '' ? undefined : { name })),
  topic: setting('<text>|off', 'what it is about', (text) =>
    text === '' ? undefined : { topic: text === 'off' ? '' : text },
  ),
  lock: setting('', 'nobody new comes in', (rest) => (rest === '' ? { locked: true } : undefined)),
  unlock: setting('', 'who has the link comes in', (rest) =>
    rest === '' ? { locked: false } : undefined,
  ),
  capacity: setting('<number>|off', 'the most members', (text) => {
    const capacity = text === 'off' ? null : numberIn(text)
    return capacity === undefined ? undefined : { capacity }
  }),
  slow: setting('<seconds>|off', 'one text of each in so long', (text) => {
    const slowMode = text === 'off' ? 0 : numberIn(text)
    return slowMode === undefined ? undefined : { slowMode }
  }),
  public: setting('on|off', 'whether it is listed', (text) =>
    text === 'on' || text === 'off' ? { public: text === 'on' } : undefined,
  ),
  remove: {
    takes: '<name>',
    does: 'remove a member, and keep it out for an hour',
    read: (rest) => (rest.trim() === '' ? undefined : { do: 'remove', name: rest.trim() }),
  },
  end: {
    takes: 'now',
    does: 'end the room and delete all that was said',
    read: (rest) =>
      rest.trim() === 'now' ? { do: 'end' } : { do: 'complain', why: 'For good? Then: /end now' },
  },
}

/** Reads a line: `/word …` is a command, `//…` is the text `/…`, all else is a text. */
export const readLine = (line: string): Command => {
  if (line === '') return { do: 'nothing' }
  if (line.startsWith('//')) return { do: 'say', text: line.slice(1) }
  // One space only: what is behind it is a text as it is to be.
  const [, word, rest = ''] = /^\/(\S*)\s?([^]*)$/u.exec(line) ?? []
  if (word === undefined) return { do: 'say', text: line }
  const name = word.toLowerCase()
  const all = Object.hasOwn(FOR_ALL, name) ? FOR_ALL : FOR_OWNERS
  const known = Object.hasOwn(all, name) ? all[name] : undefined
  if (!known) return { do: 'complain', why: `There is no /${word}. See /help; //${word} says it.` }
  return known.read(rest) ?? { do: 'complain', why: `Use: ${useOf(name, known)}` }
}

const useOf = (name: string, { takes = '' }: Known): string => `/${name} ${takes}`.trimEnd()

const USE_CELLS = 19

const linesOf = (all: Readonly<Record<string, Known>>): readonly string[] =>
  Object.entries(all).map(
    ([name, known]) => `${useOf(name, known).padEnd(USE_CELLS)} ${known.does}`,
  )

export const HELP: readonly string[] = [
  ...linesOf(FOR_ALL),
  `${'//text'.padEnd(USE_CELLS)} say /text`,
  '',
  'For the owner of the room:',
  ...linesOf(FOR_OWNERS),
  `${'/delete <name>'.padEnd(USE_CELLS)} delete what that member said last`,
  '',
  'Tab, Shift-Tab      next room, room before',
  'Alt-1 … Alt-9       that room of the list',
  'PageUp, PageDown    scroll; Alt-Up, Alt-Down by a line',
  'Escape              back to the newest message',
  'Up, Down            what you entered before',
  'Ctrl-A, Ctrl-E      start and end of the line',
  'Ctrl-W, Ctrl-U      delete a word, all before the cursor',
  'Ctrl-C              as /quit',
]
