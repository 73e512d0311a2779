#!/usr/bin/env node
// Plain JavaScript that old versions of Node can read: it finds one that is new enough and starts the program there.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import * as module from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED = [24, 14]
const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Node refuses to strip types below node_modules: an installed package carries dist/, the repository src/. */
const entry = [join(root, 'src', 'main.ts'), join(root, 'dist', 'main.js')].find((path) => existsSync(path))

const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

/** The Node that npm installed beside us: where it lies, or would lie had its install script run. */
const installedNode = () => {
  try {
    const own = dirname(module.createRequire(import.meta.url).resolve('node/package.json'))
    return join(own, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    return undefined
  }
}

/** What npm installed us from: a tarball by its path, else our name in the registry. */
const ownPackage = () => {
  try {
    const modules = dirname(root)
    const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'))
    const { resolved } = packages[`node_modules/${basename(root)}`]
    return resolved.startsWith('file:') ? resolve(modules, '..', resolved.slice(5)) : 'causeway-mcp'
  } catch {
    return 'causeway-mcp'
  }
}

const fail = (message) => {
  console.error(message)
  process.exitCode = 1
}

/** Runs the program in another Node and ends as it ends. */
const handOver = (node) => {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) =>
    fail(`causeway: ${node} does not run (${error.message}): install the packages again with npm install`),
  )
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}

if (entry === undefined) {
  fail('causeway: this copy is incomplete, it has neither src/ nor dist/: install it again')
} else if (isNewEnough(process.versions.node)) {
  // Before the first of our modules, so that none is compiled anew and the type stripper is not loaded. Beside the packages and not in the
  // shared temporary folder, where others could put code for us to run.
  module.enableCompileCache(join(root, 'node_modules', '.cache', 'causeway'))
  await import(pathToFileURL(entry).href)
} else {
  const node = installedNode()
  if (node !== undefined && existsSync(node)) handOver(node)
  else
    fail(
      `causeway needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}. ` +
        (node === undefined
          ? 'Either of these helps:\n' +
            `  npx -p node@24 -p ${ownPackage()} causeway serve\n` +
            '  npm install node@24     in this project, then run the command again\n'
          : 'The package node is there, but its install script did not run. This helps:\n' +
            '  npm rebuild node --ignore-scripts=false\n') +
        'In the repository itself: npm install, without --ignore-scripts.',
    )
}
