/**
 * What protects the pages that we serve, and those who look at them: no scripts but our own, in nobody's frame, no address told
 * to others. (CSP Level 3; OWASP HTTP Headers Cheat Sheet.)
 */
export function pageHeaders({
  inlineScripts,
}: {
  readonly inlineScripts: boolean
}): Readonly<Record<string, string>> {
  const policy = {
    'default-src': "'self'",
    // GraphiQL comes as one page with its scripts in it.
    'script-src': inlineScripts ? "'self' 'unsafe-inline'" : "'self'",
    'style-src': "'self' 'unsafe-inline'",
    'img-src': "'self' data:",
    'font-src': "'self' data:",
    'worker-src': "'self' blob:",
    // Some browsers do not count a WebSocket of the same origin as 'self'.
    'connect-src': "'self' ws: wss:",
    'frame-ancestors': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'object-src': "'none'",
  }
  return {
    'content-security-policy': Object.entries(policy)
      .map((directive) => directive.join(' '))
      .join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  }
}
