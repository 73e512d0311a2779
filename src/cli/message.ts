import type { Json } from './api.ts'
import { plainText, type Terminal } from './terminal.ts'

/** What a change was answered with: its message for people, or all of it for a program. */
export function printMessage(out: Terminal, said: Json, json: boolean | undefined): void {
  out.print(json === true ? JSON.stringify(said, null, 2) : plainText(said['message']))
}
