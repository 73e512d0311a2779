/** Why an archive cannot be used: a sentence for the operator that says what to do. */
export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault'
}

export function damaged(detail: string): ArchiveFault {
  return new ArchiveFault(`the archive is damaged (${detail}): nothing was changed; use another copy of it`)
}
