/** One value of Prometheus text. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The samples of Prometheus text (version 0.0.4); what is none is passed over. */
export function readMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, inner = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
    if (name === undefined || value === undefined) return []
    const labels = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, key = '', said = '']) => [key, said] as const,
    )
    return [{ name, labels: Object.fromEntries(labels), value: value === '+Inf' ? Infinity : Number(value) }]
  })
}

export function sumOf(samples: readonly Sample[], name: string): number {
  return samples.filter((one) => one.name === name).reduce((sum, { value }) => sum + value, 0)
}
