import { rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import { mintToken, tokenHash, tokenHint } from '#/access/token-format.ts'
import { readOrCreateSecretFile, readSecretFile } from '#/config/secret-file.ts'
import type { DeclaredSet, DeclaredToken } from './declared-input.ts'
import type { DeclaredFile, TokenValue } from './read-file.ts'

export interface TokenPlaces {
  /** What relative paths start from: the folder of the file that declares. */
  readonly folder: string
  /** Where values are kept that were given no place. */
  readonly dataDir: string
}

/** A token whose value is kept in a file. */
export interface KeptToken {
  readonly name: string
  readonly path: string
  /** This run made it. */
  readonly isNew: boolean
}

export interface WithHashes {
  readonly set: Required<DeclaredSet>
  readonly kept: readonly KeptToken[]
}

/**
 * The set with what its tokens are recognised by. A value that is kept in a file is used as it is; where there is none, one is made for
 * those of `toMake`, and the others stay without. Values themselves go nowhere else.
 */
export async function withTokenHashes(
  { set, values }: DeclaredFile,
  places: TokenPlaces,
  toMake: ReadonlySet<string>,
): Promise<WithHashes> {
  const kept: KeptToken[] = []
  const tokens: DeclaredToken[] = []
  for (const [index, token] of set.tokens.entries()) {
    const from: TokenValue = values[index] ?? { kind: 'file', path: null }
    if (from.kind === 'hash') tokens.push({ ...token, hash: from.hash })
    else if (from.kind === 'text') tokens.push(recognised(token, from.text))
    else {
      const path = from.path === null ? usualPlace(places.dataDir, token.name) : resolve(places.folder, from.path)
      const found = toMake.has(token.name) ? await made(path) : await present(path)
      if (found !== null) kept.push({ name: token.name, path, isNew: found.isNew })
      tokens.push(found === null ? token : recognised(token, found.text))
    }
  }
  return { set: { ...set, tokens }, kept }
}

/** Forgets the values of tokens that are gone, where they were kept in the usual place: revoked, they are of no use. */
export async function forgetTokens(names: readonly string[], dataDir: string): Promise<void> {
  for (const name of names) await rm(usualPlace(dataDir, name), { force: true })
}

function usualPlace(dataDir: string, name: string): string {
  // A token may be called anything.
  return join(dataDir, 'tokens', encodeURIComponent(name).replaceAll('.', '%2E'))
}

function recognised(token: DeclaredToken, text: string): DeclaredToken {
  return { ...token, hash: tokenHash(text), hint: tokenHint(text) }
}

interface Found {
  readonly text: string
  readonly isNew: boolean
}

/** In a file of 0600, in a folder that is its owner's. The one above it may be the data folder, which the database's account enters. */
async function made(path: string): Promise<Found> {
  await makeFolder(dirname(dirname(path)), 0o711)
  await makeFolder(dirname(path), 0o700)
  const { text, created } = await readOrCreateSecretFile(path, () => `${mintToken().text}\n`)
  return { text: usable(text, path), isNew: created }
}

async function present(path: string): Promise<Found | null> {
  const text = await readSecretFile(path)
  return text === null ? null : { text: usable(text, path), isNew: false }
}

function usable(text: string, path: string): string {
  const value = text.trim()
  if (!/^[\x21-\x7e]{32,}$/.test(value))
    throw new Error(`${path} holds no token: delete it, and the next time one is made`)
  return value
}
