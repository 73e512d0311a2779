const SMALLEST = 16
const LARGEST = 4096

/**
 * What is under way, by numbers that only grow. A `Map` of things that come and go makes a new table every few of them, and a table that
 * was promoted keeps all later ones and whatever lay in them until a full collection; here a number has its place in one array, and only
 * what meets another there, because that has been under way for so long, lies in a map.
 */
export class Pending<T> {
  #numbers = noNumbers(SMALLEST)
  #values = noValues<T>(SMALLEST)
  readonly #met = new Map<number, T>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** A number that is under way already must not be added. */
  add(number: number, value: T): void {
    this.#size++
    if (this.#size > this.#values.length / 2 && this.#values.length < LARGEST) this.#grow()
    this.#put(number, value)
  }

  get(number: number): T | undefined {
    const at = number % this.#values.length
    return this.#numbers[at] === number ? this.#values[at] : this.#met.get(number)
  }

  /** Takes it out and gives it. */
  take(number: number): T | undefined {
    const at = number % this.#values.length
    let value: T | undefined
    if (this.#numbers[at] === number) {
      value = this.#values[at]
      this.#numbers[at] = -1
      this.#values[at] = undefined
    } else {
      value = this.#met.get(number)
      this.#met.delete(number)
    }
    if (value !== undefined) this.#size--
    return value
  }

  values(): T[] {
    return [...this.#values.filter((value) => value !== undefined), ...this.#met.values()]
  }

  /** Takes out all. */
  clear(): T[] {
    const values = this.values()
    this.#numbers.fill(-1)
    this.#values.fill(undefined)
    this.#met.clear()
    this.#size = 0
    return values
  }

  #put(number: number, value: T): void {
    const at = number % this.#values.length
    if (this.#numbers[at] === -1) {
      this.#numbers[at] = number
      this.#values[at] = value
    } else this.#met.set(number, value)
  }

  #grow(): void {
    const [numbers, values, met] = [this.#numbers, this.#values, [...this.#met]]
    this.#numbers = noNumbers(values.length * 2)
    this.#values = noValues<T>(values.length * 2)
    this.#met.clear()
    for (const [at, value] of values.entries()) if (value !== undefined) this.#put(numbers[at]!, value)
    for (const [number, value] of met) this.#put(number, value)
  }
}

const noNumbers = (length: number): number[] => Array.from({ length }, () => -1)
const noValues = <T>(length: number): (T | undefined)[] => Array.from({ length }, () => undefined)
