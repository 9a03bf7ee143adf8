/** Making elements: what a stranger wrote becomes text, never markup. */

type Attributes = Record<string, string | boolean | ((event: Event) => void)>

export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value)
    else if (typeof value === 'boolean') element.toggleAttribute(key, value)
    else element.setAttribute(key, value)
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

const ICONS = {
  chat: 'M4 5.5A1.5 1.5 0 0 1 5.5 4h13A1.5 1.5 0 0 1 20 5.5v9a1.5 1.5 0 0 1-1.5 1.5H11l-4.2 3.6a.5.5 0 0 1-.8-.4V16h-.5A1.5 1.5 0 0 1 4 14.5z',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M14 6l-6 6 6 6',
  phone:
    'M7.2 4h2l1.6 4-2 1.6a11 11 0 0 0 5.600 5.600l1.600-2 4 1.600v2A3 3 0 0 1 17 20 13 13 0 0 1 4 7a3 3 0 0 1 3.200-3z',
  clip: 'M18.500 11.500l-6.400 6.400a4 4 0 0 1-5.700-5.700l7-7a2.700 2.700 0 0 1 3.800 3.800l-6.900 6.900a1.300 1.300 0 0 1-1.900-1.900l6.300-6.300',
  send: 'M12 19V5M6 11l6-6 6 6',
  file: 'M7 3.500h6.500L18 8v12a.5.5 0 0 1-.5.5h-11A.5.5 0 0 1 6 20V4.500a1 1 0 0 1 1-1zM13 4v4.500h4.500',
}

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}

const ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,:;!?)\]}]/g

/** A text with its web addresses to be pressed. */
export function linked(text: string): (Node | string)[] {
  const parts: (Node | string)[] = []
  let from = 0
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(text.slice(from, found.index))
    parts.push(el('a', { href: found[0], target: '_blank', rel: 'noopener noreferrer nofollow ugc' }, found[0]))
    from = found.index + found[0].length
  }
  return [...parts, text.slice(from)]
}
