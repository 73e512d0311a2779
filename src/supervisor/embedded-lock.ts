import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, link, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import { StartError } from '#/errors/start-error.ts'
import { removeIfApart, socketPath } from './embedded-paths.ts'

const NAME = 'control.sock'
const ANSWER_MS = 1_000

/**
 * Locks a data folder to this process: a unix socket that listens there. It ends with the process, however that ends, so a lock
 * that is left behind is one that nobody answers. Throws StartError naming folder and process id where somebody does.
 */
export async function lockFolder(dataDir: string): Promise<AsyncDisposable> {
  const made = await makeFolder(dataDir, 0o755)
  // Root's data folder is passed through by the account of its database; anybody else's is private.
  if (made) await chmod(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700)
  const path = await socketPath(dataDir, NAME)
  const own = await socketPath(dataDir, `${randomBytes(4).toString('hex')}.sock`)
  const server = await answering(own)
  try {
    await claim({ own, path, dataDir })
  } catch (error) {
    server.close()
    throw error
  } finally {
    await rm(own, { force: true })
  }
  return {
    async [Symbol.asyncDispose]() {
      await rm(path, { force: true })
      server.close()
      await once(server, 'close')
      await removeIfApart(dirname(path), dataDir)
    },
  }
}

/** The process id that has the folder; undefined: nobody has, or there is no such folder. */
export async function holderOfFolder(dataDir: string): Promise<string | undefined> {
  return await holderOf(await socketPath(dataDir, NAME))
}

async function answering(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(`${process.pid}\n`)
  })
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, 0o600)
  server.unref()
  return server
}

interface Claim {
  readonly own: string
  readonly path: string
  readonly dataDir: string
}

/** A second name for our socket is made in one step and only if it is free; a name that nobody answers is moved away first. */
async function claim({ own, path, dataDir }: Claim): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (await linked(own, path)) return
    const holder = await holderOf(path)
    if (holder !== undefined) throw inUse(dataDir, holder)
    const aside = `${own}~`
    await rename(path, aside).catch(() => undefined)
    // Somebody may have claimed it between the question and the move: then it is put back.
    const moved = await holderOf(aside)
    if (moved !== undefined) await linked(aside, path)
    await rm(aside, { force: true })
    if (moved !== undefined) throw inUse(dataDir, moved)
  }
  throw new StartError(`the data folder ${dataDir} could not be locked`)
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** The process id that answers at `path`; undefined: nobody listens there. One that listens but is too busy to answer is 'unknown'. */
async function holderOf(path: string): Promise<string | undefined> {
  const socket = connect(path)
  socket.on('error', () => undefined)
  try {
    const [first] = (await once(socket, 'data', { signal: AbortSignal.timeout(ANSWER_MS) })) as [Buffer]
    return first.toString().trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : 'unknown'
  } finally {
    socket.destroy()
  }
}

/** Somebody else runs on the data folder. */
export class FolderInUse extends StartError {}

function inUse(dataDir: string, pid: string): FolderInUse {
  return new FolderInUse(
    `the data folder ${dataDir} is in use by process ${pid}: stop that one, or set CAUSEWAY_DATA_DIR to another folder`,
  )
}
