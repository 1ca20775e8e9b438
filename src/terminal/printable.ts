const ESCAPE_SEQUENCES = new RegExp(
  [
    // CSI: colours, cursor, modes.
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]`,
    // OSC, DCS, SOS, PM, APC with what is in them: titles, links, the clipboard.
    String.raw`(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)`,
    String.raw`\u001b[ -/]*[0-~]`,
  ].join('|'),
  'gu',
)

/**
 * Control characters but tab and line feed, and what turns the direction of the text around it:
 * with it a name or a text could show as another one.
 */
const INVISIBLE = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|[\ufeff\ufff9-\ufffb]/gu

/**
 * A text of somebody else as it may go to a terminal: without escape sequences, control characters
 * and direction controls. Line ends are `\n`, a tab is two spaces. What right-to-left letters do by
 * themselves, they still do.
 */
export const printable = (text: string): string =>
  text
    .replaceAll(/\r\n?|[\u2028\u2029\u0085]/gu, '\n')
    .replaceAll(ESCAPE_SEQUENCES, '')
    .replaceAll(INVISIBLE, '')
    .replaceAll('\t', '  ')

/** As `printable`, on one line. */
export const printableLine = (text: string): string => printable(text).replaceAll('\n', ' ⏎ ')
