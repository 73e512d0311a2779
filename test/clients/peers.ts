import * as v2 from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'

/** What the official clients have in common. */
export interface Peer extends AsyncDisposable {
  listTools(): Promise<readonly { readonly name: string }[]>
  callTool(name: string, args: Record<string, unknown>, onProgress?: (progress: number) => void): Promise<ToolAnswer>
  listResources(): Promise<readonly { readonly uri: string }[]>
  readResource(uri: string): Promise<readonly unknown[]>
  listPrompts(): Promise<readonly { readonly name: string }[]>
  getPrompt(name: string, args: Record<string, string>): Promise<readonly unknown[]>
  complete(prompt: string, argument: { name: string; value: string }): Promise<readonly string[]>
}

export interface ToolAnswer {
  readonly content?: unknown
  readonly isError?: unknown
}

const INFO = { name: 'official-client', version: '1.0.0' }

interface Address {
  readonly url: string
  readonly token: string
}

const authorized = ({ token }: Address) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } })

async function peerV1(transport: Transport): Promise<Peer> {
  const client = new ClientV1(INFO)
  await client.connect(transport)
  return {
    listTools: async () => (await client.listTools()).tools,
    callTool: async (name, args, onProgress) =>
      (await client.callTool({ name, arguments: args }, undefined, {
        ...(onProgress && { onprogress: ({ progress }: { progress: number }) => onProgress(progress) }),
      })) as ToolAnswer,
    listResources: async () => (await client.listResources()).resources,
    readResource: async (uri) => (await client.readResource({ uri })).contents,
    listPrompts: async () => (await client.listPrompts()).prompts,
    getPrompt: async (name, args) => (await client.getPrompt({ name, arguments: args })).messages,
    complete: async (name, argument) =>
      (await client.complete({ ref: { type: 'ref/prompt', name }, argument })).completion.values,
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function peerV2(transport: v2.Transport, mode: v2.VersionNegotiationMode): Promise<Peer> {
  const client = new v2.Client(INFO, { versionNegotiation: { mode } })
  await client.connect(transport)
  return {
    listTools: async () => (await client.listTools()).tools,
    callTool: async (name, args, onProgress) =>
      await client.callTool(
        { name, arguments: args },
        { ...(onProgress && { onprogress: ({ progress }: { progress: number }) => onProgress(progress) }) },
      ),
    listResources: async () => (await client.listResources()).resources,
    readResource: async (uri) => (await client.readResource({ uri })).contents,
    listPrompts: async () => (await client.listPrompts()).prompts,
    getPrompt: async (name, args) => (await client.getPrompt({ name, arguments: args })).messages,
    complete: async (name, argument) =>
      (await client.complete({ ref: { type: 'ref/prompt', name }, argument })).completion.values,
    [Symbol.asyncDispose]: () => client.close(),
  }
}

const MODES = {
  'SDK v2, legacy': 'legacy',
  'SDK v2, auto': 'auto',
  'SDK v2, 2026-07-28': { pin: '2026-07-28' },
} as const

const http = (at: Address): v2.Transport => new v2.StreamableHTTPClientTransport(new URL(at.url), authorized(at))

/** The official clients, by version and by how they choose a revision. */
export const PEERS: Readonly<Record<string, (at: Address) => Promise<Peer>>> = {
  'SDK v1': (at) => peerV1(new TransportV1(new URL(at.url), authorized(at))),
  ...Object.fromEntries(Object.entries(MODES).map(([name, mode]) => [name, (at: Address) => peerV2(http(at), mode)])),
}

/** A command that speaks MCP over standard input and output. */
export interface Started {
  readonly command: string
  readonly args: string[]
  readonly env: Record<string, string>
}

/** The same, where the client starts the server by a command. */
export const STARTING_PEERS: Readonly<Record<string, (server: Started) => Promise<Peer>>> = {
  'SDK v1': (server) => peerV1(new StdioV1({ ...server, stderr: 'ignore' })),
  ...Object.fromEntries(
    Object.entries(MODES).map(([name, mode]) => [
      name,
      (server: Started) => peerV2(new StdioClientTransport({ ...server, stderr: 'ignore' }), mode),
    ]),
  ),
}
