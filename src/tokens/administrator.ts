import { TokenId, UserId } from '#/access/ids.ts'
import { tokenHash, tokenHint } from '#/access/token-format.ts'

/** The administrator and its token, as they are to be where they are not. */
export interface Administrator {
  readonly userId: UserId
  readonly email: string
  readonly tokenId: TokenId
  readonly tokenName: string
  readonly tokenHash: Buffer
  readonly tokenHint: string
}

/** What is left to do of a start's first steps. */
export interface AdministratorStore {
  /** Makes what is absent: the user (an administrator, enabled) and the token. revoked: the token is there and was ended. */
  ensure(administrator: Administrator): Promise<'made' | 'there' | 'revoked'>
}

/**
 * Lets the token of the data folder in as the administrator's. Any number of processes may ask at once; each thing is made once.
 * A token that was revoked stays so: then the file is to be deleted, and the next start makes a new one.
 */
export async function ensureAdministrator(
  store: AdministratorStore,
  { email, token }: { readonly email: string; readonly token: string },
): Promise<'made' | 'there' | 'revoked'> {
  const hint = tokenHint(token)
  return await store.ensure({
    userId: UserId.mint(),
    email,
    tokenId: TokenId.mint(),
    tokenName: `administrator ${hint}`,
    tokenHash: Buffer.from(tokenHash(token), 'hex'),
    tokenHint: hint,
  })
}
