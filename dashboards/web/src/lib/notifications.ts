/** Notifications of the browser: only where the person has allowed them, and only while no tab is looked at. */
const supported = (): boolean => 'Notification' in window && window.isSecureContext

export type Permission = 'granted' | 'denied' | 'default' | 'unsupported'

export const permission = (): Permission => (supported() ? Notification.permission : 'unsupported')

/** Asks the person; only ever from a click of theirs. */
export async function askPermission(): Promise<Permission> {
  return supported() ? Notification.requestPermission() : 'unsupported'
}

/** `about` keeps several notifications of one thing from piling up. */
export function notify(about: string, title: string, text: string, whenClicked: () => void): void {
  if (permission() !== 'granted' || !document.hidden) return
  const shown = new Notification(title, { body: text, tag: about })
  shown.onclick = () => {
    window.focus()
    shown.close()
    whenClicked()
  }
}
