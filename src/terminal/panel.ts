import { wrapped } from './cells.ts'
import { HELP } from './commands.ts'
import type { Entry } from './log-window.ts'
import type { Pane } from './pane.ts'
import { dayOf, timeOf } from './paragraphs.ts'
import { printableLine } from './printable.ts'

/** So many found messages are shown. */
export const SEARCH_LIMIT = 100

/** A page over the messages. */
export interface Panel {
  readonly about: Subject
  /** How many of its lines are above the view. */
  readonly above: number
}

/** What a panel tells: of the room in front as it is now, what a search found, or what was asked for. */
export type Subject = 'help' | 'members' | 'new room' | Found | PanelText

export interface Found {
  readonly words: string
  /** Oldest first. */
  readonly entries: readonly Entry[]
}

export interface PanelText {
  readonly title: string
  readonly lines: readonly string[]
}

export const isFound = (subject: Subject): subject is Found =>
  typeof subject === 'object' && 'entries' in subject

/** What the panel says now, of the room in front. */
export const panelText = ({ about }: Panel, pane: Pane | undefined, cells: number): PanelText => {
  const { title, lines } = textOf(about, pane)
  // Without indents: a link that takes two lines can be copied.
  return { title, lines: lines.flatMap((line) => wrapped(line, cells)) }
}

const textOf = (about: Subject, pane: Pane | undefined): PanelText => {
  if (typeof about === 'string') return TEXTS[about](pane)
  return isFound(about) ? foundText(about) : about
}

/** @param rows of the panel, its title included */
export const scrolledPanel = (
  panel: Panel,
  by: number,
  { lines }: PanelText,
  rows: number,
): Panel => {
  const most = Math.max(0, lines.length - (rows - 1))
  return { ...panel, above: Math.min(most, Math.max(0, panel.above + by)) }
}

export const linkLines = (pane: Pane | undefined): readonly string[] =>
  pane ? ['Who has this link can join this room:', pane.link, ''] : []

const memberLines = ({ members, memberCount, you }: Pane): readonly string[] => {
  const names = members.map(({ id, name }) => printableLine(name) + (id === you.id ? ' (you)' : ''))
  const rest = memberCount - names.length
  return rest > 0 ? [...names, `and ${rest} more`] : names
}

const countOf = (found: number): string => {
  if (found === 0) return 'nothing'
  return found < SEARCH_LIMIT ? String(found) : `the newest ${found}`
}

/** The newest first, for that is where the view begins. */
const foundText = ({ words, entries }: Found): PanelText => {
  const there = entries.filter(({ deleted }) => deleted === undefined)
  return {
    title: `Found: ${countOf(there.length)} · ${printableLine(words)}`,
    lines: there
      .toReversed()
      .map(
        ({ sent, memberName, message }) =>
          `${dayOf(sent)} ${timeOf(sent)} ${printableLine(memberName)}: ${printableLine(message)}`,
      ),
  }
}

const TEXTS: Readonly<Record<Subject & string, (pane: Pane | undefined) => PanelText>> = {
  help: (pane) => ({ title: 'Help', lines: [...linkLines(pane), ...HELP] }),
  members: (pane) => ({
    title: `Members: ${pane?.memberCount ?? 0}`,
    lines: pane ? memberLines(pane) : [],
  }),
  'new room': (pane) => ({ title: 'A new room', lines: linkLines(pane) }),
}
