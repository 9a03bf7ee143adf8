/**
 * What the type checker cannot see: texts outside the catalogues, keys that miss in a language or
 * that nobody uses, colours and styles past the tokens, attributes a strict security policy refuses.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = join(ROOT, 'src')
const LANGUAGES = ['ru', 'en']

/** @param {string} folder @returns {string[]} */
const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const code = filesUnder(SOURCES)
  .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'))
  .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf-8') }))

/** @type {string[]} */
const findings = []
/** @param {string} path @param {string} text @param {number} offset @param {string} what */
const find = (path, text, offset, what) =>
  findings.push(`${path}:${text.slice(0, offset).split('\n').length}  ${what}`)

/** Comments may speak any language and name anything: blanked out, the lines stay. */
const withoutComments = (text) =>
  text.replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?<![:'"`])\/\/.*$/gm, (found) => found.replace(/[^\n]/g, ' '))

const RULES = [
  [/[А-Яа-яЁё]/, 'a Russian text outside the catalogues'],
  [/#[0-9a-fA-F]{6}\b|\b(?:rgb|hsl|oklch)a?\(/, 'a raw colour: use a token'],
  [
    /\b(?:bg|text|border|ring|fill|stroke|outline|decoration|from|to|via|divide|accent|caret|shadow)-(?:black|white|slate|gray|zinc|neutral|stone|red|orange|amber|yellow|lime|green|emerald|teal|cyan|sky|blue|indigo|violet|purple|fuchsia|pink|rose)(?:-\d+)?\b/,
    'a palette class: use a token',
  ],
  [/\bv-html\b/, 'v-html: client text must never be markup'],
  [/<[^>]*\sstyle="/, 'a style attribute: the security policy refuses it'],
]
for (const { path, text } of code) {
  const bare = withoutComments(text)
  for (const [pattern, what] of RULES) {
    for (const match of bare.matchAll(new RegExp(pattern, 'g'))) {
      find(path, bare, match.index, what)
      break
    }
  }
}

/** @param {string} language @returns {Map<string, string>} */
function texts(language) {
  const found = new Map()
  const walk = (tree, path) => {
    for (const [key, value] of Object.entries(tree)) {
      if (typeof value === 'string') found.set(`${path}.${key}`, value)
      else walk(value, `${path}.${key}`)
    }
  }
  const folder = join(SOURCES, 'i18n', language)
  for (const name of readdirSync(folder)) walk(JSON.parse(readFileSync(join(folder, name), 'utf-8')), name.slice(0, -5))
  return found
}
const [russian, english] = LANGUAGES.map(texts)
const argumentsOf = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join()

for (const [key, text] of russian) {
  const other = english.get(key)
  if (other === undefined) findings.push(`src/i18n/en  ${key} is missing`)
  else if (argumentsOf(other) !== argumentsOf(text)) findings.push(`src/i18n  ${key}: the arguments differ`)
}
for (const key of english.keys()) if (!russian.has(key)) findings.push(`src/i18n/ru  ${key} is missing`)

// `t('a.b')`, `` t(`a.b.${kind}`) `` and keys kept in tables: any quoted dotted word of a known namespace.
const everything = code.map(({ text }) => text).join('\n')
const used = new Set([...everything.matchAll(/['"`]([a-z_]+(?:\.\w+)+)['"`]/g)].map((match) => match[1]))
const prefixes = [...everything.matchAll(/`([a-z_]+\.[\w.]*)\$\{/g)].map((match) => match[1])
for (const match of everything.matchAll(/\bt\(\s*'([^']+)'/g)) {
  if (!russian.has(match[1])) findings.push(`src  the text ${match[1]} is in no catalogue`)
}
for (const key of russian.keys()) {
  if (!used.has(key) && !prefixes.some((prefix) => key.startsWith(prefix))) findings.push(`src/i18n  ${key} is used nowhere`)
}

if (findings.length > 0) {
  console.error(findings.join('\n'))
  console.error(`${findings.length} findings`)
  process.exit(1)
}
console.log(`${code.length} sources, ${russian.size} texts in ${LANGUAGES.length} languages: clean`)
