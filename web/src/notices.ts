import type { OpenRoom } from './open-room.ts'
import { texts } from './texts.ts'

/** The system's notifications: only when asked for, only while nobody looks, and without texts. */
export class Notices {
  readonly #changed: () => void
  #isOn = false

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get isPossible(): boolean {
    return 'Notification' in globalThis && Notification.permission !== 'denied'
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** Resolves when the person has answered the browser's question. */
  async toggle(): Promise<void> {
    this.#isOn = !this.#isOn && (await Notification.requestPermission()) === 'granted'
    this.#changed()
  }

  show(room: OpenRoom): void {
    if (!this.#isOn || document.visibilityState === 'visible') return
    try {
      // One per room: the next replaces it.
      const notice = new Notification(texts.notification(room.name, room.unread), { tag: room.id })
      notice.addEventListener('click', () => {
        focus()
        location.hash = room.id
        notice.close()
      })
    } catch {
      // Some phones have notifications for installed pages only.
    }
  }
}
