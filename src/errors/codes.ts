/** One way to fail: the HTTP status of REST, the HTTP status on an MCP endpoint, the JSON-RPC code, and whether a stranger may read the message. */
interface Row {
  readonly http: number
  readonly mcp: number
  readonly rpc: number
  readonly expose: boolean
}

/**
 * Every failure we can answer with. One row per code; nothing else decides a status.
 * Our own JSON-RPC codes lie in −32000 … −32019, to which MCP gives no meaning; −32020 … −32099 are the specification's.
 */
export const ERROR_CODES = {
  malformed: { http: 400, mcp: 400, rpc: -32700, expose: true },
  ambiguous: { http: 400, mcp: 400, rpc: -32700, expose: true },
  invalid_request: { http: 400, mcp: 400, rpc: -32600, expose: true },
  invalid_field: { http: 422, mcp: 200, rpc: -32602, expose: true },
  invalid_envelope: { http: 400, mcp: 400, rpc: -32602, expose: true },
  unauthenticated: { http: 401, mcp: 401, rpc: -32001, expose: true },
  forbidden: { http: 403, mcp: 403, rpc: -32003, expose: true },
  forbidden_host: { http: 403, mcp: 403, rpc: -32003, expose: true },
  forbidden_page: { http: 403, mcp: 403, rpc: -32003, expose: true },
  not_found: { http: 404, mcp: 200, rpc: -32602, expose: true },
  endpoint_not_found: { http: 404, mcp: 404, rpc: -32004, expose: true },
  method_not_found: { http: 404, mcp: 404, rpc: -32601, expose: true },
  session_not_found: { http: 404, mcp: 404, rpc: -32005, expose: true },
  method_not_allowed: { http: 405, mcp: 405, rpc: -32600, expose: true },
  not_acceptable: { http: 406, mcp: 406, rpc: -32600, expose: true },
  conflict: { http: 409, mcp: 409, rpc: -32006, expose: true },
  precondition_failed: { http: 412, mcp: 412, rpc: -32007, expose: true },
  too_large: { http: 413, mcp: 413, rpc: -32600, expose: true },
  unsupported_media: { http: 415, mcp: 415, rpc: -32600, expose: true },
  header_mismatch: { http: 400, mcp: 400, rpc: -32020, expose: true },
  missing_capability: { http: 400, mcp: 400, rpc: -32021, expose: true },
  unsupported_version: { http: 400, mcp: 400, rpc: -32022, expose: true },
  overloaded: { http: 429, mcp: 429, rpc: -32010, expose: true },
  usage_limit: { http: 429, mcp: 429, rpc: -32008, expose: true },
  upstream_timeout: { http: 504, mcp: 200, rpc: -32011, expose: true },
  client_gone: { http: 499, mcp: 499, rpc: -32012, expose: false },
  unavailable: { http: 503, mcp: 503, rpc: -32013, expose: true },
  upstream_unreachable: { http: 502, mcp: 200, rpc: -32014, expose: true },
  upstream_invalid: { http: 502, mcp: 200, rpc: -32015, expose: true },
  upstream_error: { http: 502, mcp: 200, rpc: -32019, expose: true },
  upstream_busy: { http: 503, mcp: 200, rpc: -32016, expose: true },
  needs_client_input: { http: 501, mcp: 200, rpc: -32017, expose: true },
  forbidden_address: { http: 422, mcp: 200, rpc: -32018, expose: true },
  internal: { http: 500, mcp: 500, rpc: -32603, expose: false },
} as const satisfies Record<string, Row>

export type ErrorCode = keyof typeof ERROR_CODES
