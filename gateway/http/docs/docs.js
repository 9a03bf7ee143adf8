// Reads openapi.json beside it and makes a form of every operation. No library, nothing inline.

const root = document.getElementById('operations')
const token = document.getElementById('token')

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

async function csrfToken() {
  const answer = await fetch('session')
  return answer.ok ? (await answer.json()).csrf_token : null
}

async function headersFor(method, hasBody) {
  const headers = {}
  if (hasBody) headers['Content-Type'] = 'application/json'
  if (token.value) headers.Authorization = `Bearer ${token.value}`
  else if (method !== 'GET') {
    const csrf = await csrfToken()
    if (csrf) headers['X-CSRF-Token'] = csrf
  }
  return headers
}

function addressOf(path, fields) {
  const query = new URLSearchParams()
  let address = path
  for (const { parameter, input } of fields) {
    if (parameter.in === 'path') address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value))
    else if (parameter.in === 'query' && input.value !== '') query.append(parameter.name, input.value)
  }
  return query.size ? `${address}?${query}` : address
}

async function send(method, path, fields, body, output) {
  output.replaceChildren('…')
  try {
    const headers = await headersFor(method, Boolean(body))
    for (const { parameter, input } of fields) {
      if (parameter.in === 'header' && input.value) headers[parameter.name] = input.value
    }
    const answer = await fetch(addressOf(path, fields), { method, headers, body: body?.value })
    const text = await answer.text()
    let shown = text
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2)
    } catch {
      // Not JSON: shown as it came.
    }
    output.replaceChildren(
      element('p', { className: answer.ok ? '' : 'bad' }, `${answer.status} ${answer.statusText}`),
      ...(shown ? [element('pre', {}, shown)] : []),
    )
  } catch (error) {
    output.replaceChildren(element('p', { className: 'bad' }, String(error)))
  }
}

function resolve(document, schema) {
  return schema?.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema
}

function sample(document, schema, depth = 0) {
  const known = resolve(document, schema) ?? {}
  if (known.default !== undefined) return known.default
  if (known.enum) return known.enum[0]
  if (known.anyOf) return sample(document, known.anyOf[0], depth)
  if (known.type === 'object' && depth < 4) {
    const required = new Set(known.required ?? [])
    const wanted = Object.entries(known.properties ?? {}).filter(([name]) => required.has(name))
    return Object.fromEntries(wanted.map(([name, part]) => [name, sample(document, part, depth + 1)]))
  }
  return { array: [], boolean: false, integer: 0, number: 0, string: '' }[known.type] ?? null
}

function form(document, method, path, operation) {
  const fields = (operation.parameters ?? []).map((parameter) => {
    const input = element('input', { name: parameter.name, spellcheck: false })
    const title = `${parameter.name} · ${parameter.in}${parameter.required ? '' : ', optional'}`
    return { parameter, input, label: element('label', {}, title, input) }
  })
  const schema = operation.requestBody?.content['application/json'].schema
  const body = schema && element('textarea', { spellcheck: false, value: JSON.stringify(sample(document, schema), null, 2) })
  const output = element('div', { ariaLive: 'polite' })
  const made = element('form', {}, ...fields.map(({ label }) => label))
  if (body) made.append(element('label', {}, 'body', body))
  made.append(element('button', { type: 'submit' }, 'Send'), output)
  made.addEventListener('submit', (event) => {
    event.preventDefault()
    void send(method, path, fields, body, output)
  })
  return made
}

function section(document, method, path, operation) {
  const details = element('details', {},
    element('summary', {},
      element('span', { className: 'method' }, method),
      element('code', {}, path),
      element('span', { className: 'quiet' }, operation.summary)))
  details.addEventListener('toggle', () => {
    const inside = element('div', { className: 'inside' })
    if (operation.description) inside.append(element('p', {}, operation.description))
    if (operation['x-role']) inside.append(element('p', { className: 'quiet' }, `Role: ${operation['x-role']} and above`))
    inside.append(form(document, method, path, operation))
    details.append(inside)
  }, { once: true })
  return details
}

async function show() {
  const answer = await fetch('openapi.json')
  const description = await answer.json()
  document.getElementById('about').textContent = `${description.info.version}. ${description.info.description}`
  const byTag = new Map(description.tags.map(({ name }) => [name, [element('h2', {}, name)]]))
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      byTag.get(operation.tags[0]).push(section(description, method.toUpperCase(), path, operation))
    }
  }
  root.replaceChildren(...[...byTag.values()].flat())
  root.removeAttribute('aria-busy')
}

await show()
