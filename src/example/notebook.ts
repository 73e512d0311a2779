import { READ_ONLY, ToolFault, type Json, type ObjectSchema, type Tool } from './tool.ts'

export interface Note {
  readonly id: number
  readonly title: string
  readonly text: string
  readonly written: string
}

/** Enough to play with; the oldest make room. */
const MOST_NOTES = 200

/** Notes that live as long as this server does. */
export class Notebook {
  readonly #notes = new Map<number, Note>()
  readonly #changed: () => void
  #last = 0

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get all(): readonly Note[] {
    return [...this.#notes.values()]
  }

  find(id: number): Note | undefined {
    return this.#notes.get(id)
  }

  add(title: string, text: string): Note {
    const note = { id: ++this.#last, title, text, written: new Date().toISOString() }
    this.#notes.set(note.id, note)
    const [oldest] = this.#notes.keys()
    if (this.#notes.size > MOST_NOTES && oldest !== undefined) this.#notes.delete(oldest)
    this.#changed()
    return note
  }

  remove(id: number): boolean {
    const was = this.#notes.delete(id)
    if (was) this.#changed()
    return was
  }
}

const NOTE: ObjectSchema = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    title: { type: 'string' },
    text: { type: 'string' },
    written: { type: 'string', description: 'When it was written, ISO 8601' },
  },
  required: ['id', 'title', 'text', 'written'],
}

export function notebookTools(notebook: Notebook): readonly Tool[] {
  return [addNote(notebook), listNotes(notebook), removeNote(notebook)]
}

export const noteUri = ({ id }: Note): string => `example://notes/${id}`

function addNote(notebook: Notebook): Tool {
  return {
    name: 'add-note',
    title: 'Write a note',
    description:
      'Writes a note into the notebook. Each note is also a resource. They last as long as this server runs.',
    inputSchema: {
      type: 'object',
      properties: {
        title: { type: 'string', minLength: 1, maxLength: 200 },
        text: { type: 'string', maxLength: 20_000, default: '' },
      },
      required: ['title'],
      additionalProperties: false,
    },
    outputSchema: NOTE,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    run({ title, text }) {
      const note = notebook.add(String(title), String(text))
      const link: Json = { type: 'resource_link', uri: noteUri(note), name: note.title, mimeType: 'text/plain' }
      return { structured: { ...note }, content: [{ type: 'text', text: `note ${note.id} is written` }, link] }
    },
  }
}

function listNotes(notebook: Notebook): Tool {
  return {
    name: 'list-notes',
    title: 'List notes',
    description: 'Lists what is in the notebook, the oldest first.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    outputSchema: {
      type: 'object',
      properties: { notes: { type: 'array', items: { ...NOTE } } },
      required: ['notes'],
    },
    annotations: { ...READ_ONLY, idempotentHint: false },
    run: () => ({ structured: { notes: notebook.all } }),
  }
}

function removeNote(notebook: Notebook): Tool {
  return {
    name: 'remove-note',
    title: 'Remove a note',
    description: 'Takes a note out of the notebook.',
    inputSchema: {
      type: 'object',
      properties: { id: { type: 'integer', description: 'Its number, as list-notes shows it', minimum: 1 } },
      required: ['id'],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    run({ id }) {
      if (!notebook.remove(id as number)) throw new ToolFault(`there is no note ${String(id)}: list-notes shows them`)
      return { text: `note ${String(id)} is gone` }
    },
  }
}
