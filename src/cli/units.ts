/** Seconds as people read them. */
export function duration(value: unknown): string {
  const seconds = Number(value ?? 0)
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  return `${seconds.toFixed(1)} s`
}

/** A share, and nothing where there is none. */
export function percent(part: number, whole: number): string {
  if (part === 0 || whole === 0) return ''
  const share = (part / whole) * 100
  return share < 0.1 ? '<0.1 %' : `${share.toFixed(1)} %`
}

export function perSecond(rate: number): string {
  if (rate >= 100) return Math.round(rate).toLocaleString('en')
  if (rate > 0 && rate < 0.01) return '<0.01'
  return rate >= 10 ? rate.toFixed(1) : rate.toFixed(2)
}
