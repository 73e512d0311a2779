import { GatewayError } from '#/errors/gateway-error.ts'

/** Our entity tags are the version in quotes; strong, because a version names one state of what was declared. */
export function etagOf(version: number): string {
  return `"${version}"`
}

const TAG = /^(?:W\/)?"(\d{1,9})"$/

/** The version in If-Match; null: not asked, or `*` (whatever is there). A tag that is not ours can match nothing. */
export function ifMatchVersion(header: string | undefined): number | null {
  const value = header?.trim()
  if (!value || value === '*') return null
  const version = TAG.exec(value)?.[1]
  return version === undefined ? -1 : Number(version)
}

/** Whether If-None-Match (RFC 9110, 13.1.2) names this tag. */
export function noneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}

/** Somebody else was faster: the answer carries what is there now, so that a client can merge and try again. */
export function preconditionFailed(noun: string, version: number, current: unknown): GatewayError {
  return new GatewayError('precondition_failed', `${noun} has changed since; its version is now ${version}`, {
    data: { version, current },
    field: 'If-Match',
  })
}
