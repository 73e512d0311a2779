import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { DevTools } from './devtools.ts'
import { pathOf } from './needs.ts'

/** What a browser keeps of a site. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly path: string
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite?: string
}

export interface Page {
  /** Goes there and waits until everything is loaded. */
  open(url: string): Promise<void>
  /** What an expression in the page comes to, after a click of its user. Rejects with what it throws. */
  run<T>(expression: string): Promise<T>
  /** Waits until an expression holds. */
  until(expression: string): Promise<void>
  /** Statuses of the answers that came from addresses beginning so, whether the page may see them or not. */
  statuses(prefix: string): readonly number[]
  /** Addresses of what the frames within show. */
  frames(): Promise<readonly string[]>
  cookies(url: string): Promise<readonly StoredCookie[]>
}

export interface Browser extends AsyncDisposable {
  /** A page in a profile of its own. */
  page(options?: PageOptions): Promise<Page>
}

export interface PageOptions {
  /** As if the site's own policy let its scripts talk to it. */
  readonly lax?: boolean
  /** As if its user went on where nobody vouches for a certificate. */
  readonly anyCertificate?: boolean
}

/** Debian's Chromium without a window. `names` lead to this machine. */
export async function startBrowser(...names: readonly string[]): Promise<Browser> {
  const dir = mkdtempSync(join(tmpdir(), 'cw-browser-'))
  const args = [
    '--headless=new',
    '--remote-debugging-pipe',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`,
    `--user-data-dir=${dir}`,
    // Its sandbox does not work for root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    'about:blank',
  ]
  const env = { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir, XDG_CACHE_HOME: dir }
  const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const
  const child = spawn(pathOf('chromium'), args, { env, detached: true, stdio: [...stdio] })
  const wire = new DevTools(child.stdio[3] as Writable, child.stdio[4] as Readable)
  await wire.send('Browser.getVersion')
  return {
    page: (options = {}) => openPage(wire, options),
    [Symbol.asyncDispose]: () => stop(child, dir),
  }
}

async function stop(child: ChildProcess, dir: string): Promise<void> {
  const exited = once(child, 'exit')
  // It is the leader of its group: what it started goes with it.
  process.kill(-Number(child.pid), 'SIGKILL')
  await exited
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

async function openPage(wire: DevTools, { lax = false, anyCertificate = false }: PageOptions): Promise<Page> {
  const { browserContextId } = await wire.send('Target.createBrowserContext')
  const { targetId } = await wire.send('Target.createTarget', { url: 'about:blank', browserContextId })
  const attached = await wire.send('Target.attachToTarget', { targetId, flatten: true })
  const sessionId = String(attached['sessionId'])
  const send = (method: string, params?: object) => wire.send(method, params, sessionId)
  const urls = new Map<unknown, string>()
  const answers: { readonly id: unknown; readonly status: number }[] = []
  wire.on(sessionId, 'Network.requestWillBeSent', ({ requestId, request }) =>
    urls.set(requestId, (request as { url: string }).url),
  )
  // What a page may not see is told here only.
  wire.on(sessionId, 'Network.responseReceivedExtraInfo', ({ requestId, statusCode }) =>
    answers.push({ id: requestId, status: statusCode as number }),
  )
  await Promise.all(['Page', 'Runtime', 'Network'].map((domain) => send(`${domain}.enable`)))
  if (lax) await send('Page.setBypassCSP', { enabled: true })
  if (anyCertificate) await send('Security.setIgnoreCertificateErrors', { ignore: true })
  const run = async <T>(expression: string): Promise<T> => {
    const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true }
    const { result, exceptionDetails } = (await send('Runtime.evaluate', asked)) as unknown as Evaluated<T>
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  return {
    async open(url) {
      const loaded = new Promise<void>((resolve) => {
        const off = wire.on(sessionId, 'Page.loadEventFired', () => (off(), resolve()))
      })
      const { errorText } = await send('Page.navigate', { url })
      if (errorText !== undefined) throw new Error(`${url}: ${JSON.stringify(errorText)}`)
      await loaded
    },
    run,
    async until(expression) {
      const end = performance.now() + 10_000
      while (!(await run<boolean>(expression).catch(() => false))) {
        if (performance.now() > end) throw new Error(`it did not come true: ${expression}`)
        await sleep(50)
      }
    },
    statuses: (prefix) =>
      answers.filter(({ id }) => urls.get(id)?.startsWith(prefix) === true).map(({ status }) => status),
    async frames() {
      const { frameTree } = (await send('Page.getFrameTree')) as unknown as { frameTree: FrameTree }
      const { targetInfos } = (await wire.send('Target.getTargets')) as unknown as {
        targetInfos: readonly TargetInfo[]
      }
      // Those of other sites are in processes of their own, and have the address that was asked for: what they show, they say.
      const elsewhere = targetInfos.filter((one) => one.type === 'iframe' && one.browserContextId === browserContextId)
      const shown = elsewhere.map(({ targetId: id }) => shownIn(wire, id))
      return [...(frameTree.childFrames ?? []).map(({ frame }) => frame.url), ...(await Promise.all(shown))]
    },
    async cookies(url) {
      return (await send('Network.getCookies', { urls: [url] }))['cookies'] as readonly StoredCookie[]
    },
  }
}

async function shownIn(wire: DevTools, targetId: string): Promise<string> {
  const { sessionId } = await wire.send('Target.attachToTarget', { targetId, flatten: true })
  const asked = { expression: 'location.href', returnByValue: true }
  const said = (await wire.send('Runtime.evaluate', asked, String(sessionId))) as unknown as Evaluated<string>
  return said.result.value
}

interface Evaluated<T> {
  readonly result: { readonly value: T }
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } }
}

interface FrameTree {
  readonly frame: { readonly url: string }
  readonly childFrames?: readonly FrameTree[]
}

interface TargetInfo {
  readonly targetId: string
  readonly type: string
  readonly browserContextId?: unknown
}
