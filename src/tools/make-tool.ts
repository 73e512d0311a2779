import type { ToolId } from '#/access/ids.ts'
import { tagsOf } from '#/api/tags.ts'
import { assignNames } from '#/catalog/names.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Tool, ToolChange, ToolSealer } from './tool.ts'
import { rebacked } from './tool-backing.ts'
import { defineTool } from './tool-definition.ts'
import type { ToolCreate, ToolUpdate } from './tool-input.ts'

const nameOf = (gatewaySlug: string | null, customName: string): string =>
  assignNames([{ gatewayName: gatewaySlug, customName }], new Set())[0] ?? customName

/** The first state of a tool that is a call to an HTTP API. */
export function newTool(id: ToolId, body: ToolCreate, sealer: ToolSealer): ToolChange {
  const { integrationType, name, displayName, tags = [] } = body
  if (integrationType != null && integrationType.toUpperCase() !== 'REST')
    throw new GatewayError(
      'invalid_field',
      'integrationType: only REST tools are made here; the tools of an MCP server come with POST /gateways',
      { field: 'integrationType' },
    )
  return {
    originalName: name,
    customName: name,
    name: nameOf(null, name),
    displayName: displayName ?? name,
    definition: defineTool(name, body),
    tags: tagsOf(tags),
    ...rebacked({ backing: null, credential: null }, { id, body, sealer }),
  }
}

/** What a body changes of a tool. What an MCP server says of its own is not ours to change: such fields do nothing there. */
export function changedTool(tool: Tool, body: ToolUpdate, sealer: ToolSealer): ToolChange {
  const { customName, displayName, deprecated, tags } = body
  const renamed = customName !== undefined && customName !== tool.customName
  return {
    ...(renamed ? { customName, name: nameOf(tool.gatewaySlug, customName) } : {}),
    ...(displayName === undefined ? {} : { displayName }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    ...(tool.backing === null ? said(body) : redeclared(tool, body, sealer)),
  }
}

function said({ title, description }: ToolUpdate): ToolChange {
  return {
    ...(title === undefined ? {} : { customTitle: title }),
    ...(description === undefined ? {} : { customDescription: description }),
  }
}

function redeclared(tool: Tool, body: ToolUpdate, sealer: ToolSealer): ToolChange {
  const definition = defineTool(tool.originalName, body, tool.definition)
  return {
    ...(definition === tool.definition ? {} : { definition }),
    ...rebacked(tool, { id: tool.id, body, sealer }),
  }
}
