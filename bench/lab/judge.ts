import type { Results } from './results.ts'

/** Whether every request was answered, each with what was meant for its caller; and there were some. Those of the ramp count too. */
export function isGood({ kinds, ticks, foreignAnswers }: Results): boolean {
  const asked = kinds.some(({ answered }) => answered > 0)
  const failed = [...kinds, ...ticks].some((one) => one.failed > 0)
  return asked && foreignAnswers === 0 && !failed
}

/** Whether anything was answered at all, in the ramp too: without an answer nobody knows whom answers reach. */
export function hasAnswers({ kinds, ticks }: Pick<Results, 'kinds' | 'ticks'>): boolean {
  return [...kinds, ...ticks].some(({ answered }) => answered > 0)
}
