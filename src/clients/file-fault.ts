/** A client's configuration file that is left alone, and why. */
export class FileFault extends Error {
  override readonly name = 'FileFault'
  readonly path: string
  readonly line: number | undefined
  readonly column: number | undefined

  constructor(path: string, why: string, at?: { readonly line: number; readonly column: number }) {
    super(`${path}${at === undefined ? '' : `:${at.line}:${at.column}`}: ${why}`)
    this.path = path
    this.line = at?.line
    this.column = at?.column
  }
}
