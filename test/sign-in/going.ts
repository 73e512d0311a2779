export interface Going {
  /** What it ended with, as performance.now(), and what it was told; undefined: it goes on. */
  ended: { readonly at: number; readonly said: string } | undefined
}

/** A call that takes longer than the test, on a connection of its own. */
export function going(url: string, token: string): Going {
  const call: Going = { ended: undefined }
  const params = { name: 'up-slow', arguments: { ms: 55_000 } }
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    connection: 'close',
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const follow = async (): Promise<void> => {
    const answer = await fetch(`${url}/mcp`, { method: 'POST', headers, body })
    const said = await answer.text()
    call.ended = { at: performance.now(), said }
  }
  void follow()
  return call
}
