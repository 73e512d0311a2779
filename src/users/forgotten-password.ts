import { Type } from '#/api/type.ts'
import { publicEndpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { PeopleDeps } from './user.ts'

const CODE =
  'ask an administrator for a code (causeway user password EMAIL), and choose another password with it (causeway login --code, or POST /auth/email/reset-password)'

/** Where others send a letter: whoever it is, known or not, is told who can help. */
export function forgottenPassword({ sso }: Pick<PeopleDeps, 'sso'>): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/email/forgot-password',
    tag: 'sign-in',
    summary: 'Who helps whoever has forgotten a password: no e-mail is sent',
    description: 'Always 403, with what to do; the same whether there is such a user or not.',
    body: Type.Object({ email: Type.String({ maxLength: 320 }) }),
    status: 403,
    reply: Type.Object({ detail: Type.String() }),
    handle: async () => {
      const orElse = sso === null ? '' : `. Or sign in with the identity provider: ${sso.loginUrl}`
      throw new GatewayError('forbidden', `No e-mail is sent from here: ${CODE}${orElse}`)
    },
  })
}
