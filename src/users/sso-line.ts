/** One question to an identity provider: a document, or the answer to a form. */
export interface JsonQuestion {
  readonly url: string
  readonly authorization?: string | undefined
  readonly form?: URLSearchParams | undefined
  readonly signal?: AbortSignal | undefined
}

export interface JsonAnswer {
  readonly status: number
  /** null where it is none, which only happens beside a status other than 200. */
  readonly document: unknown
}

/** The way to the identity provider, within the rules of addresses. Rejects where it cannot be reached or does not answer in time. */
export interface ProviderLine {
  askJson(question: JsonQuestion): Promise<JsonAnswer>
  /** A document that is there: rejects where another status than 200 comes with it. */
  getJson(url: string): Promise<unknown>
}
