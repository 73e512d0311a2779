import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CliError } from './cli-error.ts'

/** The person at the terminal, who can be asked. */
export interface Keyboard {
  /** Whether there is anybody: both ends are a terminal. */
  readonly present: boolean
  /** One line, without blanks around it. Throws a CliError where nobody can answer. */
  ask(question: string): Promise<string>
  /** The same, without showing what is typed. */
  askSecret(question: string): Promise<string>
}

interface Ends {
  readonly present: boolean
  /** Opened when something is asked, not before. */
  readonly input: () => NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly stop: AbortSignal
  /** Ctrl-C, where the terminal does not tell the process itself. */
  readonly interrupt: () => void
}

export function keyboard({ present, input, output, stop, interrupt }: Ends): Keyboard {
  const line = async (question: string, secret: boolean): Promise<string> => {
    if (!present) throw new CliError(`there is no terminal to ask on: ${question.trim()}`, { code: 'no_terminal' })
    if (secret) output.write(question)
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    // Without `terminal` the terminal edits the line itself; with it nothing is echoed but by us, and we echo nothing.
    using lines = createInterface({ input: input(), output: secret ? nowhere : output, terminal: secret })
    lines.on('SIGINT', interrupt)
    const ended = new Promise<never>((_, reject) =>
      lines.once('close', () => reject(new CliError('the input ended before an answer', { code: 'no_answer' }))),
    )
    ended.catch(() => undefined)
    let answered = false
    try {
      const answer = await Promise.race([lines.question(secret ? '' : question, { signal: stop }), ended])
      answered = true
      return answer.trim()
    } finally {
      if (secret || !answered) output.write('\n')
    }
  }
  return { present, ask: (question) => line(question, false), askSecret: (question) => line(question, true) }
}

/**
 * Goes on when something that cannot be undone is to be done: `yes` was said on the command line, or is said now. Throws otherwise;
 * where nobody can be asked, the error names the option.
 */
export async function confirmed(keyboard: Keyboard, what: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return
  if (!keyboard.present)
    throw new CliError(`${what}? There is no terminal to ask on: say --yes`, { code: 'confirmation_needed' })
  if (!/^y(es)?$/i.test(await keyboard.ask(`${what}? [y/N] `)))
    throw new CliError('nothing is changed', { code: 'declined' })
}
