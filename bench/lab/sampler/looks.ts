import type { ActivityRow, DatabaseTick } from '../results.ts'
import type { Connection } from './activity.ts'

const isIdleInTransaction = (state: string): boolean => state.startsWith('idle in transaction')

interface Row {
  readonly source: string
  readonly state: string
  most: number
  seen: number
  ageSum: number
  ageMax: number
}

/** What many looks have seen: the most of everything. */
export class Looks {
  count = 0
  withoutIdleInTransaction = 0
  idleInTransactionMax = 0
  oldestTransactionMs = 0
  connectionsMax = 0
  readonly #states = new Map<string, number>()
  readonly #rows = new Map<string, Row>()

  add(connections: readonly Connection[]): void {
    this.count++
    const states = new Map<string, number>()
    const rows = new Map<string, number>()
    for (const { source, state, ageMs, transactionMs } of connections) {
      states.set(state, (states.get(state) ?? 0) + 1)
      this.oldestTransactionMs = Math.max(this.oldestTransactionMs, transactionMs ?? 0)
      const key = `${state}\n${source}`
      rows.set(key, (rows.get(key) ?? 0) + 1)
      const row = this.#row(key, source, state)
      row.most = Math.max(row.most, rows.get(key) ?? 0)
      row.seen++
      row.ageSum += ageMs
      row.ageMax = Math.max(row.ageMax, ageMs)
    }
    for (const [state, count] of states) this.#states.set(state, Math.max(count, this.#states.get(state) ?? 0))
    const idle = connections.filter(({ state }) => isIdleInTransaction(state)).length
    if (idle === 0) this.withoutIdleInTransaction++
    this.idleInTransactionMax = Math.max(this.idleInTransactionMax, idle)
    this.connectionsMax = Math.max(this.connectionsMax, connections.length)
  }

  tick(): DatabaseTick {
    return {
      looks: this.count,
      states: Object.fromEntries(this.#states),
      connections: this.connectionsMax,
      oldestTransactionMs: this.oldestTransactionMs,
    }
  }

  /** Oldest first. */
  activity(): readonly ActivityRow[] {
    const rows = [...this.#rows.values()].map(({ source, state, most, seen, ageSum, ageMax }) => ({
      source,
      state,
      count: most,
      avgAgeMs: ageSum / seen,
      maxAgeMs: ageMax,
    }))
    return rows.toSorted((a, b) => b.maxAgeMs - a.maxAgeMs)
  }

  #row(key: string, source: string, state: string): Row {
    const known = this.#rows.get(key)
    if (known !== undefined) return known
    const row = { source, state, most: 0, seen: 0, ageSum: 0, ageMax: 0 }
    this.#rows.set(key, row)
    return row
  }
}
