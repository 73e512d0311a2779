import { INTRODUCTION, members, VERSION, type Era } from './message.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    ms: { type: 'number', description: 'Milliseconds before the answer' },
    canary: { type: 'string', description: 'Comes back as it is' },
    bytes: { type: 'number', description: 'Bytes of text after the first line' },
    progress: { type: 'number', description: 'Progress notifications on the way' },
    fail: { type: 'string', description: 'What to do instead of answering' },
  },
  required: ['ms', 'canary'],
}

const toolLists = new Map<number, string>()

/** `wait`, and as many more as make the list so long. */
function tools(count: number): string {
  const known = toolLists.get(count)
  if (known !== undefined) return known
  const list = [{ name: 'wait', description: 'Answers after `ms` milliseconds', inputSchema: SCHEMA }]
  for (let n = 1; n < count; n++) {
    const description = `Number ${n} of a list that is as long as it was asked to be; does nothing`
    list.push({ name: `idle_${n}`, description, inputSchema: SCHEMA })
  }
  const made = members({ tools: list })
  toolLists.set(count, made)
  return made
}

const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  logging: {},
}
const ARGUMENTS = [
  { name: 'ms', description: 'Milliseconds before the answer', required: true },
  { name: 'canary', description: 'Comes back as it is' },
]
const CACHED = '"ttlMs":0,"cacheScope":"private"'

interface Asked {
  readonly server: string
  readonly tools: number
  /** Of an `initialize`. */
  readonly version: string | undefined
}

type Answers = Readonly<Record<string, (asked: Asked) => string>>

const BOTH: Answers = {
  'tools/list': (asked) => tools(asked.tools),
  'prompts/list': () => members({ prompts: [{ name: 'wait', arguments: ARGUMENTS }] }),
  'resources/list': ({ server }) => members({ resources: [{ uri: `lab://${server}/wait/0/`, name: 'at once' }] }),
  'resources/templates/list': ({ server }) =>
    members({ resourceTemplates: [{ uriTemplate: `lab://${server}/wait/{ms}/{canary}`, name: 'wait' }] }),
}

const LEGACY: Answers = {
  ...BOTH,
  initialize: ({ version = VERSION.legacy }) =>
    members({ protocolVersion: version, capabilities: CAPABILITIES, ...INTRODUCTION }),
  ping: () => '',
  'logging/setLevel': () => '',
  'resources/subscribe': () => '',
  'resources/unsubscribe': () => '',
}

const MODERN: Answers = {
  ...Object.fromEntries(
    Object.entries(BOTH).map(([method, answer]) => [method, (asked: Asked) => `${CACHED},${answer(asked)}`]),
  ),
  'server/discover': () => `${CACHED},${members({ supportedVersions: [VERSION.modern], capabilities: CAPABILITIES })}`,
}

const ANSWERS: Readonly<Record<Era, Answers>> = { legacy: LEGACY, modern: MODERN }

/** The members of the result of a request that is answered at once; undefined: there is no such method. */
export function atOnce(method: string, era: Era, asked: Asked): string | undefined {
  const answers = ANSWERS[era]
  return Object.hasOwn(answers, method) ? answers[method]?.(asked) : undefined
}
