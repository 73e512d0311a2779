import type { Fact } from './messages.ts'

const MAX_FACTS = 10_000

/** What workers that start later must still be told. The oldest make room when there are too many. */
export class Facts {
  readonly #facts = new Map<string, Fact>()

  learn(fact: Fact): void {
    const name = `${fact.topic} ${fact.key}`
    this.#facts.delete(name)
    this.#facts.set(name, fact)
    if (this.#facts.size > MAX_FACTS) this.#makeRoom()
  }

  current(): readonly Fact[] {
    const now = Date.now()
    return [...this.#facts.values()].filter((fact) => fact.expiresAt > now)
  }

  #makeRoom(): void {
    const now = Date.now()
    for (const [name, fact] of this.#facts) if (fact.expiresAt <= now) this.#facts.delete(name)
    for (const name of this.#facts.keys()) {
      if (this.#facts.size <= MAX_FACTS) return
      this.#facts.delete(name)
    }
  }
}
