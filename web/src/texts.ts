const count = (n: number, one: string, many: string): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`

/** Everything that the page says, in English. Another language is another file like this one. */
export const texts = {
  product: 'sharechat',
  about: 'Chat rooms without accounts: open a room, send the link, talk.',
  tooOld:
    'This page needs JavaScript and a browser of the last few years. If you have both, reload it. Otherwise the room can be joined from a terminal.',

  home: {
    heading: 'Talk, without an account',
    lead: 'Open a room and send its link. Whoever has the link can join, gets a random name, and reads everything that was said.',
    haveLink: 'Have a link?',
    linkLabel: 'Link of a room',
    open: 'Open',
    notALink: 'This is not the link of a room: such a link ends in # and a long id.',
    code: 'Code',
    join: 'Join',
    notACode: 'A code has six digits.',
    codeFailed: {
      not_found: 'This code leads nowhere: it is wrong, has ended, or was used.',
      rate_limited: 'Too many wrong codes were tried. Wait a minute, or ask for the link.',
      unavailable: 'No server answers. Try again in a moment.',
    } as Readonly<Record<string, string>>,
    codeFailedOtherwise: 'The room could not be found. Try again in a moment.',
    remembered: 'Remembered rooms',
    remember: 'Remember my rooms in this browser',
    rememberHint: 'Otherwise nothing is kept when this tab is closed.',
  },

  create: {
    button: 'Create a room',
    creating: 'Creating…',
    failed: 'No room could be created.',
    more: 'More',
    name: 'Name',
    topic: 'Topic',
    capacity: 'Most members',
    public: 'Public',
    publicHint: 'Listed, so that everybody can find and join it.',
    owner: 'Be its owner',
    ownerHint:
      'You can change, lock and end it, and remove members and messages, while this tab is open.',
  },

  directory: {
    heading: 'Public rooms',
    more: 'More rooms',
    failed: 'No server answers. Try again in a moment.',
  },

  search: {
    heading: 'Search',
    key: 'Search (Ctrl+K)',
    label: 'Words to search for',
    searching: 'Searching…',
    found: (n: number, hasMore: boolean) =>
      n === 0
        ? 'Nothing was found: no message has all these words, or words that begin with them.'
        : hasMore
          ? `The newest ${count(n, 'message', 'messages')}; there are more.`
          : `${count(n, 'message', 'messages')} found.`,
    more: 'Older results',
    failed: {
      not_found: 'This room is gone.',
      overloaded: 'Too many are searching. Try again in a moment.',
      unavailable: 'No server answers. Try again in a moment.',
    } as Readonly<Record<string, string>>,
    failedOtherwise: 'Nothing could be searched. Try again in a moment.',
  },

  /** In the place of what could not be loaded. */
  missing: 'This part of the page could not be loaded. To have it, reload the page.',

  rooms: {
    heading: 'Rooms',
    show: 'Rooms',
    create: 'New room',
    unread: (n: number) => `${n.toLocaleString('en')} unread`,
    unnamed: 'Room',
  },

  room: {
    members: (n: number) => count(n, 'member', 'members'),
    membersHeading: 'Members',
    notListed: (n: number) => `and ${n.toLocaleString('en')} more`,
    you: 'you',
    invite: 'Invite',
    download: 'Download all messages',
    leave: 'Leave',
    close: 'Close',
    notify: 'Notify me',
    notifying: 'Notifying',
    log: 'Messages',
    beginning: 'This is the beginning of the room.',
    loading: 'Loading…',
    notLoaded: 'Messages could not be loaded.',
    again: 'Try again',
    newMessages: (n: number) => count(n, 'new message', 'new messages'),
    toNewest: 'To the newest messages',
    marker: 'New',
    joined: 'joined the room.',
    left: 'left the room.',
    edited: 'edited',
    renamed: 'You were away for too long to be the same member. You are now',
    typing: (n: number) => (n === 1 ? 'is typing…' : 'are typing…'),
    severalTyping: 'Several members are typing…',
    and: 'and',
    opensElsewhere: 'opens in a new tab',
  },

  composer: {
    label: 'Message',
    placeholder: 'Write a message',
    send: 'Send',
    sending: 'Sending…',
    waiting: 'Waits for a connection',
    sent: 'Sent',
    retry: 'Send again',
    discard: 'Discard',
    failed: {
      invalid: 'Not sent: this text cannot be sent.',
      too_large: 'Not sent: the text is too long.',
      overloaded: 'Not sent: too many messages wait already.',
      not_joined: 'Not sent: you are not in the room any more.',
      unknown: 'It could not be confirmed. Perhaps it was sent: look before you send it again.',
    } as Readonly<Record<string, string>>,
    failedOtherwise: 'Not sent.',
  },

  /** Editing and deleting a message. */
  change: {
    edit: 'Edit',
    delete: 'Delete',
    label: 'Edit message',
    save: 'Save',
    saving: 'Saving…',
    cancel: 'Cancel',
    sure: 'Delete this message for everyone?',
    failed: {
      invalid: 'Not saved: this text cannot be sent.',
      too_large: 'Not saved: the text is too long.',
      not_found: 'Not saved: this message, or the room, is not there any more.',
      forbidden: 'Not saved: you are not the member any more that wrote it.',
      rate_limited: 'Not saved: that was too much at once. Try again in a moment.',
      unavailable: 'No server answers. Perhaps it was saved: try again in a moment.',
      unknown: 'It could not be confirmed. Perhaps it was saved: try again in a moment.',
    } as Readonly<Record<string, string>>,
    failedOtherwise: 'Not saved. Try again in a moment.',
  },

  states: {
    connecting: 'Connecting…',
    'catching up': 'Catching up…',
    live: 'Live',
    offline: 'No connection. Trying again…',
    restarting: 'The server is restarting. You will be back in a few seconds…',
    over: 'Ended',
  },

  /** Why a room cannot be entered, or has ended. */
  ends: {
    not_found: {
      heading: 'This room is gone',
      lead: 'There is no room behind this link: it has ended, or the link is not whole.',
    },
    full: {
      heading: 'This room is full',
      lead: 'Nobody can join until somebody leaves.',
    },
    replaced: {
      heading: 'You are here in another tab',
      lead: 'This membership goes on there.',
    },
    removed: {
      heading: 'You were removed',
      lead: 'The owner of this room has ended your membership.',
    },
    forbidden: {
      heading: 'This room does not let you in',
      lead: 'It is locked, or its owner has removed you.',
    },
  } as Readonly<Record<string, { readonly heading: string; readonly lead: string }>>,
  endedOtherwise: {
    heading: 'This room cannot be joined',
    lead: 'The server did not say why.',
  },
  retryJoin: 'Try again',
  toStart: 'To the start page',

  owner: {
    manage: 'Manage room',
    locked: 'Locked: nobody new comes in',
    public: 'Public: listed for everybody',
    noCapacity: 'as many as the server allows',
    slowMode: 'Slow mode: seconds between messages',
    saved: 'Saved.',
    remove: 'Remove',
    // Isolated: a name may turn the direction of writing.
    sureToRemove: (name: string) =>
      `Remove \u2068${name}\u2069? Nobody from the same address can join for an hour.`,
    end: 'End this room…',
    endNow: 'End it for everyone',
    sureToEnd: 'All members are sent away, and everything that was said is deleted.',
    failed: {
      invalid: 'Not saved.',
      forbidden: 'Not done: you are not the owner of this room any more.',
      not_found: 'Not done: that is not there any more.',
      rate_limited: 'Not done: that was too much at once. Try again in a moment.',
      unavailable: 'No server answers. Perhaps it was done: look before you try again.',
      unknown: 'It could not be confirmed. Perhaps it was done: look before you try again.',
    } as Readonly<Record<string, string>>,
    failedOtherwise: 'Not done. Try again in a moment.',
  },

  invite: {
    heading: 'Invite',
    lead: 'Whoever has this link can join and read everything.',
    linkLabel: 'Link of this room',
    copy: 'Copy',
    copied: 'Copied',
    share: 'Share…',
    qr: 'QR code of the link',
    getCode: 'Get a code',
    code: 'Code:',
    codeEnds: (end: Date) =>
      `Good until ${texts.time.clock.format(end)}, on this server’s start page, for whoever you tell it.`,
    codeFailed: {
      full: 'There are too many codes already. Wait until some have ended.',
      rate_limited: 'That was too much at once. Try again in a moment.',
      unavailable: 'No server answers. Try again in a moment.',
    } as Readonly<Record<string, string>>,
    codeFailedOtherwise: 'No code could be made.',
    noQr: 'The QR code could not be loaded. To have it, reload the page.',
    close: 'Close',
    shareText: (room: string) => `Join me in ${room}`,
  },

  notification: (room: string, n: number) =>
    `${count(n, 'new message', 'new messages')} in ${room}`,
  announced: (n: number) => count(n, 'new message', 'new messages'),
  time: {
    dayAndClock: new Intl.DateTimeFormat(undefined, {
      ...({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const),
    }),
    clock: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' }),
    day: new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' }),
    full: new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' }),
  },
}
