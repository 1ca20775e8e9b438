import { wrapped } from './cells.ts'
import { HELP } from './commands.ts'
import type { Pane } from './pane.ts'
import { printableLine } from './printable.ts'

/** A page over the messages. */
export interface Panel {
  readonly about: 'help' | 'members' | 'new room'
  /** How many of its lines are above the view. */
  readonly above: number
}

export interface PanelText {
  readonly title: string
  readonly lines: readonly string[]
}

/** What the panel says now, of the room in front. */
export const panelText = ({ about }: Panel, pane: Pane | undefined, cells: number): PanelText => {
  const { title, lines } = TEXTS[about](pane)
  // Without indents: a link that takes two lines can be copied.
  return { title, lines: lines.flatMap((line) => wrapped(line, cells)) }
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

const linkLines = (pane: Pane | undefined): readonly string[] =>
  pane ? ['Who has this link can join this room:', pane.link, ''] : []

const memberLines = ({ members, memberCount, you }: Pane): readonly string[] => {
  const names = members.map(({ id, name }) => printableLine(name) + (id === you.id ? ' (you)' : ''))
  const rest = memberCount - names.length
  return rest > 0 ? [...names, `and ${rest} more`] : names
}

const TEXTS: Readonly<Record<Panel['about'], (pane: Pane | undefined) => PanelText>> = {
  help: (pane) => ({ title: 'Help', lines: [...linkLines(pane), ...HELP] }),
  members: (pane) => ({
    title: `Members: ${pane?.memberCount ?? 0}`,
    lines: pane ? memberLines(pane) : [],
  }),
  'new room': (pane) => ({ title: 'A new room', lines: linkLines(pane) }),
}
