import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { text } from 'node:stream/consumers'
import { isatty } from 'node:tty'
import { Interrupted } from '#/cli/cli-error.ts'
import type { Config } from '#/config/config.ts'
import { readEnv, thisMachine } from '#/config/env.ts'
import type { Start } from '#/cli/context.ts'
import { forgetStartWhenQuiet } from '#/lib/forget-start.ts'
import { scrubbed } from '#/stdio/command.ts'
import type { HostConfig } from '#/stdio/run-host.ts'
import type { WorkerLink } from '#/supervisor/link.ts'
import type { WorkerEntry } from '#/supervisor/worker-process.ts'

const WORKER = 'run-as-worker'
const STDIO_HOST = 'run-as-stdio-host'

/** Nothing of ours may keep an ended process alive; what lingers longer than this is a defect that must not show. */
const LINGER_MS = 5000

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** How long a command may take to clean up after itself, unless it has said that it needs longer. */
const CLEAN_UP_MS = 2000

/** Half of V8's own size for what is just allocated: 20 MB less when idle, shorter pauses, no measurable price per call. */
const SMALL_YOUNG = '--max-semi-space-size=8'

/**
 * Old space and buffers grow to so many MB before a first full collection, and before each as long as what lives is less: that one
 * stops everything for tens of milliseconds where other processes want the cores, and from a small heap it would come every second.
 */
const ROOM_FOR_OLD = '--initial-old-space-size=96'

/** `--expose-gc`: what passes through a worker is collected young (lib/young.ts). */
const NODE_ARGS = [SMALL_YOUNG, ROOM_FOR_OLD, '--expose-gc']

/** It holds little, and what it holds lives long; with less room a quarter of its time at work would go to making room. */
const HOST_NODE_ARGS = ['--max-semi-space-size=4', '--max-old-space-size=512']

// Beside the packages and not in the shared temporary folder, where others could put code for us to run.
const COMPILED = join(import.meta.dirname, '../node_modules/.cache/causeway')
enableCompileCache(COMPILED)

const [, , ...argv] = process.argv
const runs: Readonly<Record<string, () => Promise<number>>> = { [WORKER]: work, [STDIO_HOST]: hostStdio }
process.exitCode = await (runs[argv[0] ?? ''] ?? command)()
setTimeout(() => process.kill(process.pid, 'SIGKILL'), LINGER_MS).unref()

async function command(): Promise<number> {
  const [{ runCli }, { openApi }, { terminal }, { keyboard }, { configNamed }, { layersOf, refuseFaults }] =
    await Promise.all([
      import('#/cli/run-cli.ts'),
      import('#/cli/open-api.ts'),
      import('#/cli/terminal.ts'),
      import('#/cli/keyboard.ts'),
      import('#/cli/config-option.ts'),
      import('#/config/layers.ts'),
    ])
  const layers = await layersOf(readEnv(), { machine: thisMachine(), folder: process.cwd(), named: configNamed(argv) })
  const { env } = layers
  let unwritten: Error | undefined
  const { stdout, stderr } = process
  const plain = (env['NO_COLOR'] ?? '') !== ''
  const dumb = env['TERM'] === 'dumb'
  const out = terminal({ out: stdout, err: stderr, plain, dumb, failed: (error) => (unwritten = error) })
  const ending = endOfCommand()
  const { stop, mayCleanUpFor } = ending
  const code = await runCli(argv, {
    env,
    layers,
    out,
    stop,
    mayCleanUpFor,
    keyboard: keyboard({
      present: isatty(0) && isatty(2),
      input: () => process.stdin,
      output: stderr,
      stop,
      interrupt: () => ending.heard('SIGINT'),
    }),
    serve: async (config, start) => {
      ending.release()
      await serve(config, start)
    },
    api: async () => {
      refuseFaults(layers)
      return await openApi(env, stop)
    },
    readStdin: () => text(addAbortSignal(stop, process.stdin)),
  })
  // Whether the last lines could be written is known only once they are.
  await new Promise((resolve) => stdout.write('', resolve))
  if (unwritten === undefined) return code
  out.complain(`causeway: the output could not be written (${unwritten.message})`)
  return 1
}

