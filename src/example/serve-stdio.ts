import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { isObject } from '#/lib/is-object.ts'
import { ExampleServer } from './example-server.ts'

/** Serves over two streams, a message a line, until the input ends. */
export async function serveExample(input: Readable, output: Writable, version: string): Promise<void> {
  const server = new ExampleServer(version, (message) => output.write(`${JSON.stringify(message)}\n`))
  for await (const line of createInterface({ input })) {
    const message = parsed(line)
    if (isObject(message)) void server.receive(message)
    else if (line.trim() !== '') output.write(PARSE_ERROR)
  }
  server.close()
}

const PARSE_ERROR =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"a message is a JSON object on one line"}}\n'

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
