const KEY = 'cloudpush:token'

/** The token of this tab; it is forgotten when the tab is closed. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY)
}

export function keepToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, token)
}
