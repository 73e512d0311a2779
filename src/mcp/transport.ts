/** How JSON-RPC travels to a server: streamable HTTP, or HTTP+SSE as of 2024-11-05. In the words of the API. */
export type Transport = 'STREAMABLEHTTP' | 'SSE'
