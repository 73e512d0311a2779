import { defineId, type Id } from '#/lib/ids.ts'

export type UserId = Id<'user'>
export const UserId = defineId<UserId>()
export type TeamId = Id<'team'>
export const TeamId = defineId<TeamId>()
export type TokenId = Id<'token'>
export const TokenId = defineId<TokenId>()
export type GatewayId = Id<'gateway'>
export const GatewayId = defineId<GatewayId>()
export type ServerId = Id<'server'>
export const ServerId = defineId<ServerId>()
export type ToolId = Id<'tool'>
export const ToolId = defineId<ToolId>()
export type PromptId = Id<'prompt'>
export const PromptId = defineId<PromptId>()
export type ResourceId = Id<'resource'>
export const ResourceId = defineId<ResourceId>()
/** Where items hang that no upstream offers. It has not the form of an id, so no path leads to it. */
export const LOCAL_GATEWAY_ID = 'local' as GatewayId
