import type { FailedCode } from '../../../src/protocol/events.ts'

/** Where a frame is sent: the connection is in `roomId`, and not in `other`, where somebody else is. */
export interface Where {
  readonly roomId: string
  readonly other: string
}

/** One frame, and the one answer that it gets. The connection goes on. */
export interface CommandCase {
  readonly title: string
  readonly frame: (where: Where) => string | Uint8Array
  readonly code: FailedCode
  /** What the answer says that it is about; nothing else. */
  readonly about?: (where: Where) => { readonly roomId?: string; readonly ref?: string }
}

/** In everything that should not come back. */
export const MARK = 'mark-7Zq9'

type Fields = Readonly<Record<string, unknown>>
const json = (fields: Fields): string => JSON.stringify(fields)
const here = ({ roomId }: Where) => ({ roomId })
const withRef = ({ roomId }: Where) => ({ roomId, ref: 'r-1' })
const nothing = () => ({})
const deep = (open: string, close: string, depth: number): string =>
  open.repeat(depth) + close.repeat(depth)

const invalid = (
  title: string,
  frame: CommandCase['frame'],
  about: CommandCase['about'] = nothing,
): CommandCase => ({ title, frame, code: 'invalid', about })

const NO_COMMAND: readonly CommandCase[] = [
  ['an empty frame', ''],
  ['white space', ' \t\r\n'],
  ['a line of plain text', `hello ${MARK}`],
  ['null', 'null'],
  ['a number', '17'],
  ['a text', `"${MARK}"`],
  ['an array', `[{"command":"typing"}]`],
  ['no fields', '{}'],
  ['no command', `{"roomId":"${MARK}"}`],
  ['an unknown command', `{"command":"${MARK}"}`],
  ['a command that every object has', '{"command":"constructor"}'],
  ['a command in another case', '{"command":"Join"}'],
  ['a command that is an array of one', '{"command":["typing"]}'],
  ['a prototype', '{"__proto__":{"command":"typing"}}'],
  ['half an object', '{"command":"typing"'],
  ['two objects', '{"command":"typing"}{"command":"typing"}'],
  ['two lines', '{"command":"typing"}\n{"command":"typing"}'],
  ['single quotes', `{'command':'typing'}`],
  ['a comment', '{"command":"typing"/**/}'],
  ['a comma too many', '{"command":"typing",}'],
  ['a byte order mark', '\ufeff{"command":"typing"}'],
  ['a NUL behind it', '{"command":"typing"}\0'],
  ['a raw line break in a text', `{"command":"typing","roomId":"\n"}`],
  ['arrays, 30,000 deep', deep('[', ']', 30_000)],
  ['arrays that do not end, 60,000 deep', '['.repeat(60_000)],
  ['objects, 10,000 deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
].map(([title = '', text = '']) => invalid(title, () => text))

/** An id that no message has. */
const NOBODY = '5b0c6f7e-5d0a-5a55-9a43-0c1f3f6b2a11'

const TWICE: readonly CommandCase[] = [
  invalid(
    'the command twice',
    ({ roomId }) => `{"command":"leave","command":"typing","roomId":"${roomId}"}`,
  ),
  invalid(
    'the room twice',
    ({ roomId, other }) => `{"command":"leave","roomId":"${other}","roomId":"${roomId}"}`,
  ),
  invalid(
    'the room twice, alike',
    ({ roomId }) => `{"command":"leave","roomId":"${roomId}","roomId":"${roomId}"}`,
  ),
  invalid(
    'a text twice, once with an escaped name',
    ({ roomId }) =>
      `{"command":"send","roomId":"${roomId}","ref":"r-1","message":"a","mess\\u0061ge":"${MARK}"}`,
  ),
]

const FIELDS: readonly CommandCase[] = [
  ...[undefined, null, 7, true, ['x'], { id: 'x' }].map((roomId) =>
    invalid(`a room that is ${json({ roomId })}`, () => json({ command: 'leave', roomId })),
  ),
  ...[-1, 1.5, 2 ** 53, '1', null, true, [1]].map((after) =>
    invalid(
      `after ${JSON.stringify(after)}`,
      ({ other }) => json({ command: 'join', roomId: other, after }),
      ({ other }) => ({ roomId: other }),
    ),
  ),
  ...['1e400', '-1e400', '9007199254740993', '9'.repeat(40_000), '-9223372036854775808'].map(
    (number) =>
      invalid(
        `after ${number.slice(0, 20)}, of ${number.length} characters`,
        ({ other }) => `{"command":"join","roomId":"${other}","after":${number}}`,
        ({ other }) => ({ roomId: other }),
      ),
  ),
  ...['', 'x'.repeat(65), `${MARK} `, 'é', null, 7, ['r']].map((resume) =>
    invalid(
      `resume ${JSON.stringify(resume)}`,
      ({ other }) => json({ command: 'join', roomId: other, resume }),
      ({ other }) => ({ roomId: other }),
    ),
  ),
  ...['', 'x'.repeat(65), `${MARK} `, 'é', 'r\n', '\ud800', null, 7, ['r'], undefined].map((ref) =>
    invalid(
      `ref ${JSON.stringify(ref) ?? 'missing'}`,
      ({ roomId }) => json({ command: 'send', roomId, ref, message: MARK }),
      here,
    ),
  ),
  ...[undefined, null, 7, true, [MARK], ''].map((message) =>
    invalid(
      `message ${JSON.stringify(message) ?? 'missing'}`,
      ({ roomId }) => json({ command: 'send', roomId, ref: 'r-1', message }),
      withRef,
    ),
  ),
  ...['', 'x', '0', ' ', NOBODY.toUpperCase(), `${NOBODY} `, null, 7, [NOBODY], undefined].flatMap(
    (id) => [
      invalid(
        `to edit the message ${JSON.stringify(id) ?? 'missing'}`,
        ({ roomId }) => json({ command: 'edit', roomId, ref: 'r-1', id, message: MARK }),
        withRef,
      ),
      invalid(
        `to delete the message ${JSON.stringify(id) ?? 'missing'}`,
        ({ roomId }) => json({ command: 'delete', roomId, ref: 'r-1', id }),
        withRef,
      ),
    ],
  ),
  ...[undefined, null, 7, [MARK], ''].map((message) =>
    invalid(
      `an edit to ${JSON.stringify(message) ?? 'nothing'}`,
      ({ roomId }) => json({ command: 'edit', roomId, ref: 'r-1', id: NOBODY, message }),
      withRef,
    ),
  ),
  ...['edit', 'delete'].map((command) =>
    invalid(
      `${command} without a ref`,
      ({ roomId }) => json({ command, roomId, id: NOBODY, message: MARK }),
      here,
    ),
  ),
  invalid(
    'a delete with a text',
    ({ roomId }) => json({ command: 'delete', roomId, ref: 'r-1', id: NOBODY, message: MARK }),
    withRef,
  ),
  invalid(
    'a message of arrays, 20,000 deep',
    ({ roomId }) =>
      `{"command":"send","roomId":"${roomId}","ref":"r-1","message":${deep('[', ']', 20_000)}}`,
    withRef,
  ),
  invalid('a message that is an object', ({ roomId }) =>
    json({ command: 'send', roomId, ref: 'r-1', message: { text: MARK } }),
  ),
  invalid(
    'a field of another command',
    ({ roomId }) => json({ command: 'leave', roomId, after: 1 }),
    here,
  ),
  invalid(
    'a field of nobody',
    ({ roomId }) => json({ command: 'typing', roomId, [MARK]: 1 }),
    here,
  ),
  invalid(
    'a prototype among the fields',
    ({ roomId }) => `{"command":"leave","roomId":"${roomId}","__proto__":7}`,
    here,
  ),
  invalid(
    'a join of the room that it is in',
    ({ roomId }) => json({ command: 'join', roomId }),
    here,
  ),
]

const TEXTS: readonly CommandCase[] = [
  ...[
    ['with U+0000', '\0'],
    ['with the first half of a surrogate pair', `${MARK}\ud83d`],
    ['with the second half', `\ude00${MARK}`],
    ['with both halves, the wrong way round', '\ude00\ud83d'],
  ].map(([title, message]) =>
    invalid(
      `a text ${title}`,
      ({ roomId }) => json({ command: 'send', roomId, ref: 'r-1', message }),
      withRef,
    ),
  ),
  invalid(
    'an edit to a text with U+0000 and half a surrogate pair',
    ({ roomId }) =>
      json({ command: 'edit', roomId, ref: 'r-1', id: NOBODY, message: `${MARK}\0\ud83d` }),
    withRef,
  ),
  {
    title: 'an edit to a text that is too long',
    frame: ({ roomId }) =>
      json({ command: 'edit', roomId, ref: 'r-1', id: NOBODY, message: 'é'.repeat(8_193) }),
    code: 'too_large',
    about: withRef,
  },
  ...['*'.repeat(16_385), '\n'.repeat(16_385), 'é'.repeat(8_193)].map((message): CommandCase => ({
    title: `a text that is too long, of ${message.length} ${JSON.stringify(message.slice(0, 1))}`,
    frame: ({ roomId }) => json({ command: 'send', roomId, ref: 'r-1', message }),
    code: 'too_large',
    about: withRef,
  })),
]

const ELSEWHERE: readonly CommandCase[] = [
  ...['leave', 'typing'].map((command): CommandCase => ({
    title: `${command} in another room`,
    frame: ({ other }) => json({ command, roomId: other }),
    code: 'not_joined',
    about: ({ other }) => ({ roomId: other }),
  })),
  {
    title: 'send in another room',
    frame: ({ other }) => json({ command: 'send', roomId: other, ref: 'r-1', message: MARK }),
    code: 'not_joined',
    about: ({ other }) => ({ roomId: other, ref: 'r-1' }),
  },
  ...['edit', 'delete'].flatMap((command): CommandCase[] => {
    const fields = {
      ...{ command, ref: 'r-1', id: NOBODY },
      ...(command === 'edit' && { message: MARK }),
    }
    return [
      {
        title: `${command} of a message that nobody wrote`,
        frame: ({ roomId }) => json({ ...fields, roomId }),
        code: 'not_found',
        about: withRef,
      },
      {
        title: `${command} in another room`,
        frame: ({ other }) => json({ ...fields, roomId: other }),
        code: 'not_joined',
        about: ({ other }) => ({ roomId: other, ref: 'r-1' }),
      },
    ]
  }),
  {
    title: 'join of a room that nobody made',
    frame: () => json({ command: 'join', roomId: '00000000-0000-4000-8000-000000000000' }),
    code: 'not_found',
    about: () => ({ roomId: '00000000-0000-4000-8000-000000000000' }),
  },
  ...[
    ['empty', () => ''],
    ['upper case', ({ roomId }: Where) => roomId.toUpperCase()],
    ['with blanks', ({ roomId }: Where) => ` ${roomId} `],
    ['of another version', () => '00000000-0000-1000-8000-000000000000'],
    ['a path', () => `../${MARK}`],
    ['60,000 long', () => 'a'.repeat(60_000)],
  ].flatMap(([title, id]): CommandCase[] =>
    ['join', 'leave', 'typing'].map((command) => ({
      title: `${command} of a room id that is ${String(title)}`,
      frame: (where) => json({ command, roomId: (id as (where: Where) => string)(where) }),
      code: 'not_found',
      about: nothing,
    })),
  ),
]

export const REFUSED_COMMANDS = {
  'no command': NO_COMMAND,
  'a field twice': TWICE,
  'wrong fields': FIELDS,
  'wrong texts': TEXTS,
  elsewhere: ELSEWHERE,
}
