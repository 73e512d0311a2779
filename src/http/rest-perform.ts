import { allowAny } from '#/access/allow.ts'
import type { Endpoint, Reply } from '#/api/endpoint.ts'
import { checkerOf, type Check } from '#/api/validate.ts'
import type { Perform } from '#/transfer/transfer.ts'

/** Requests that this process makes to itself: validated, permitted and done like any other, in the clean form. */
export function performer(endpoints: readonly Endpoint[]): Perform {
  const byRoute = new Map(endpoints.map((endpoint) => [endpoint.route, endpoint]))
  const checks = new Map<Endpoint, Check>()
  const check = (endpoint: Endpoint, body: unknown): void => {
    if (endpoint.body === undefined) return
    const known = checks.get(endpoint) ?? checkerOf(endpoint.body, 'body')
    checks.set(endpoint, known)
    known(body)
  }
  return async ({ route, params = {}, query = {}, body = {} }, { principal, request }) => {
    const endpoint = byRoute.get(route)
    if (endpoint === undefined || endpoint.permission === 'public')
      throw new TypeError(`${route} is no route to perform`)
    const grant = allowAny(principal, endpoint.permission)
    check(endpoint, body)
    const rest = { rawBody: Buffer.alloc(0), idempotency: null, ifMatch: null, headers: {} }
    const handle = endpoint.handle as (input: unknown) => Promise<Reply>
    return await handle({ params, query, body, principal, grant, request, ...rest })
  }
}
