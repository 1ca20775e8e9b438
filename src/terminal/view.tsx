import { Box, Text } from 'ink'
import type { ReactElement } from 'react'
import { cellsOf, cut, fitted, wrapped } from './cells.ts'
import type { Layout } from './layout.ts'
import { lineView } from './line-editor.ts'
import type { Pane } from './pane.ts'
import { type Panel, panelText } from './panel.ts'
import { colorOf, type ScreenLine } from './paragraphs.ts'
import { printableLine } from './printable.ts'
import type { Position } from './screen.ts'
import { inView } from './scroll.ts'
import { currentPane, layoutOfState, noticeLines, type State } from './state.ts'

const PROMPT = '> '
const PROMPT_FROM_COLUMNS = 8
const YOU = ' (you)'
/** Of a room's name that must have place before its members are counted. */
const MIN_NAME_CELLS = 8
/** Below this a topic is not begun. */
const MIN_TOPIC_CELLS = 6

/** The whole screen. */
export const View = ({ state }: { readonly state: State }): ReactElement => {
  const layout = layoutOfState(state)
  const pane = currentPane(state)
  return (
    <Box width={layout.columns} height={layout.rows} flexDirection="column" overflow="hidden">
      <Box flexGrow={1} overflow="hidden">
        {layout.sidebarCells > 0 && <Sidebar state={state} layout={layout} />}
        <Box flexDirection="column" width={layout.messages.cells}>
          {layout.hasTitle && <Title state={state} layout={layout} />}
          <Box
            height={layout.messages.rows}
            flexDirection="column"
            justifyContent="flex-end"
            overflow="hidden"
          >
            {state.panel ? (
              <PanelLines panel={state.panel} pane={pane} layout={layout} />
            ) : (
              pane && <Messages pane={pane} layout={layout} />
            )}
          </Box>
        </Box>
      </Box>
      {layout.hintRows > 0 && <Hint state={state} layout={layout} />}
      <Entry state={state} />
    </Box>
  )
}

/** Where the cursor is: in the line that is written. */
export const cursorOf = ({ size, line }: State): Position => ({
  row: Math.max(0, size.rows - 1),
  column: promptOf(size.columns).length + lineView(line, entryCells(size.columns)).cursorCell,
})

const promptOf = (columns: number): string => (columns >= PROMPT_FROM_COLUMNS ? PROMPT : '')
const entryCells = (columns: number): number => Math.max(1, columns - promptOf(columns).length)

const Entry = ({ state }: { readonly state: State }): ReactElement => (
  <Text wrap="truncate-end">
    <Text dimColor>{promptOf(state.size.columns)}</Text>
    {lineView(state.line, entryCells(state.size.columns)).text || ' '}
  </Text>
)

interface Placed {
  readonly state: State
  readonly layout: Layout
}

/** The room in front, who is there, and how things stand; without a sidebar what else is unread. */
const Title = ({ state, layout }: Placed): ReactElement => {
  const { cells } = layout.messages
  const pane = currentPane(state)
  const right = ` ${statusOf(state, pane)} `
  const name = ` ${pane ? printableLine(pane.roomName) : 'sharechat'}`
  const leftCells = Math.max(0, cells - cellsOf(right))
  const rest =
    (pane ? factsOf(state, pane, layout) : []).find(
      (facts) => leftCells - cellsOf(facts) >= MIN_NAME_CELLS,
    ) ?? ''
  const nameCells = leftCells - cellsOf(rest)
  const topic = topicIn(pane?.topic ?? '', nameCells - cellsOf(name))
  return (
    <Text inverse wrap="truncate-end">
      {cut(fitted(cut(name, nameCells) + topic + rest, leftCells) + right, cells)}
    </Text>
  )
}

/** The topic behind the name, if there is place for more than a letter or two of it. */
const topicIn = (topic: string, cells: number): string =>
  topic === '' || cells < MIN_TOPIC_CELLS ? '' : cut(`: ${printableLine(topic)}`, cells)

const statusOf = (state: State, pane: Pane | undefined): string => {
  if (!pane) return state.connection
  // What is known of the room is only as good as the connection.
  return pane.state === 'over' || state.connection === 'live' ? pane.state : state.connection
}

/** What is told of the room besides its name, the best first, the shortest last. */
const factsOf = (state: State, pane: Pane, { sidebarCells }: Layout): readonly string[] => {
  const count = ` · ${pane.memberCount}`
  const counted = `${count}${pane.memberCount === 1 ? ' member' : ' members'}`
  const others = state.panes.filter(({ roomId, unread }) => roomId !== pane.roomId && unread > 0)
  if (sidebarCells > 0 || others.length === 0) return [counted, count]
  // ` [2:5]`: room 2 of the list has 5 unread texts.
  const each = others.map((one) => ` [${state.panes.indexOf(one) + 1}:${one.unread}]`).join('')
  const sum = ` [${others.reduce((total, { unread }) => total + unread, 0)}]`
  return [counted + each, count + each, count + sum, sum]
}

