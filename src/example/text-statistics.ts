import { READ_ONLY, type Tool } from './tool.ts'

const COMMON = 5

export const textStatistics: Tool = {
  name: 'text-statistics',
  title: 'Text statistics',
  description: 'Counts characters, words, sentences and lines of a text, and says which words are most frequent.',
  inputSchema: {
    type: 'object',
    properties: { text: { type: 'string', description: 'Any text', maxLength: 200_000 } },
    required: ['text'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      characters: { type: 'integer' },
      words: { type: 'integer' },
      sentences: { type: 'integer' },
      lines: { type: 'integer' },
      frequent: {
        type: 'array',
        items: {
          type: 'object',
          properties: { word: { type: 'string' }, count: { type: 'integer' } },
          required: ['word', 'count'],
        },
      },
    },
    required: ['characters', 'words', 'sentences', 'lines', 'frequent'],
  },
  annotations: READ_ONLY,
  run(args) {
    const text = String(args['text'])
    const words = pieces(text, 'word')
    const counts = new Map<string, number>()
    for (const word of words) counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1)
    const frequent = [...counts].map(([word, count]) => ({ word, count })).toSorted((a, b) => b.count - a.count)
    const structured = {
      characters: pieces(text, 'grapheme').length,
      words: words.length,
      sentences: pieces(text, 'sentence').filter((sentence) => sentence.trim() !== '').length,
      lines: text === '' ? 0 : text.split(/\r\n|\r|\n/).length,
      frequent: frequent.slice(0, COMMON),
    }
    return { structured }
  },
}

/** As readers of the language see them, not as the computer stores them. */
function pieces(text: string, granularity: 'grapheme' | 'word' | 'sentence'): string[] {
  const segments = [...new Intl.Segmenter('en', { granularity }).segment(text)]
  return segments
    .filter(({ isWordLike }) => granularity !== 'word' || isWordLike === true)
    .map(({ segment }) => segment)
}
