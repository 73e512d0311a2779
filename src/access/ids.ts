import { defineId, type Id } from '#/lib/ids.ts'

export type UserId = Id<'user'>
export const UserId = defineId<UserId>()
export type TeamId = Id<'team'>
export const TeamId = defineId<TeamId>()
export type RoleId = Id<'role'>
export const RoleId = defineId<RoleId>()
/** Of the roles that are the product's own, those that everybody must be able to name. */
export const PLATFORM_ADMIN_ROLE = '00000000000070008000000000000001' as RoleId
export const PLATFORM_VIEWER_ROLE = '00000000000070008000000000000002' as RoleId
export type AssignmentId = Id<'assignment'>
export const AssignmentId = defineId<AssignmentId>()
export type TokenId = Id<'token'>
export const TokenId = defineId<TokenId>()
export type SessionId = Id<'session'>
export const SessionId = defineId<SessionId>()
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
