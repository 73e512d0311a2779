import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../support/listen.ts'

/** One request and its answer, on their way through. */
export interface Passing {
  readonly method: string
  readonly body: string
  readonly headers: Record<string, string>
}
export interface Answered {
  status: number
  body: string
  headers: Record<string, string>
}

export interface Meddling {
  /** Answers instead of the server; 'reset' cuts the connection; undefined: the server is asked. */
  readonly before?: (passing: Passing) => Answered | 'reset' | undefined | Promise<undefined>
  /** Changes what the server has answered. */
  readonly after?: (answered: Answered, passing: Passing) => Answered | Promise<Answered>
}

/** What a server or a gateway with a defect looks like: something between that changes what passes. */
export async function startBetween(
  upstream: string,
  { before, after }: Meddling,
): Promise<AsyncDisposable & { readonly origin: string }> {
  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await textOf(req)
    const passing = { method: req.method ?? '', body, headers: req.headers as Record<string, string> }
    const instead = await before?.(passing)
    if (instead === 'reset') return void req.socket.resetAndDestroy()
    const asked = instead ?? (await ask(upstream + (req.url ?? ''), passing))
    const answered = (await after?.(asked, passing)) ?? asked
    res.writeHead(answered.status, { ...answered.headers, 'content-length': Buffer.byteLength(answered.body) })
    res.end(answered.body)
  }
  return await listen((req, res) => void handle(req, res))
}

function ask(url: string, { method, body, headers }: Passing): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const onward = request(
      url,
      { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (answer) => {
        const { 'transfer-encoding': _, ...kept } = answer.headers as Record<string, string>
        textOf(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: text, headers: kept }), reject)
      },
    )
    onward.on('error', reject)
    onward.end(body)
  })
}

const textOf = async (message: IncomingMessage): Promise<string> =>
  Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>)).toString()
