const CALLED = 'it is sent on to a server: what that does is not ours to say'
const ASKED = 'it changes nothing'
const COMING_IN = 'it decides how somebody comes in, and not what anybody may use'
const SEALED = 'it decides how secrets are kept, and nobody’s access'
const COUNTED = 'what is counted and remembered of the past decides nobody’s access'
const TOLD = 'roots are told to servers and decide nobody’s access'

/** Every route that is no question and has no dry run, and why. A new one has one, or stands here. */
export const WITHOUT: Readonly<Record<string, string>> = {
  'POST /auth/login': COMING_IN,
  'POST /auth/email/login': COMING_IN,
  'POST /auth/email/register': COMING_IN,
  'POST /auth/email/reset-password': COMING_IN,
  'POST /auth/email/change-password': COMING_IN,
  'POST /auth/email/forgot-password': ASKED,
  'POST /auth/email/admin/users/{email}/reset-password': COMING_IN,
  'POST /auth/email/admin/users/{email}/unlock': COMING_IN,
  'POST /auth/logout': COMING_IN,
  'POST /auth/refresh': COMING_IN,
  'POST /auth/sso/consent': COMING_IN,
  'POST /auth/sso/token': COMING_IN,
  'POST /tools/{id}/call': CALLED,
  'POST /prompts/{id}': CALLED,
  'POST /gateways/{id}/test': ASKED,
  'POST /gateways/{id}/tools/refresh': 'what a server offers is known once it was asked',
  'POST /rbac/permissions/check': ASKED,
  'POST /export/selective': ASKED,
  'POST /resources/subscribe': ASKED,
  'POST /import': 'its body says dry_run, as what was exported is imported elsewhere',
  'POST /import/cleanup': COUNTED,
  'POST /metrics/reset': COUNTED,
  'POST /keys': SEALED,
  'POST /keys/rotate': SEALED,
  'DELETE /keys/{id}': SEALED,
  'POST /roots': TOLD,
  'PUT /roots/{uri}': TOLD,
  'DELETE /roots/{uri}': TOLD,
}
