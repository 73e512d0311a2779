/** What a route that gives or takes a cookie has to know of the browser that asks. */
export interface Browser {
  /** Throws where a cookie would travel in the clear: over plain http to another name than this machine's. */
  requireSecure(): void
  /** Throws unless a page of ours asks. Whoever signs somebody else's browser in learns what its user does from then on. */
  requireOwnPage(): void
}
