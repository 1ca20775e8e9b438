import type { ComponentType, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { texts } from '../texts.ts'

/**
 * A view whose code is loaded when it is first drawn, because most people never need it. If it cannot
 * be loaded, a sentence that says so is in its place: a server of another version has it under another
 * name.
 */
export const lateView = <Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ((props: Props) => JSX.Element | null) => {
  let loaded: ComponentType<Props> | undefined
  return (props) => {
    const [View, setView] = useState<ComponentType<Props> | 'missing' | undefined>(() => loaded)
    useEffect(() => {
      if (loaded) return
      load().then(
        (view) => {
          loaded = view
          setView(() => view)
        },
        () => setView('missing'),
      )
    }, [])
    if (View === undefined) return null
    if (View !== 'missing') return <View {...props} />
    return (
      <p class="problem missing" role="alert">
        {texts.missing}
      </p>
    )
  }
}
