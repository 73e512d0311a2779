import { expect } from 'vitest'
import type { DryScene } from '../access/dry-run-scene.ts'
import type { Leaves } from './trail-rows.ts'

const text: unknown = expect.any(String)
const hidden = { changes: { visibility: ['public', 'private'] }, was: { visibility: 'public' } }
const stopped = { name: text, enabled: false, changes: { enabled: [true, false] }, was: { enabled: true } }

function ofItem(noun: 'tools' | 'prompts' | 'resources'): Readonly<Record<string, Leaves>> {
  const switched = { action: `${noun}.update`, detail: stopped }
  return {
    [`POST /${noun}`]: { action: `${noun}.create`, detail: { name: text, visibility: 'public', team_id: null } },
    [`PUT /${noun}/{id}`]: { action: `${noun}.update`, detail: { name: text, ...hidden } },
    [`DELETE /${noun}/{id}`]: { action: `${noun}.delete`, detail: { name: text, was: { visibility: 'public' } } },
    [`POST /${noun}/{id}/state`]: switched,
    [`POST /${noun}/{id}/toggle`]: switched,
  }
}

const newKey = async (scene: DryScene): Promise<string> => String((await scene.admin('POST', '/v1/keys'))['id'])

const ROOT = 'note://trail'

/** Routes of what is offered and of the house. */
export const THINGS: Readonly<Record<string, Leaves>> = {
  ...ofItem('tools'),
  ...ofItem('prompts'),
  ...ofItem('resources'),
  'POST /gateways': {
    action: 'gateways.create',
    detail: { name: text, url: text, visibility: 'private', teamId: null },
    ask: async ({ name, upstream }) => ({
      path: '/v1/gateways',
      body: { name: name(), url: upstream, visibility: 'private' },
    }),
  },
  'PUT /gateways/{id}': { action: 'gateways.update', detail: { name: text, changed: ['visibility'], ...hidden } },
  'DELETE /gateways/{id}': { action: 'gateways.delete', detail: { name: text, was: { visibility: 'public' } } },
  'POST /gateways/{id}/state': { action: 'gateways.state', detail: stopped },
  'POST /gateways/{id}/toggle': { action: 'gateways.state', detail: stopped },
  'POST /gateways/{id}/tools/refresh': {
    action: 'gateways.refresh',
    detail: { name: text },
    ask: async (scene) => ({ path: `/v1/gateways/${await scene.thing('gateways')}/tools/refresh` }),
  },
  'POST /servers': { action: 'servers.create', detail: { name: text, visibility: 'public', teamId: null, items: [] } },
  'PUT /servers/{id}': { action: 'servers.update', detail: { name: text, ...hidden } },
  'DELETE /servers/{id}': { action: 'servers.delete', detail: { name: text, was: { items: [] } } },
  'POST /servers/{id}/state': { action: 'servers.state', detail: stopped },
  'POST /servers/{id}/toggle': { action: 'servers.state', detail: stopped },
  'POST /roots': {
    action: 'roots.create',
    detail: { uri: ROOT, changes: { name: [null, 'one'] } },
    ask: async () => ({ path: '/v1/roots', body: { uri: ROOT, name: 'one' } }),
  },
  'PUT /roots/{uri}': {
    action: 'roots.update',
    detail: { uri: ROOT, changes: { name: ['one', 'two'] } },
    ask: async () => ({ path: `/v1/roots/${encodeURIComponent(ROOT)}`, body: { name: 'two' } }),
  },
  'DELETE /roots/{uri}': {
    action: 'roots.delete',
    detail: { uri: ROOT, changes: { name: ['two', null] } },
    ask: async () => ({ path: `/v1/roots/${encodeURIComponent(ROOT)}` }),
  },
  'POST /keys': { action: 'keys.add', detail: { name: text }, ask: async () => ({ path: '/v1/keys' }) },
  'DELETE /keys/{id}': {
    action: 'keys.forget',
    detail: { name: text },
    ask: async (scene) => ({ path: `/v1/keys/${await newKey(scene)}` }),
  },
  'POST /keys/rotate': {
    action: 'keys.rotate',
    detail: { name: text, from: text, to: text },
    ask: async () => ({ path: '/v1/keys/rotate', body: {} }),
  },
}
