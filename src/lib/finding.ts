/** One thing that somebody looked at. */
export interface Finding {
  readonly check: string
  readonly level: 'ok' | 'warning' | 'problem'
  readonly message: string
  /** What to do about it. */
  readonly advice?: string
}

export const fine = (check: string, message: string): Finding => ({ check, level: 'ok', message })

/** It works, and may not go on to. */
export const doubtful = (check: string, message: string, advice: string): Finding => ({
  check,
  level: 'warning',
  message,
  advice,
})

/** It does not work. */
export const wrong = (check: string, message: string, advice: string): Finding => ({
  check,
  level: 'problem',
  message,
  advice,
})
