import { FileFault } from '#/clients/file-fault.ts'
import { CliError } from './cli-error.ts'

/** A configuration file that was left alone is something that the person at the keyboard can mend. */
export async function explainingFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    const { message, path, line, column } = error
    throw new CliError(`${message}\nNothing has been changed.`, {
      code: 'file',
      cause: error,
      details: { file: path, ...(line !== undefined && { line, column }) },
    })
  }
}
