import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '#/lib/is-object.ts'
import type { Json } from './api.ts'
import { CliError } from './cli-error.ts'
import { plainText, printable, type Terminal } from './terminal.ts'

/** Prints what a tool answered as people read it; what is no text goes into the folder `output`, or is summed up. */
export async function printResult(result: Json, out: Terminal, output: string | undefined): Promise<void> {
  const structured = result['structuredContent']
  const content = Array.isArray(result['content']) ? (result['content'] as readonly unknown[]) : []
  const parts = content.filter(isObject).filter((part) => !repeats(part, structured))
  for (const [at, part] of parts.entries()) {
    const file = fileOf(part, at + 1)
    if (file === null) out.print(lineOf(part))
    else if (output === undefined) out.print(`[${file.about}; --output DIR saves it]`)
    else out.print(`saved ${await save(file, output)} (${file.about})`)
  }
  if (structured !== undefined && structured !== null) out.print(printable(JSON.stringify(structured, null, 2)))
}

/** Structured content is also told as text, for clients that know only text. */
function repeats(part: Json, structured: unknown): boolean {
  if (structured === undefined || part['type'] !== 'text' || typeof part['text'] !== 'string') return false
  try {
    return isDeepStrictEqual(JSON.parse(part['text']), JSON.parse(JSON.stringify(structured)))
  } catch {
    return false
  }
}

function lineOf(part: Json): string {
  if (part['type'] === 'text' && typeof part['text'] === 'string') return printable(part['text'])
  if (part['type'] !== 'resource_link') return `[${plainText(part['type'])}; --json shows it]`
  const said = [part['title'] ?? part['name'], part['description']].map(plainText).filter((text) => text !== '')
  return `${plainText(part['uri'])}${said.length === 0 ? '' : `  ${said.join(': ')}`}`
}

interface File {
  readonly name: string
  readonly about: string
  readonly bytes: Buffer
}

/** An image, a sound, or a resource with its content. */
function fileOf(part: Json, number: number): File | null {
  const { type } = part
  const resource = type === 'resource' && isObject(part['resource']) ? part['resource'] : part
  const bytes = bytesOf(resource)
  if (bytes === null || (type !== 'image' && type !== 'audio' && type !== 'resource')) return null
  const mime = plainText(resource['mimeType'])
  const about = [plainText(type), plainText(resource['uri']), mime, sizeText(bytes.length)].filter(
    (each) => each !== '',
  )
  return { name: fileName(resource, mime) ?? `${type}-${number}${extensionOf(mime)}`, about: about.join(', '), bytes }
}

function bytesOf({ data, blob, text }: Json): Buffer | null {
  const encoded = data ?? blob
  if (typeof encoded === 'string') return Buffer.from(encoded, 'base64')
  return typeof text === 'string' ? Buffer.from(text) : null
}

/** The last part of the URI, where that can be a file's name on every system. */
function fileName({ uri }: Json, mime: string): string | null {
  const last = /([^/?#]+)\/?(?:[?#].*)?$/.exec(plainText(uri))?.[1] ?? ''
  const name = last.replaceAll(/[^\w.-]+/g, '_').replace(/^\.+/, '')
  if (name === '') return null
  return name.includes('.') ? name : name + extensionOf(mime)
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/svg+xml': '.svg',
  'audio/mpeg': '.mp3',
  'audio/x-wav': '.wav',
  'text/plain': '.txt',
  'text/markdown': '.md',
  'application/gzip': '.gz',
}

function extensionOf(mime: string): string {
  const [type = ''] = mime.split(';')
  return EXTENSIONS[type] ?? /^\w+\/([a-z0-9]+)$/.exec(type)?.[1]?.replace(/^/, '.') ?? '.bin'
}

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}

/** Never over a file that is there. */
async function save({ name, bytes }: File, folder: string): Promise<string> {
  await makeFolder(folder)
  const [, stem = name, end = ''] = /^(.+?)(\.[^.]+)?$/.exec(name) ?? []
  for (let copy = 1; ; copy++) {
    const path = join(folder, copy === 1 ? name : `${stem}-${copy}${end}`)
    try {
      await writeFile(path, bytes, { flag: 'wx' })
      return path
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') continue
      throw new CliError(`${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      })
    }
  }
}

/** Only the last folder of the path: one above it that is missing is more likely a mistake. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError(`the folder ${folder} cannot be made: ${why}`, { cause, code: 'no_folder' })
  }
}
