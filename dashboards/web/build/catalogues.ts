/**
 * Message catalogues, compiled while building.
 *
 * `virtual:messages/ru` is every file of `src/i18n/ru/`, one namespace a file. Texts with
 * arguments or plurals become syntax trees, so the browser carries no message compiler and a
 * strict content security policy has nothing to refuse.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { baseCompile } from '@intlify/message-compiler'
import type { Plugin } from 'vite'

export type Catalogue = { [key: string]: string | Catalogue }

const PREFIX = 'virtual:messages/'
const SYNTAX = /[{}|@]/
const POSITIONS = new Set(['loc', 'start', 'end', 'source'])

/** Every text of one language, by namespace. */
export function readCatalogue(folder: string): Record<string, Catalogue> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
  return Object.fromEntries(
    files.map((name) => [
      basename(name, '.json'),
      JSON.parse(readFileSync(join(folder, name), 'utf-8')) as Catalogue,
    ]),
  )
}

/** A text as the runtime wants it: plain, or a syntax tree without source positions. */
export function compileText(text: string, key: string): unknown {
  if (!SYNTAX.test(text)) return text
  const { ast } = baseCompile(text, {
    jit: true,
    minify: true,
    onError: (error) => {
      throw new Error(`${key}: ${error.message} in «${text}»`)
    },
  })
  const bare: unknown = JSON.parse(
    JSON.stringify(ast, (name, value: unknown) => (POSITIONS.has(name) ? undefined : value)),
  )
  return { ...(bare as object), cacheKey: text }
}

function compileTree(tree: Catalogue, path: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => {
      const name = `${path}.${key}`
      return [key, typeof value === 'string' ? compileText(value, name) : compileTree(value, name)]
    }),
  )
}

export function catalogues(root: string): Plugin {
  return {
    name: 'perezvon-catalogues',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return
      const language = id.slice(PREFIX.length + 1)
      const folder = join(root, language)
      for (const name of readdirSync(folder)) this.addWatchFile(join(folder, name))
      return `export default ${JSON.stringify(compileTree(readCatalogue(folder), language))}`
    },
  }
}
