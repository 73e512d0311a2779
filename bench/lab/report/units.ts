/** How figures are written, by what they count. */
export const UNITS = {
  ms: milliseconds,
  mb: (value: number) => (value < 1000 ? `${digits(value)} MB` : `${digits(value / 1000)} GB`),
  percent: (value: number) => `${digits(value)} %`,
  count: (value: number) => (Number.isInteger(value) ? whole(value) : digits(value)),
  rate: (value: number) => `${digits(value)}/s`,
} as const satisfies Record<string, (value: number) => string>
export type Unit = keyof typeof UNITS

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
export const whole = (value: number): string => GROUPED.format(value)

/** Three that mean something: 0.35, 3.1, 22, 4,812. */
export function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 10 || Number.isInteger(value)) return whole(value)
  return String(Number(value.toPrecision(2)))
}

function milliseconds(value: number): string {
  if (value < 1000) return `${digits(value)} ms`
  if (value < 120_000) return `${Number((value / 1000).toPrecision(3))} s`
  return `${digits(value / 60_000)} min`
}

/** A place on the time axis: seconds in a short run, minutes and seconds in a longer one, hours in a long one. */
export function moment(seconds: number, span: number): string {
  if (span <= 120) return `${digits(seconds)} s`
  const [large, small] = span < 3 * 3600 ? [60, 1] : [3600, 60]
  const rounded = Math.round(seconds / small)
  return `${Math.trunc((rounded * small) / large)}:${String(rounded % 60).padStart(2, '0')}`
}

/** A length of time in words. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${digits(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  const rest = Math.round(seconds % 60)
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`
}

/** Of a whole; small shares keep the digits that tell them from none. */
export function share(part: number, all: number): string {
  if (all === 0) return '–'
  const percent = (100 * part) / all
  if (percent > 99 && percent < 100) return `${(Math.floor(percent * 100) / 100).toFixed(2)} %`
  return `${Number(percent.toPrecision(2))} %`
}
