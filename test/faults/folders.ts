import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintToken } from '../../src/access/token-format.ts'
import { ADMIN_TOKEN_FILE, KEY_RING_FILE, loadSecrets } from '../../src/config/secrets.ts'

/** Data folders of machines that belong together: the same keys and the same first token. Removed with the stack. */
export async function foldersOfOne(count: number, stack: AsyncDisposableStack): Promise<readonly string[]> {
  const made: string[] = []
  for (let n = 0; n < count; n++) {
    const folder = await mkdtemp(join(tmpdir(), 'cw-'))
    stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
    await chmod(folder, 0o711)
    const [first] = made
    if (first === undefined) await loadSecrets(folder, () => mintToken().text)
    else for (const file of [KEY_RING_FILE, ADMIN_TOKEN_FILE]) await cp(join(first, file), join(folder, file))
    made.push(folder)
  }
  return made
}
