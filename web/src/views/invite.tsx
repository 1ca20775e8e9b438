import type { JSX } from 'preact/jsx-runtime'
import { useEffect, useRef, useState } from 'preact/hooks'
import { roomLink } from '../../../src/client/client.ts'
import type { OpenRoom } from '../open-room.ts'
import type { QrCode } from '../qr-code.ts'
import { texts } from '../texts.ts'
import { InviteCode } from './invite-code.tsx'

interface InviteProps {
  readonly room: OpenRoom
  readonly onClose: () => void
}

/** The room's link, to copy, to photograph, or to hand to another program. */
export const Invite = ({ room, onClose }: InviteProps): JSX.Element => {
  const dialog = useRef<HTMLDialogElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const [isCopied, setCopied] = useState(false)
  const [code, setCode] = useState<QrCode | 'missing'>()
  const link = roomLink(location.href, room.id)
  const { invite } = texts

  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    // Most people open a room without ever looking at its code.
    import('../qr-code.ts').then(
      ({ qrCode }) => setCode(qrCode(link)),
      // A server of another version has it under another name.
      () => setCode('missing'),
    )
  }, [link])

  const copy = async (): Promise<void> => {
    field.current?.select()
    // Only pages on https or localhost have a clipboard, and one may be refused.
    const isWritten =
      'clipboard' in navigator &&
      (await navigator.clipboard.writeText(link).then(
        () => true,
        () => false,
      ))
    setCopied(isWritten || document.execCommand('copy'))
  }
  const share = (): void => {
    // It rejects when the person changes their mind.
    navigator.share({ text: invite.shareText(room.name), url: link }).catch(() => {})
  }

  return (
    <dialog ref={dialog} aria-labelledby="invite" onClose={onClose}>
      <h2 id="invite">{invite.heading}</h2>
      <p class="lead">{invite.lead}</p>
      <div class="line">
        <input ref={field} aria-label={invite.linkLabel} readOnly value={link} />
        <button type="button" class="main" onClick={() => void copy()}>
          {isCopied ? invite.copied : invite.copy}
        </button>
        <span class="only-read" role="status">
          {isCopied && invite.copied}
        </span>
      </div>
      {code === 'missing' && <p class="hint">{invite.noQr}</p>}
      {typeof code === 'object' && (
        <svg
          class="qr-code"
          role="img"
          aria-label={invite.qr}
          viewBox={`0 0 ${code.size} ${code.size}`}
        >
          <path d={code.path} />
        </svg>
      )}
      <InviteCode room={room} />
      <div class="line">
        {'share' in navigator && (
          <button type="button" onClick={share}>
            {invite.share}
          </button>
        )}
        <button type="button" onClick={() => dialog.current?.close()}>
          {invite.close}
        </button>
      </div>
    </dialog>
  )
}
