/** What went wrong with HTTP/1.1 itself. protocol: the server does not speak it. closed: it went away before the end. */
export class Http1Fault extends Error {
  override readonly name = 'Http1Fault'
  readonly kind: 'protocol' | 'closed'

  constructor(kind: 'protocol' | 'closed', message: string) {
    super(message)
    this.kind = kind
  }
}

export function violation(message: string): Http1Fault {
  return new Http1Fault('protocol', message)
}

/** The server says that it has not begun: sending the request again runs nothing twice. */
export class Refused extends Error {
  override readonly name = 'Refused'
}
