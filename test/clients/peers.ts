import * as v2 from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

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

async function connectV1(at: Address): Promise<Peer> {
  const client = new ClientV1(INFO)
  await client.connect(new TransportV1(new URL(at.url), authorized(at)))
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

async function connectV2(at: Address, mode: v2.VersionNegotiationMode): Promise<Peer> {
  const client = new v2.Client(INFO, { versionNegotiation: { mode } })
  await client.connect(new v2.StreamableHTTPClientTransport(new URL(at.url), authorized(at)))
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

/** The official clients, by version and by how they choose a revision. */
export const PEERS: Readonly<Record<string, (at: Address) => Promise<Peer>>> = {
  'SDK v1': connectV1,
  'SDK v2, legacy': (at) => connectV2(at, 'legacy'),
  'SDK v2, auto': (at) => connectV2(at, 'auto'),
  'SDK v2, 2026-07-28': (at) => connectV2(at, { pin: '2026-07-28' }),
}
