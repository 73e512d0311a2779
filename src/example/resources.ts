import { noteUri, type Notebook } from './notebook.ts'
import { png } from './png.ts'
import type { Json } from './tool.ts'

const GUIDE_URI = 'example://guide'
const SWATCH_URI = 'example://swatch.png'
const TABLE_URI = /^example:\/\/times-tables\/(\d{1,4})$/
const NOTE_URI = /^example:\/\/notes\/(\d{1,9})$/

const GUIDE = `# What to try

This server is part of Causeway. It needs no network and keeps nothing on disk.

| tool | shows |
| --- | --- |
| current-time, convert-time, convert-units, text-statistics | answers with structured output |
| bar-chart | an image |
| add-note, list-notes, remove-note | state, links to resources, and lists that change |
| countdown | progress, log messages, cancellation |

Resources: this page, a picture, every note, and a template: \`example://times-tables/{number}\`.
Prompts: \`explain\` (its arguments can be completed) and \`summarise-notes\` (notes are embedded).
`

export const RESOURCE_TEMPLATES: readonly Json[] = [
  {
    uriTemplate: 'example://times-tables/{number}',
    name: 'times-tables',
    title: 'Times tables',
    description: 'The multiples of a whole number, one to twelve times.',
    mimeType: 'text/plain',
  },
  {
    uriTemplate: 'example://notes/{id}',
    name: 'notes',
    title: 'Notes',
    description: 'A note of the notebook by its number.',
    mimeType: 'text/plain',
  },
]

export function listResources(notebook: Notebook): readonly Json[] {
  return [
    {
      uri: GUIDE_URI,
      name: 'guide',
      title: 'What to try',
      description: 'What this server shows.',
      mimeType: 'text/markdown',
    },
    { uri: SWATCH_URI, name: 'swatch', title: 'Colours', description: 'A small picture.', mimeType: 'image/png' },
    ...notebook.all.map((note) => ({
      uri: noteUri(note),
      name: `note-${note.id}`,
      title: note.title,
      mimeType: 'text/plain',
      annotations: { lastModified: note.written },
    })),
  ]
}

/** The contents behind a URI; undefined where there is nothing. */
export function readResource(uri: string, notebook: Notebook): Json | undefined {
  if (uri === GUIDE_URI) return { uri, mimeType: 'text/markdown', text: GUIDE }
  if (uri === SWATCH_URI) return { uri, mimeType: 'image/png', blob: swatch().toString('base64') }
  const table = TABLE_URI.exec(uri)?.[1]
  if (table !== undefined) return { uri, mimeType: 'text/plain', text: timesTable(Number(table)) }
  const note = notebook.find(Number(NOTE_URI.exec(uri)?.[1]))
  return note && { uri, mimeType: 'text/plain', text: `${note.title}\n\n${note.text}` }
}

function timesTable(number: number): string {
  return Array.from({ length: 12 }, (_, n) => `${n + 1} × ${number} = ${(n + 1) * number}`).join('\n')
}

function swatch(): Buffer {
  return png(64, 64, (x, y) => ((x * 4) << 16) | ((y * 4) << 8) | 0x90)
}
