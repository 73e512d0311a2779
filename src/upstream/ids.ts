let last = 0

/** Ids of requests upstream are unique in this process, so that one can serve as the progress token too. */
export function nextUpstreamId(): number {
  return ++last
}
