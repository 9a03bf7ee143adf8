/** A text with its bold words, links and quotes, cut into pieces that are each wholly one thing. Pure; nothing is ever read as HTML. */
import type { MarkKind, TextMark } from '@/api/conversations'

export interface Piece {
  text: string
  kinds: ReadonlySet<MarkKind>
  /** Where it leads, if it is a link. */
  address: string | null
}
/** Lines of their own: a quote, or what was typed by a machine; and all between. */
export interface Block {
  kind: 'text' | 'quote' | 'pre'
  pieces: Piece[]
}

// The server keeps no others; whoever got one past it gains nothing here.
const LEADS_SOMEWHERE = /^(https?:\/\/|mailto:|tel:)/i

const blockOf = (kinds: ReadonlySet<MarkKind>): Block['kind'] => (kinds.has('pre') ? 'pre' : kinds.has('quote') ? 'quote' : 'text')

function pieceOf(text: string, start: number, end: number, marks: readonly TextMark[]): Piece {
  const over = marks.filter(({ offset, length }) => offset <= start && end <= offset + length)
  const address = over.find(({ kind }) => kind === 'link')?.address ?? null
  return {
    text: text.slice(start, end),
    kinds: new Set(over.map(({ kind }) => kind)),
    address: address !== null && LEADS_SOMEWHERE.test(address) ? address : null,
  }
}

/** What follows a quote stands on a line of its own already. */
function withoutFirstBreak(block: Block): Block {
  const [first, ...rest] = block.pieces
  return first?.text.startsWith('\n') ? { ...block, pieces: [{ ...first, text: first.text.slice(1) }, ...rest] } : block
}

export function blocksOf(text: string, marks: readonly TextMark[]): Block[] {
  const edges = new Set([0, text.length, ...marks.flatMap(({ offset, length }) => [offset, offset + length])])
  const places = Array.from(edges)
    .filter((place) => place >= 0 && place <= text.length)
    .toSorted((a, b) => a - b)
  const blocks: Block[] = []
  for (const [index, start] of places.entries()) {
    const end = places[index + 1]
    if (end === undefined) break
    const piece = pieceOf(text, start, end, marks)
    const kind = blockOf(piece.kinds)
    const last = blocks.at(-1)
    if (last?.kind === kind) last.pieces.push(piece)
    else blocks.push({ kind, pieces: [piece] })
  }
  return blocks.map((block, index) => (index > 0 && block.kind === 'text' ? withoutFirstBreak(block) : block))
}
