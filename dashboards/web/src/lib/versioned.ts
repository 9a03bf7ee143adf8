/**
 * Things with an id and a version, the newest of each.
 *
 * Events and answers may arrive in any order and twice; a thing that is not newer than
 * the one we hold is passed over, so that nothing on a screen ever goes back in time.
 */
import { shallowReactive } from 'vue'

export interface Versioned {
  id: string
  version: number
}

export function isNewer(heard: Versioned, known: Versioned | undefined): boolean {
  return known === undefined || heard.version > known.version
}

/** Differs whenever one of them has changed, come or gone. */
export const versionsOf = (things: ReadonlyMap<string, Versioned>): number =>
  Array.from(things.values()).reduce((sum, thing) => sum + thing.version, things.size)

export interface Things<T extends Versioned> {
  readonly byId: ReadonlyMap<string, T>
  get: (id: string | null | undefined) => T | undefined
  /** The one that is now held: what was given, or a newer one known already. */
  put: (heard: T) => T
  putAll: (heard: readonly T[]) => void
  clear: () => void
}

export function createThings<T extends Versioned>(): Things<T> {
  const byId = shallowReactive(new Map<string, T>())
  const put = (heard: T): T => {
    const known = byId.get(heard.id)
    if (known !== undefined && !isNewer(heard, known)) return known
    byId.set(heard.id, heard)
    return heard
  }
  return {
    byId,
    get: (id) => (id ? byId.get(id) : undefined),
    put,
    putAll: (heard) => heard.forEach(put),
    clear: () => byId.clear(),
  }
}
