import { hostname } from 'node:os'
import type { Api } from './api.ts'
import { idOf } from './find.ts'
import { plainText } from './terminal.ts'
import { allTokens } from './token.ts'

/** What a client needs: to see and use what there is, and nothing of its management. */
const PERMISSIONS = ['servers.use', 'tools.read', 'tools.execute', 'prompts.read', 'resources.read']

/** The API tokens of clients: one for each entry of each client of each machine, recognised by its name. */
export class ClientTokens {
  readonly #api: Api
  readonly #name: string

  constructor(api: Api, client: string, entry: string) {
    this.#api = api
    this.#name = `${client}@${hostname()} (${entry})`
  }

  /** A new token, narrowed to a virtual server where its id is given. `settle` makes the old ones end, or this one. */
  async create(serverId: string | null): Promise<{ readonly token: string; settle(kept: boolean): Promise<void> }> {
    const old = await this.#live()
    const scope = { permissions: PERMISSIONS, ...(serverId !== null && { server_id: serverId }) }
    // Two live tokens cannot have one name, and the old one goes on until the new one is in its place.
    const name = old.length === 0 ? this.#name : `${this.#name} ${new Date().toISOString()}`
    const body = { name, description: 'made by causeway connect', scope }
    const made = await this.#api.json('POST', '/v1/tokens', JSON.stringify(body))
    const added = (await this.#live()).filter((id) => !old.includes(id))
    return {
      token: plainText(made['access_token']),
      settle: async (kept) => await this.#revoke(kept ? old : added),
    }
  }

  /** How many have ended. */
  async revokeAll(): Promise<number> {
    const live = await this.#live()
    await this.#revoke(live)
    return live.length
  }

  async #live(): Promise<readonly string[]> {
    const tokens = await allTokens(this.#api, false)
    const isTheirs = (name: string): boolean => name === this.#name || name.startsWith(`${this.#name} `)
    return tokens.filter(({ name }) => isTheirs(plainText(name))).map(idOf)
  }

  async #revoke(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#api.request('DELETE', `/v1/tokens/${id}`)
  }
}
