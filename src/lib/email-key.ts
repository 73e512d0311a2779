import { foldCase } from './fold-case.ts'

const ADDRESS = /^[^\s@]{1,64}@[^\s@]{1,255}$/

/** Whether somebody could be written to there, as far as its form says. */
export const isEmailAddress = (text: string): boolean => ADDRESS.test(text)

/** One for each address, however its ASCII letters are written. The database makes the same of it (`store/email-keys.ts`). */
export const emailKey = (email: string): string => foldCase(email)
