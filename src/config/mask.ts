/** `text` with the passwords of any URL in it replaced; nothing else changes. */
export function maskUrl(text: string): string {
  return text
    .replaceAll(/(:\/\/[^\s/:@]*):\S*@/g, '$1:*****@')
    .replaceAll(/([?&](?:password|sslpassword|token|secret)=)[^&\s]*/gi, '$1*****')
}
