import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { mintToken, tokenHash, tokenHint } from '#/access/token-format.ts'
import { readOrCreateSecretFile } from '#/config/secret-file.ts'
import type { DeclaredSet } from './declared-input.ts'
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

/**
 * The set with what its tokens are recognised by. A value that is kept in a file is made where there is none, in a file of 0600, unless
 * it is only asked what would be; one that is there is used as it is. Values themselves go nowhere else.
 */
export async function withTokenHashes(
  { set, values }: DeclaredFile,
  places: TokenPlaces,
  isOnlyAsked: boolean,
): Promise<{ readonly set: Required<DeclaredSet>; readonly kept: readonly KeptToken[] }> {
  const kept: KeptToken[] = []
  const tokens: DeclaredSet['tokens'] = []
  for (const [index, token] of set.tokens.entries()) {
    const from: TokenValue = values[index] ?? { kind: 'file', path: null }
    if (from.kind === 'hash') tokens.push(token)
    if (from.kind === 'text') tokens.push({ ...token, hash: tokenHash(from.text), hint: tokenHint(from.text) })
    if (from.kind !== 'file') continue
    const path = from.path === null ? join(places.dataDir, 'tokens', token.name) : resolve(places.folder, from.path)
    const { text, isNew } = isOnlyAsked ? await present(path) : await made(path)
    kept.push({ name: token.name, path, isNew })
    tokens.push({ ...token, hash: tokenHash(text), hint: tokenHint(text) })
  }
  return { set: { ...set, tokens }, kept }
}

async function made(path: string): Promise<{ readonly text: string; readonly isNew: boolean }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const { text, created } = await readOrCreateSecretFile(path, () => `${mintToken().text}\n`)
  return { text: usable(text, path), isNew: created }
}

/** Another one each time stands for a value that is still to be made. */
async function present(path: string): Promise<{ readonly text: string; readonly isNew: boolean }> {
  const text = await readFile(path, 'utf8').catch(() => null)
  return text === null ? { text: mintToken().text, isNew: true } : { text: usable(text, path), isNew: false }
}

function usable(text: string, path: string): string {
  const value = text.trim()
  if (!/^[\x21-\x7e]{32,}$/.test(value))
    throw new Error(`${path} holds no token: delete it, and the next time one is made`)
  return value
}
