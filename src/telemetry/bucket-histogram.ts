import type { MetricValueWithName, Registry } from 'prom-client'

/** Observations under one set of labels. An observation is an addition or two: nothing is looked up, nothing allocated. */
export class Series<Labels extends Readonly<Record<string, string>>> {
  readonly labels: Labels
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
  }

  /** As scrapers expect: each bucket holds the smaller ones, too. */
  samples(name: string): MetricValueWithName<string>[] {
    let count = 0
    const buckets = [...this.#bounds, '+Inf'].map((le, i) => {
      count += this.#counts[i] ?? 0
      return { metricName: `${name}_bucket`, labels: { le, ...this.labels }, value: count }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.labels, value: count },
    ]
  }
}

interface HistogramOptions {
  readonly name: string
  readonly help: string
  readonly series: () => readonly Series<Readonly<Record<string, string>>>[]
}

/** Shows series as one histogram. The registry asks a metric for its name and its values, and nothing else. */
export function registerHistogram(registry: Registry, { name, help, series }: HistogramOptions): void {
  const values = () => series().flatMap((each) => each.samples(name))
  const metric = {
    name,
    get: () => Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values: values() }),
  }
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0])
}
