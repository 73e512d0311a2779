/** What a browser would send of the page that asks: its hidden field, and the button that is clicked. */
export function formOn(page: string, answer: string): URLSearchParams {
  const [, consent = ''] = /<input type="hidden" name="consent" value="([^"]+)">/.exec(page) ?? []
  return new URLSearchParams({ consent, answer })
}

/** The answer of whoever sees the page that asks whether a program may have the session. */
export async function answered(page: Response, cookie: string, answer = 'confirm'): Promise<Response> {
  const text = await page.text()
  if (page.status !== 200 || page.headers.get('content-type') !== 'text/html; charset=utf-8')
    throw new Error(`this is no page that asks: ${page.status} ${text}`)
  const at = new URL('consent', page.url)
  const headers = { cookie, origin: at.origin }
  return await fetch(at, { method: 'POST', redirect: 'manual', headers, body: formOn(text, answer) })
}
