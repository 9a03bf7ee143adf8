/**
 * The chat for a page of a site: `<script async src="https://HOST/widget.js" data-site="SITE_KEY"></script>`.
 *
 * It lives in a shadow root, so neither side's styles reach the other, and needs of the page's security policy only
 * script-src and connect-src for HOST. Nothing is connected before the visitor opens it, or has written before.
 */
import { Chat } from './chat'
import { Memory } from './memory'
import { Panel } from './panel'
import styles from './styles.css?inline'
import { visitOf } from './visit'
import { languageOf, wordsIn } from './words'

interface Perezvon {
  open(): void
  close(): void
  /** Who the site's user is, as a token the site signed; null: they have left. */
  identify(token: string | null): void
}

declare global {
  interface Window {
    perezvon?: Perezvon
  }
}

const AGAIN_MS = 20_000

const script = document.currentScript

if (script instanceof HTMLScriptElement && script.dataset.site && !window.perezvon) begin(script, script.dataset.site)

function begin(from: HTMLScriptElement, site: string): void {
  const language = languageOf(from.dataset.language)
  const memory = new Memory(site)
  let identity = from.dataset.identity ?? null
  let panel: Panel | null = null
  let wanted = memory.open
  const base = new URL('.', from.src)
  const options = { base, site, memory, identity: () => identity, visit: () => visitOf(`perezvon.${site}.first`, language) }
  const chat = new Chat(options, () => panel?.render())
  window.perezvon = {
    open: () => {
      wanted = true
      panel?.open()
    },
    close: () => {
      wanted = false
      panel?.close()
    },
    identify: (token) => {
      identity = token
      chat.link.again()
    },
  }
  void show()

  async function show(): Promise<void> {
    const [told] = await Promise.all([chat.link.config(), chat.recall()])
    if (told === 'refused') return // this page is none of the site's
    if (told) memory.config = told
    const config = told ?? memory.config
    if (config === null) {
      setTimeout(() => void show(), AGAIN_MS) // a site shows no button that does nothing
      return
    }
    const connect = (): void => chat.link.connect()
    panel = new Panel(chat, memory, wordsIn(language), language, config.file_bytes, config.hours, connect)
    document.body.append(host(panel.element))
    if (chat.begun || identity !== null) connect()
    if (wanted) panel.open(false)
  }
}

function host(content: HTMLElement): HTMLElement {
  const element = document.createElement('perezvon-chat')
  const root = element.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet() // a sheet that is made, and not written, is allowed by every policy
  sheet.replaceSync(styles)
  root.adoptedStyleSheets = [sheet]
  root.append(content)
  return element
}
