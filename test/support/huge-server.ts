import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A process of its own, so that what it holds does not count: answers every request with 100 MB of JSON, as fast as it is taken. */
const PIECE = Buffer.alloc(64 * 1024, 'x')

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"jsonrpc":"2.0","id":1,"result":{"text":"')
    let left = 100 << 20
    const write = (): void => {
      while (left > 0) {
        left -= PIECE.length
        if (!response.write(PIECE)) {
          response.once('drain', write)
          return
        }
      }
      response.end('"}}')
    }
    write()
  })
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
