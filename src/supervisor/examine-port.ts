import { readdir, readFile, readlink } from 'node:fs/promises'
import { fine, wrong, type Finding } from '#/lib/finding.ts'
import { Listener, type ListenOptions } from './listener.ts'

/** Whether the front door could listen; who does instead, where the system tells. */
export async function examinePort({ host, port }: ListenOptions): Promise<Finding> {
  if (port === 0) return fine('port', 'a free one is taken at the start')
  try {
    const listener = await Listener.open({ host, port }, (socket) => socket.destroy())
    await listener.close()
    return fine('port', `${port} is free`)
  } catch (error) {
    const by = await listenerOf(port)
    const message = error instanceof Error ? error.message : String(error)
    return wrong('port', by === null ? message : `port ${port} is in use by ${by}`, `stop it, or set PORT to another`)
  }
}

const LISTEN = '0A'

/** The process that listens on a TCP port, as Linux tells it: `process 17 (nginx)`. */
async function listenerOf(port: number): Promise<string | null> {
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '')
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      if (state === LISTEN && Number.parseInt(local.split(':')[1] ?? '', 16) === port) inodes.add(`socket:[${inode}]`)
    }
  }
  if (inodes.size === 0) return null
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
    if (await holds(pid, inodes)) return `process ${pid} (${await commandOf(pid)})`
  return 'a process of another account'
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
  for (const file of files) if (inodes.has(await readlink(`/proc/${pid}/fd/${file}`).catch(() => ''))) return true
  return false
}

async function commandOf(pid: string): Promise<string> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  return words.slice(0, 3).join(' ').trim().slice(0, 80) || 'unknown'
}
