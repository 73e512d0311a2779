import type { Door } from './doors.ts'

export interface Passage {
  readonly seconds: number
  readonly failures: readonly string[]
}

/** `count` calls at once, spread evenly over the doors; how long until the last is answered. */
export async function passAll(doors: readonly Door[], count: number): Promise<Passage> {
  const failures: string[] = []
  const began = performance.now()
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const door = doors[n % doors.length] as Door
      const problem = await door.call(Math.floor(n / doors.length)).catch(String)
      if (problem !== undefined) failures.push(`${door.name}: ${problem}`)
    }),
  )
  return { seconds: (performance.now() - began) / 1000, failures }
}