const Messages = ({
  pane,
  layout,
}: {
  readonly pane: Pane
  readonly layout: Layout
}): ReactElement => {
  const { cells, rows } = layout.messages
  const unconfirmed: readonly ScreenLine[] = pane.anchor
    ? []
    : pane.unconfirmed
        .slice(-rows)
        .flatMap(({ text }) => wrapped(printableLine(`… ${text}`), cells, 0, 2))
        .slice(-rows)
        .map((text) => [{ text, faint: true }])
  const lines = [
    ...inView(pane.log.entries, pane.anchor, cells, rows - unconfirmed.length),
    ...unconfirmed,
  ]
  return (
    <>
      {lines.map((line, at) => (
        <Line key={at} line={line} />
      ))}
    </>
  )
}

const Line = ({ line }: { readonly line: ScreenLine }): ReactElement => (
  <Text wrap="truncate-end">
    {/* Without any character it would have no height. */}
    {line.every(({ text }) => text === '') && ' '}
    {line.map(({ text, color, bold, faint }, at) => (
      <Text key={at} {...(color ? { color } : {})} bold={bold ?? false} dimColor={faint ?? false}>
        {text}
      </Text>
    ))}
  </Text>
)

const PanelLines = ({
  panel,
  pane,
  layout,
}: {
  readonly panel: Panel
  readonly pane: Pane | undefined
  readonly layout: Layout
}): ReactElement => {
  const { cells, rows } = layout.messages
  const { title, lines } = panelText(panel, pane, cells)
  return (
    <Box flexDirection="column" height={rows} overflow="hidden">
      <Text bold wrap="truncate-end">
        {cut(title, cells)}
      </Text>
      {lines.slice(panel.above, panel.above + Math.max(0, rows - 1)).map((line, at) => (
        <Text key={at} wrap="truncate-end">
          {line || ' '}
        </Text>
      ))}
    </Box>
  )
}

/** What has just happened, or who is typing, or what is below the view. */
const Hint = ({ state, layout }: Placed): ReactElement => {
  const lines = state.notice === '' ? [hintOf(state)] : noticeLines(state.notice, layout.columns)
  return (
    <>
      {lines.slice(0, layout.hintRows).map((line, at) => (
        <Text key={at} dimColor wrap="truncate-end">
          {cut(line, layout.columns) || ' '}
        </Text>
      ))}
    </>
  )
}

const hintOf = (state: State): string => {
  const pane = currentPane(state)
  if (state.panel) return 'Escape: back to the messages'
  if (!pane) return 'No room: /join <link>, /new, /rooms'
  if (pane.anchor) {
    return pane.unread > 0 ? `${pane.unread} new below. Escape: there` : 'Escape: to the newest'
  }
  const names = pane.typing.map(({ member }) => printableLine(member.name))
  if (names.length > 2) return 'Several people are typing…'
  if (names.length > 0) return `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing…`
  return pane.log.entries.length < 4 ? '/help tells what there is' : ''
}

/** All rooms with their unread texts, and below them the members of the one in front. */
const Sidebar = ({ state, layout }: Placed): ReactElement => {
  const cells = layout.sidebarCells - 2
  const rows = layout.rows - 1 - layout.hintRows
  const pane = currentPane(state)
  const roomRows = Math.min(state.panes.length, Math.max(1, Math.floor((rows - 3) / 2)))
  const at = state.panes.findIndex(({ roomId }) => roomId === state.current)
  const from = Math.max(0, Math.min(at - Math.floor(roomRows / 2), state.panes.length - roomRows))
  const memberRows = Math.max(0, rows - roomRows - 3)
  return (
    <Box flexDirection="column" width={layout.sidebarCells} flexShrink={0} overflow="hidden">
      <Text bold>{fitted('Rooms', cells)}</Text>
      {state.panes.slice(from, from + roomRows).map((room) => (
        <RoomLine key={room.roomId} pane={room} isInFront={room === pane} cells={cells} />
      ))}
      <Text> </Text>
      {pane && <Text bold>{fitted(`Members ${pane.memberCount}`, cells)}</Text>}
      {pane &&
        membersIn(pane, cells, memberRows).map(({ id, name, text }) => (
          <Text key={id} wrap="truncate-end" {...(name ? { color: colorOf(id) } : {})}>
            {cut(text, cells)}
          </Text>
        ))}
    </Box>
  )
}

const RoomLine = (props: {
  readonly pane: Pane
  readonly isInFront: boolean
  readonly cells: number
}): ReactElement => {
  const { roomName, unread } = props.pane
  const mark = unread > 0 ? ` ${unread}` : ''
  return (
    <Text bold={unread > 0} inverse={props.isInFront} wrap="truncate-end">
      {fitted(` ${printableLine(roomName)}`, props.cells - mark.length - 1) + mark}
    </Text>
  )
}

/** The member first that this is, then by name; the last line counts those that do not fit. */
const membersIn = (
  pane: Pane,
  cells: number,
  rows: number,
): readonly { readonly id: string; readonly name: string; readonly text: string }[] => {
  const all = pane.members.map(({ id, name }) => ({
    id,
    name,
    text: ` ${id === pane.you.id ? `${cut(printableLine(name), cells - YOU.length - 1)}${YOU}` : printableLine(name)}`,
  }))
  if (pane.memberCount <= rows) return all
  const fitting = all.slice(0, Math.max(0, rows - 1))
  const rest = pane.memberCount - fitting.length
  return [...fitting, { id: 'rest', name: '', text: ` and ${rest} more` }].slice(0, rows)
}
