/** How JSON-RPC travels over HTTP: streamable HTTP, or HTTP+SSE as of 2024-11-05. In the words of the API. */
export type HttpTransport = 'STREAMABLEHTTP' | 'SSE'

/** How JSON-RPC travels to a server; STDIO is the pipes of a process that we start. */
export type Transport = HttpTransport | 'STDIO'

/** The HTTP that is spoken, where it is not HTTP/1.1. */
export type HttpVersion = '2'
