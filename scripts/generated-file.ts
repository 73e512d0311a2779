import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

/** Writes a file that is made from the code. With --check on the command line: fails where the committed one says something else. */
export async function generated(path: string, text: string): Promise<void> {
  const file = join(ROOT, path)
  if (!process.argv.includes('--check')) {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    console.log(`wrote ${path}`)
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    console.error(
      `${path} is not what the code says: run \`node scripts/${basename(process.argv[1] ?? '')}\` and commit it`,
    )
    process.exitCode = 1
  }
}

/** Text for a cell of a Markdown table. */
export function cell(text: string): string {
  return text
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/\s+/g, ' ')
    .replaceAll('<', '&lt;')
    .trim()
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
