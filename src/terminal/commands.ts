/** What a line says that is not for the room. */
export type Command =
  | { readonly do: 'join'; readonly target: string }
  | { readonly do: 'leave' | 'new' | 'members' | 'quit' | 'help' }
  | { readonly do: 'say'; readonly text: string }
  | { readonly do: 'nothing' }
  | { readonly do: 'complain'; readonly why: string }

const WITHOUT_ARGUMENT = ['leave', 'new', 'members', 'quit', 'help'] as const

/** Reads a line: `/word …` is a command, `//…` is the text `/…`, all else is a text. */
export const readLine = (line: string): Command => {
  if (line === '') return { do: 'nothing' }
  if (line.startsWith('//')) return { do: 'say', text: line.slice(1) }
  if (!line.startsWith('/')) return { do: 'say', text: line }
  const [word = '', ...rest] = line.slice(1).trim().split(/\s+/u)
  const name = word.toLowerCase()
  const [target] = rest
  if (name === 'join') {
    if (target === undefined || rest.length > 1)
      return { do: 'complain', why: 'Use: /join <link or room id>' }
    return { do: 'join', target }
  }
  const known = WITHOUT_ARGUMENT.find((one) => one === name)
  if (known === undefined)
    return { do: 'complain', why: `There is no /${word}. See /help; //${word} says it.` }
  if (target !== undefined) return { do: 'complain', why: `/${known} takes nothing behind it.` }
  return { do: known }
}

export const HELP: readonly string[] = [
  '/join <link or id>  join a room, or turn to it',
  '/new                make a room and join it',
  '/leave              leave this room',
  '/members            who is here',
  '/quit               leave all rooms',
  '//text              say /text',
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
