const COMMANDS = [
  'serve',
  'doctor',
  'new',
  'join',
  'say',
  'tail',
  'search',
  'export',
  'rooms',
  'stress',
] as const
export type CommandName = (typeof COMMANDS)[number]

export const isCommandName = (word: string): word is CommandName =>
  COMMANDS.some((name) => name === word)

const ROOM = `<room> is a room's link, such as http://localhost:8080/#d4d211a2-d09f-4e19-8822-8aeddcb0fdd8,
its id, the last part of the link, or a code of six digits, such as 493027.`

const SERVER = `  --url <url>     the server, for an id or a code; unless given, SHARECHAT_URL from the
                  environment, else http://localhost:8080
  -h, --help      this text`

const EXIT_CODES = 'Exit code: 0 done; 1 something went wrong; 2 the command line is wrong.'

export const HELP = `Anonymous chat rooms: who has a room's link can join it.

  sharechat new [url]          make a room, print its link, and join it
  sharechat join <room>        join a room in the terminal
  sharechat say <room>         send each line of the standard input
  sharechat tail <room>        print what is said
  sharechat search <room> …    print what was said with some words
  sharechat export <room>      print all that a room has, as lines of JSON
  sharechat rooms [url]        print the public rooms of a server
  sharechat serve              run a server
  sharechat doctor             tell what is wrong with its settings and what it needs
  sharechat stress             put load on a server and check what it does

  sharechat <command> --help   tells about one of them
  sharechat --version          tells which version this is

${EXIT_CODES}
`

/** What each command says about itself; `stress` and the server's settings have texts of their own. */
export const HELP_OF: Readonly<Record<Exclude<CommandName, 'stress'>, string>> = {
  serve: `Runs a server until it gets a SIGTERM or SIGINT.

  sharechat serve [--help]

Settings come from the environment, such as PORT=9000 sharechat serve. The most useful:

  PORT            where it listens (8080)
  HOST            on which address (0.0.0.0: all of this machine)
  DATA_DIR        a folder in which it keeps its rooms; without, they are in memory
  DATABASE_URL    postgres://…, and
  REDIS_URL       redis://…: with both it is a node of a cluster
  LOG_LEVEL       fatal, error, warn, info, debug, trace or silent (info)

All of them are in the README of the package.

Exit code: 0 it was stopped; 1 it cannot start or run; 2 a setting is wrong.
`,
  doctor: `Looks at what a server with these settings needs, and changes nothing: the settings, Postgres
and Redis or the folder in DATA_DIR, the port, and the limits of this machine.

  sharechat doctor [--help]

Settings come from the environment, as those of sharechat serve.

Exit code: 0 without a problem (there may be warnings); 1 with one; 2 a setting is wrong.
`,
  new: `Makes a room and prints its link. In a terminal it joins the room then, as join does.

  sharechat new [url] [options]

[url] is the server, such as https://chat.example.

  --print         print the link only, as it does when the output is no terminal
  --code          print a code of six digits, too, that leads to the room for ten minutes
  --name <text>   unless given, a random one
  --topic <text>  what it is about
  --capacity <n>  the most members
  --public        list it: sharechat rooms shows it to everybody
  --ttl <n>       seconds that it stays when nobody is in it
  --owner <file>  give it an owner, and keep the owner's token in this new file:
                  sharechat join <room> --owner <file>
${SERVER}

${EXIT_CODES}
`,
  join: `Joins a room, in a terminal that shows it: /help there tells the keys and commands.

  sharechat join <room> [options]

${ROOM}
Without a terminal at one of its ends it prints messages as tail does and sends lines as say does,
until the input ends.

  --owner <file>  join as the owner, whose token is in this file: --owner of sharechat new
${SERVER}

${EXIT_CODES}
`,
  say: `Sends each line of the standard input as one message, in order, and waits until all are stored.

  sharechat say <room> [options] < file

${ROOM}
Empty lines are left out. It joins under a random name, and leaves after the last line. When the
server's rate is reached it goes on as fast as that allows.

${SERVER}

Exit code: 0 every line is stored; 1 one or more are not, each with a line on the standard error;
2 the command line is wrong.
`,
  tail: `Prints what is said in a room, one message a line, until Ctrl-C.

  sharechat tail <room> [options]

${ROOM}
It is a member of the room meanwhile, under a random name. A lost connection comes back by itself;
nothing is missed or printed twice.

  --all           begin with the first message of the room
  --after <n>     begin behind message n of the room; --json tells each one's number as "seq"
  --json          print each message as a JSON object
${SERVER}

${EXIT_CODES}
`,
  rooms: `Prints the public rooms of a server: each one's link, how many are in it, its name and topic.

  sharechat rooms [url] [options]

[url] is the server, such as https://chat.example.

  --json          print each room as a JSON object
${SERVER}

${EXIT_CODES}
`,
  search: `Prints what was said in a room with all of some words, oldest first. Nobody sees it.

  sharechat search <room> <word>… [options]

${ROOM}
Words that begin so are found, too; case and accents do not count.

  --json          print each message as a JSON object
${SERVER}

${EXIT_CODES}
`,
  export: `Prints all that a room has, a JSON object a line, oldest first. Nobody sees it.

  sharechat export <room> [options] > file

${ROOM}

${SERVER}

${EXIT_CODES}
`,
}
