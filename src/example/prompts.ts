import { noteUri, type Notebook } from './notebook.ts'
import type { Json } from './tool.ts'

const AUDIENCES = ['a child', 'a beginner', 'an engineer', 'an expert']
const TOPICS = [
  'back-pressure',
  'connection pooling',
  'database transactions',
  'idempotence',
  'rate limiting',
  'sessions',
]

interface Prompt {
  readonly title: string
  readonly description: string
  readonly arguments: readonly Argument[]
  messages(args: Readonly<Record<string, string>>, notebook: Notebook): readonly Json[]
}

interface Argument {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly values: readonly string[]
}

const PROMPTS: Readonly<Record<string, Prompt>> = {
  explain: {
    title: 'Explain something',
    description: 'Asks for an explanation that fits who reads it.',
    arguments: [
      { name: 'topic', description: 'What to explain', required: true, values: TOPICS },
      { name: 'audience', description: 'For whom', required: false, values: AUDIENCES },
    ],
    messages: ({ topic = '', audience = 'a beginner' }) => [
      said(text(`Explain ${topic} to ${audience}, in at most five sentences and with one example from daily life.`)),
    ],
  },
  'summarise-notes': {
    title: 'Summarise my notes',
    description: 'Hands over everything in the notebook and asks for a summary.',
    arguments: [],
    messages: (_args, notebook) => [
      ...notebook.all.map((note) =>
        said({ type: 'resource', resource: { uri: noteUri(note), mimeType: 'text/plain', text: noteText(note) } }),
      ),
      said(text(notebook.all.length === 0 ? 'My notebook is empty. Suggest a first note.' : 'Summarise these notes.')),
    ],
  },
}

const noteText = ({ title, text: body }: { readonly title: string; readonly text: string }): string =>
  `${title}\n\n${body}`
const text = (words: string): Json => ({ type: 'text', text: words })
const said = (content: Json): Json => ({ role: 'user', content })

export function listPrompts(): readonly Json[] {
  return Object.entries(PROMPTS).map(([name, { title, description, arguments: args }]) => ({
    name,
    title,
    description,
    arguments: args.map(({ values: _values, ...shown }) => shown),
  }))
}

/** The messages of a prompt, or what is wrong with the request. */
export function getPrompt(name: string, args: Json, notebook: Notebook): Json | string {
  const prompt = Object.hasOwn(PROMPTS, name) ? PROMPTS[name] : undefined
  if (prompt === undefined) return `there is no prompt '${name}'`
  const given: Record<string, string> = {}
  for (const argument of prompt.arguments) {
    const value = args[argument.name]
    if (typeof value === 'string') given[argument.name] = value
    else if (value !== undefined) return `the argument '${argument.name}' must be a string`
    else if (argument.required) return `the argument '${argument.name}' is missing`
  }
  return { description: prompt.description, messages: prompt.messages(given, notebook) }
}

/** What an argument could be; undefined for an unknown prompt. */
export function promptValues(name: string, argument: string): readonly string[] | undefined {
  const prompt = Object.hasOwn(PROMPTS, name) ? PROMPTS[name] : undefined
  return prompt && (prompt.arguments.find((each) => each.name === argument)?.values ?? [])
}
