import { Component } from 'preact'
import type { JSX } from 'preact/jsx-runtime'
import type { Message } from '../../../src/client/client.ts'
import { hueOf } from '../hue.ts'
import { partsOf } from '../links.ts'
import type { MessageChange, OpenChange } from '../message-change.ts'
import { texts } from '../texts.ts'
import { ChangeForm, MessageActions } from './message-actions.tsx'

export interface MessageRowProps {
  readonly message: Message
  /** Whether it begins a group of messages of one member. */
  readonly isFirst: boolean
  /** Whether it is the first of its day. */
  readonly isNewDay: boolean
  /** Whether it is the first one that was unread. */
  readonly isMarked: boolean
  readonly isMine: boolean
  /** Whether somebody was led to it. */
  readonly isSought: boolean
  readonly change: MessageChange
  /** What is being done to this one. */
  readonly current: OpenChange | undefined
  readonly mayEdit: boolean
  readonly mayDelete: boolean
  /** Whether Tab leads to its buttons. */
  readonly isTabStop: boolean
}

const EDIT_AND_DELETE = ['edit', 'delete'] as const
const DELETE = ['delete'] as const

const KEYS: readonly (keyof MessageRowProps)[] = [
  ...(['message', 'isFirst', 'isNewDay', 'isMarked', 'isMine', 'isSought'] as const),
  ...(['current', 'mayEdit', 'mayDelete', 'isTabStop'] as const),
]

/** A message of the log. It is drawn once: only the props that change draw it again. */
export class MessageRow extends Component<MessageRowProps> {
  override shouldComponentUpdate(next: MessageRowProps): boolean {
    return KEYS.some((key) => next[key] !== this.props[key])
  }

  override render(): JSX.Element {
    const { message, isFirst, isNewDay, isMarked, isMine, isSought } = this.props
    const { change, current, mayEdit, mayDelete, isTabStop } = this.props
    const { seq, type, memberId, memberName } = message
    const sent = new Date(message.sent)
    const time = (
      <time dateTime={message.sent} title={texts.time.full.format(sent)}>
        {texts.time.clock.format(sent)}
      </time>
    )
    const name = (
      <bdi class="name" style={{ '--hue': `${hueOf(memberId)}` }}>
        {memberName}
      </bdi>
    )
    return (
      <li
        data-seq={seq}
        class={`${type} ${isFirst ? 'first' : ''} ${isMine ? 'mine' : ''} ${isSought ? 'sought' : ''}`}
        tabIndex={isSought ? -1 : undefined}
      >
        {isNewDay && <div class="day">{texts.time.day.format(sent)}</div>}
        {isMarked && <div class="marker">{texts.room.marker}</div>}
        {type === 'chat' ? (
          <div class="body">
            {isFirst && (
              <div class="by">
                {name}
                {isMine && <span class="hint"> ({texts.room.you})</span>} {time}
              </div>
            )}
            {current?.what === 'edit' ? (
              <ChangeForm change={change} current={current} />
            ) : (
              <div class="text" dir="auto" id={`text-${seq}`}>
                <Text of={message.message} />
                {message.edited !== undefined && (
                  <span class="edited" title={texts.time.full.format(new Date(message.edited))}>
                    {' '}
                    {texts.room.edited}
                  </span>
                )}
                {isMine && (
                  <span class="sent">
                    <span aria-hidden="true">✓</span>
                    <span class="only-read">{texts.composer.sent}</span>
                  </span>
                )}
              </div>
            )}
            {current?.what === 'delete' && <ChangeForm change={change} current={current} />}
            {!current && (mayEdit || mayDelete) && (
              <MessageActions
                {...{ message, change, isTabStop }}
                what={mayEdit ? EDIT_AND_DELETE : DELETE}
              />
            )}
          </div>
        ) : (
          <div class="note">
            {name} {texts.room[type]} {time}
          </div>
        )}
      </li>
    )
  }
}

/** A text with its links. It is never taken for HTML. */
const Text = ({ of }: { readonly of: string }): JSX.Element => (
  <>
    {partsOf(of).map(({ text, href }) =>
      href === undefined ? (
        text
      ) : (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">
          {text}
          <span class="only-read"> ({texts.room.opensElsewhere})</span>
        </a>
      ),
    )}
  </>
)
