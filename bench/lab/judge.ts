import type { Results } from './results.ts'

/** Whether every request was answered, each with what was meant for its caller; and there were some. */
export function isGood({ kinds, foreignAnswers }: Results): boolean {
  const asked = kinds.some(({ answered }) => answered > 0)
  return asked && foreignAnswers === 0 && kinds.every(({ failed }) => failed === 0)
}
