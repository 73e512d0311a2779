import type { TokenId, UserId } from '#/access/ids.ts'
import type { VisibilityClass } from '#/access/principal.ts'
import type { Namesake } from '#/api/namesake.ts'
import type { ItemKind } from '#/servers/server.ts'
import type { Existing, Kind } from './step.ts'

export interface NamesAsked {
  readonly set: string
  /** Of gateways. */
  readonly slugs: readonly string[]
  /** Of virtual servers, as `foldCase` writes them. */
  readonly servers: readonly string[]
  readonly tokens: readonly string[]
  /** Whose tokens. */
  readonly userId: UserId
}

/** An item that can be selected by its name. */
export interface NamedItem extends Namesake {
  readonly kind: ItemKind
  readonly name: string
  /** Offered by a gateway that the set declared. */
  readonly isDeclared: boolean
}

export interface Mark {
  readonly kind: Kind
  readonly id: string
  readonly set: string
  readonly by: string
}

/** Who declared what, and what there is under the names of a set. */
export interface DeclaredStore {
  /** What bears one of these names, and everything that the set declared before. All who ask at the same time share a statement. */
  existing(asked: NamesAsked): Promise<readonly Existing[]>
  /** Items by name, `*` standing for any characters, that these see, each kind in order of age: one statement. */
  items(
    names: Readonly<Record<ItemKind, readonly string[]>>,
    asking: { readonly by: VisibilityClass; readonly set: string },
  ): Promise<readonly NamedItem[]>
  /** The slugs of gateways that these see, whose offers are not known yet. */
  pendingSlugs(by: VisibilityClass): Promise<readonly string[]>
  /** SHA-256 of a token, hex. */
  tokenHash(id: TokenId): Promise<string | undefined>
  /** An enabled administrator, and a live token of theirs that is not narrowed. */
  administrator(email: string): Promise<{ readonly userId: string; readonly tokenId: string } | undefined>
  mark(mark: Mark): Promise<void>
}
