/** Who had the client, in order: the stops worth drawing. Pure. */
import type { Interaction, PathStop } from '@/api/types'

/**
 * A chain is drawn when the client was passed on. The one queue before the first person is the wait,
 * which stands elsewhere. `least`: draw shorter chains too, for whoever is the next in them.
 */
export function drawnPath(call: Pick<Interaction, 'path'>, least = 2): PathStop[] {
  const { path } = call
  const stops = path[0]?.kind === 'queue' && path[1]?.kind !== 'queue' ? path.slice(1) : path
  return stops.length < least ? [] : stops
}
