import { useEffect, useMemo, useState } from 'react'
import { Provider } from 'urql'
import { ClusterProvider } from './client/cluster-context.tsx'
import { openConnection, useConnection } from './client/connection.ts'
import { createGraphQLClient } from './client/graphql.ts'
import { keepToken, readToken } from './client/token.ts'
import { SignIn } from './pages/sign-in.tsx'
import { Shell } from './shell.tsx'

const GRAPHQL_URL = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/graphql`

/** One connection per token: signing in or out begins anew with everything. */
export function App() {
  const [access, setAccess] = useState(() => ({ token: readToken(), turn: 0 }))
  const use = (token: string | null) => {
    keepToken(token)
    setAccess(({ turn }) => ({ token, turn: turn + 1 }))
  }
  return <Connected key={access.turn} token={access.token} onToken={use} />
}

interface Props {
  readonly token: string | null
  onToken(token: string | null): void
}

function Connected({ token, onToken }: Props) {
  const store = useMemo(() => openConnection(GRAPHQL_URL, token), [token])
  const client = useMemo(() => createGraphQLClient(store), [store])
  useEffect(() => store.close, [store])
  const connection = useConnection(store)
  if (connection.state === 'signed-out') {
    return <SignIn reason={token === null ? null : connection.reason} onToken={onToken} />
  }
  return (
    <Provider value={client}>
      <ClusterProvider>
        <Shell connection={connection} onSignOut={token === null ? null : () => onToken(null)} />
      </ClusterProvider>
    </Provider>
  )
}
