/** Sources of leads: the key of a public form, and skills as they are typed. */

const KEY_BYTES = 18

/** 144 random bits, in letters that fit into an address. */
export function newSiteKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_')
}

export const formAddress = (key: string): string => `${window.location.origin}/api/v1/forms/${key}`
/** What a site without a form of its own puts into its page. */
export const formFrame = (key: string): string => `<iframe src="${formAddress(key)}/page" width="100%" height="560"></iframe>`

/** «Хайнань, VIP,, » is two skills; each stands once. */
export const readSkills = (typed: string): string[] => [
  ...new Set(typed.split(',').map((skill) => skill.replace(/\s+/g, ' ').trim()).filter(Boolean)),
]
