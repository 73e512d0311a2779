import { Agent, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen, type Listening } from './listen.ts'

/** A loopback address that passes everything on to a gateway with a bearer token added. */
export interface Forwarder extends AsyncDisposable {
  readonly url: string
}

/**
 * For clients that cannot send a token of their own, such as the conformance suite. Bodies pass as they are, streams as
 * they arrive, and so do all headers with their spelling and order, with two exceptions: `Authorization` is added, and
 * where `Host` or `Origin` name the forwarder itself they name the gateway instead. Any other `Host` or `Origin` passes
 * unchanged, so the gateway answers for its own protection against rebinding.
 */
export async function startForwarder(target: string, token: string): Promise<Forwarder> {
  const to = new URL(target)
  const agent = new Agent({ keepAlive: true })

  function onwardHeaders(req: IncomingMessage, ownPort: number): string[] {
    const headers: string[] = []
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      const name = req.rawHeaders[at] as string
      const value = req.rawHeaders[at + 1] as string
      const names = /^(host|origin)$/i.test(name)
      headers.push(name, names ? value.replace(new RegExp(`:${ownPort}$`), `:${to.port}`) : value)
    }
    return [...headers, 'Authorization', `Bearer ${token}`]
  }

  function forward(req: IncomingMessage, res: ServerResponse): void {
    const { search } = new URL(req.url ?? '/', 'http://localhost')
    const onward = request({
      agent,
      host: to.hostname,
      port: to.port,
      path: to.pathname + search,
      method: req.method,
      headers: onwardHeaders(req, listening.port),
      setHost: false,
    })
    onward.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders)
      res.flushHeaders()
      answer.pipe(res)
      answer.on('error', () => res.destroy())
    })
    onward.on('error', () => res.destroy())
    res.on('close', () => onward.destroy())
    req.pipe(onward)
  }

  const listening: Listening = await listen(forward)
  return {
    url: `${listening.origin}/mcp`,
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await listening[Symbol.asyncDispose]()
    },
  }
}