/** The signals that end a command: it is told, and what does not end by itself is ended. */
function endOfCommand() {
  const controller = new AbortController()
  let cleanUpMs = CLEAN_UP_MS
  const release = (): void => {
    for (const name of ENDING) process.off(name, heard)
  }
  const heard = (name: (typeof ENDING)[number]): void => {
    if (controller.signal.aborted) return
    controller.abort(new Interrupted(name))
    const enough = (): void => {
      release()
      process.kill(process.pid, name)
    }
    setTimeout(enough, cleanUpMs).unref()
  }
  for (const name of ENDING) process.on(name, heard)
  const mayCleanUpFor = (ms: number): void => void (cleanUpMs = ms)
  return { stop: controller.signal, heard, release, mayCleanUpFor }
}

/** This process as the supervisor: the port, what only one process does, and the workers. */
async function serve(config: Config, { out, elsewhere, declared }: Start): Promise<void> {
  const { stop, hurry } = endSignals()
  const [machine, { supervise }, { welcomeLines }, { ownCommand }, { ownVersion }] = await Promise.all([
    import('./machine.ts'),
    import('#/supervisor/supervise.ts'),
    import('#/cli/welcome.ts'),
    import('#/cli/own-command.ts'),
    import('#/cli/version.ts'),
  ])
  const log = machine.openLog(config)
  await supervise({
    config,
    listen: config.http,
    workers: config.workers,
    drainMs: config.drainMs,
    entry: { module: import.meta.filename, args: [WORKER], nodeArgs: NODE_ARGS, env: workerEnv() },
    prepare: async (context) => {
      const host = { entry: stdioEntry(), version: ownVersion() }
      const prepared = await machine.prepare(config, host, { ...context, log, declared })
      forgetStartWhenQuiet()
      return prepared
    },
    log,
    progress: (line) => (process.stderr.isTTY ? out.note(line) : log.info({ event: 'start.progress' }, line)),
    ready: (listener, prepared) => {
      const url = config.http.publicUrl ?? `http://${listener.addresses[0]}`
      const tokenFile = join(config.dataDir, 'admin-token')
      const { newAdminToken: newToken } = prepared
      for (const line of welcomeLines({ url, tokenFile, newToken, elsewhere, command: ownCommand() })) out.print(line)
    },
    stop,
    hurry,
  })
}

/** Said in the environment, so that a worker's first module is already compiled and the type stripper never loaded. */
function workerEnv(): NodeJS.ProcessEnv {
  return { ...readEnv(), NODE_COMPILE_CACHE: COMPILED }
}

/** This process as a worker, forked by a supervisor. */
async function work(): Promise<number> {
  const { stop } = endSignals(['SIGTERM'])
  // A terminal signals the whole group; what that means for the workers is the supervisor's to say.
  for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {})
  const [{ startWorker }, { runWorker }] = await Promise.all([import('./app.ts'), import('#/supervisor/worker.ts')])
  const start: typeof startWorker = async (...given) => {
    const worker = await startWorker(...given)
    forgetStartWhenQuiet()
    return worker
  }
  return (await runWorker({ channel: process, start, stop })) ? 0 : 1
}

/** What runs for servers that are started by a command has none of our settings in its environment. */
function stdioEntry(): WorkerEntry {
  // Of several arenas each keeps what it once needed.
  const env = { ...scrubbed(readEnv()), NODE_COMPILE_CACHE: COMPILED, MALLOC_ARENA_MAX: '1' }
  return { module: import.meta.filename, args: [STDIO_HOST], nodeArgs: HOST_NODE_ARGS, env }
}

/** This process as the host of stdio servers, forked by a supervisor. */
async function hostStdio(): Promise<number> {
  for (const name of ENDING) process.on(name, () => {})
  const [{ startHost }, { runWorker }] = await Promise.all([
    import('#/stdio/run-host.ts'),
    import('#/supervisor/worker.ts'),
  ])
  const start = (config: HostConfig, _prepared: null, link: WorkerLink) =>
    Promise.resolve(startHost(config, link, readEnv()))
  return (await runWorker({ channel: process, start, stop: new AbortController().signal })) ? 0 : 1
}

/**
 * The first signal stops, a later one cuts the drain short. npm and the terminal both deliver one Ctrl-C, so two within a second
 * count as one.
 */
function endSignals(names: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP']): {
  readonly stop: AbortSignal
  readonly hurry: AbortSignal
} {
  const stop = new AbortController()
  const hurry = new AbortController()
  let first = Number.POSITIVE_INFINITY
  const heard = (): void => {
    const now = performance.now()
    if (!stop.signal.aborted) first = now
    else if (now - first > 1000) hurry.abort()
    stop.abort()
  }
  for (const name of names) process.on(name, heard)
  return { stop: stop.signal, hurry: hurry.signal }
}
