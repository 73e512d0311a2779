import { expect, test, vi } from 'vitest'
import { lostConnections } from './lost-connections.ts'

test('connections that are lost together are one line, which counts them; later ones are another', () => {
  vi.useFakeTimers()
  try {
    const lines: object[] = []
    const lost = lostConnections({ warn: (fields: object) => void lines.push(fields) })
    for (let n = 0; n < 12; n++) lost(new Error('terminated'))
    expect(lines).toEqual([])
    vi.runAllTimers()
    lost(new Error('terminated again'))
    vi.runAllTimers()
    const event = 'database.connection_lost'
    expect(lines).toEqual([
      { event, connections: 12, error: 'terminated' },
      { event, connections: 1, error: 'terminated again' },
    ])
  } finally {
    vi.useRealTimers()
  }
})
