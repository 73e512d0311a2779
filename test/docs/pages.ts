import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

/**
 * A fenced block of commands:
 * - `sh`: is run, and a `text` block right after it shows what it prints, with … for what differs;
 * - `sh background`: a gateway, which goes on until the end of the page;
 * - `sh no-run: REASON`: only its grammar is checked.
 */
export interface Block {
  readonly page: string
  readonly line: number
  readonly text: string
  readonly kind: 'run' | 'background' | 'no-run'
  readonly reason: string
  readonly shown: string | null
}

export interface Page {
  readonly path: string
  readonly blocks: readonly Block[]
}

interface Fence {
  readonly info: string
  readonly text: string
  readonly line: number
  /** The first line after it that is not empty. */
  readonly end: number
}

/** Everything that tells people what to type. What is only read by those who change the code is not among it. */
export function allPages(): readonly Page[] {
  const paths = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: ROOT }).toSorted()]
  return paths.map((path) => ({ path, blocks: blocksIn(path, readFileSync(join(ROOT, path), 'utf8')) }))
}

export function blocksIn(page: string, markdown: string): readonly Block[] {
  const fences = fencesIn(markdown.split('\n'))
  return fences.flatMap((fence, at): readonly Block[] => {
    const [language = '', ...rest] = fence.info.split(' ')
    const where = `${page}:${fence.line}`
    if (/^(bash|shell|zsh|console|shellsession)$/.test(language))
      throw new Error(`${where}: a block of commands is called sh`)
    if (language !== 'sh') return []
    const mark = rest.join(' ')
    const [, reason = ''] = /^no-run: (.+)$/.exec(mark) ?? []
    if (mark !== '' && mark !== 'background' && reason === '') throw new Error(`${where}: what is "sh ${mark}"?`)
    const kind = reason !== '' ? 'no-run' : mark === 'background' ? 'background' : 'run'
    const next = fences[at + 1]
    const shown = next?.info === 'text' && next.line === fence.end ? next.text : null
    return [{ page, line: fence.line, text: fence.text, kind, reason, shown }]
  })
}

function fencesIn(lines: readonly string[]): readonly Fence[] {
  const fences: Fence[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, info] = /^```(\S.*)?$/.exec(lines[at] ?? '') ?? [undefined, undefined]
    if (!(lines[at] ?? '').startsWith('```')) continue
    const close = lines.indexOf('```', at + 1)
    if (close === -1) throw new Error(`line ${at + 1}: the block is not closed`)
    let end = close + 1
    while (end < lines.length && lines[end] === '') end++
    fences.push({ info: info ?? '', text: lines.slice(at + 1, close).join('\n'), line: at + 1, end: end + 1 })
    at = close
  }
  return fences
}

/** Whether what is shown was printed: its lines in their order, with anything between, spaces alike, and … for anything. */
export function isShownIn(shown: string, printed: string): boolean {
  const pattern = shown
    .trim()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split('…')
        .map((part) => RegExp.escape(part.replaceAll(/\s+/g, ' ')))
        .join('.*'),
    )
    .join(String.raw`[^\n]*\n(?:.*\n)*?[^\n]*?`)
  return new RegExp(pattern).test(printed.replaceAll(/[ \t]+/g, ' '))
}
