import type { Fact } from './messages.ts'

const MAX_FACTS_OF_A_TOPIC = 100_000

/** What workers that start later must still be told. The oldest of a topic make room when there are too many of it. */
export class Facts {
  readonly #topics = new Map<string, Map<string, Fact>>()
  readonly #max: number

  constructor(max = MAX_FACTS_OF_A_TOPIC) {
    this.#max = max
  }

  learn(fact: Fact): void {
    if (fact.once === true) return
    const facts = this.#topics.get(fact.topic) ?? new Map<string, Fact>()
    this.#topics.set(fact.topic, facts)
    facts.delete(fact.key)
    facts.set(fact.key, fact)
    if (facts.size > this.#max) makeRoom(facts, this.#max)
  }

  current(): readonly Fact[] {
    const now = Date.now()
    return [...this.#topics.values()].flatMap((facts) => [...facts.values()].filter(({ expiresAt }) => expiresAt > now))
  }
}

/** An eighth at once, so that a topic at its bound is not walked for every fact. */
function makeRoom(facts: Map<string, Fact>, max: number): void {
  const now = Date.now()
  for (const [key, { expiresAt }] of facts) if (expiresAt <= now) facts.delete(key)
  if (facts.size <= max) return
  const keep = max - Math.floor(max / 8)
  for (const key of facts.keys()) {
    if (facts.size <= keep) return
    facts.delete(key)
  }
}
