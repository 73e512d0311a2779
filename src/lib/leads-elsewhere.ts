/** Whether a URL names another origin than the one before. Secrets are given to an origin, not to whoever is named next. */
export function leadsElsewhere(before: string | null, now: string | null): boolean {
  return before !== null && now !== null && URL.parse(before)?.origin !== URL.parse(now)?.origin
}
