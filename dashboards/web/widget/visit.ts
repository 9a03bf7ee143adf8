/** Where the visitor is, and what brought them: the campaign of the first page they saw, kept for this visit. */

const TAG = /^(utm_[a-z]+|gclid|yclid|fbclid|roistat|from)$/

export interface Visit {
  page: string
  title: string
  referrer: string
  language: string
  tags: Record<string, string>
}

interface First {
  referrer: string
  tags: Record<string, string>
}

/** `key`: where the first page of a visit is remembered. */
export function visitOf(key: string, language: string): Visit {
  const first = firstOf(key)
  return { page: location.href, title: document.title, language, ...first }
}

function firstOf(key: string): First {
  try {
    const kept = sessionStorage.getItem(key)
    if (kept) return JSON.parse(kept) as First
    const first = { referrer: document.referrer, tags: tagsOf(location.search) }
    sessionStorage.setItem(key, JSON.stringify(first))
    return first
  } catch {
    return { referrer: document.referrer, tags: tagsOf(location.search) } // storage is forbidden here
  }
}

export function tagsOf(query: string): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(query)].filter(([name]) => TAG.test(name)).slice(0, 12))
}
