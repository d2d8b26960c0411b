import { createClient } from 'graphql-ws'
import {
  type ConcreteRequest,
  commitMutation,
  Environment,
  type GraphQLResponse,
  type GraphQLTaggedNode,
  Network,
  Observable,
  RecordSource,
  type RequestParameters,
  requestSubscription,
  Store,
  type Variables,
} from 'relay-runtime'
import {
  type CreateStockClient,
  graphqlWsOptions,
  MESSAGES,
  PUSH_TO,
  type StockMessage,
} from './stock-client.ts'

/** https://relay.dev/docs/guided-tour/updating-data/graphql-subscriptions with graphql-ws's recipe for Relay */
export const createRelayClient: CreateStockClient = (options) => {
  const ws = createClient(graphqlWsOptions(options))
  const overSocket = (operation: RequestParameters, variables: Variables) =>
    Observable.create<GraphQLResponse>((sink) => {
      if (!operation.text) return sink.error(new Error('Operation text cannot be empty'))
      return ws.subscribe(
        { operationName: operation.name, query: operation.text, variables },
        sink as Parameters<typeof ws.subscribe>[1],
      )
    })
  const environment = new Environment({
    network: Network.create(overSocket, overSocket),
    store: new Store(new RecordSource()),
  })
  return {
    name: 'Relay',
    subscribe(identifiers, onMessage, failed) {
      const { dispose } = requestSubscription(environment, {
        subscription: MESSAGES_ARTIFACT,
        variables: { identifiers },
        onNext: (data) => {
          if (data) onMessage((data as { messages: StockMessage }).messages)
        },
        onError: failed,
      })
      return dispose
    },
    push: (identifier, payload) =>
      new Promise((resolve, reject) => {
        commitMutation(environment, {
          mutation: PUSH_ARTIFACT,
          variables: { identifier, payload },
          onCompleted: (_data, errors) => (errors?.length ? reject(errors) : resolve()),
          onError: reject,
        })
      }),
    async dispose() {
      await ws.dispose()
    },
  }
}

const scalar = (name: string) =>
  ({ kind: 'ScalarField', name, alias: null, args: null, storageKey: null }) as const
const variable = (name: string) => ({ kind: 'Variable', name, variableName: name }) as const
const argument = (name: string) => ({ kind: 'LocalArgument', name, defaultValue: null }) as const

/** What relay-compiler emits for an operation with one object field at its root. */
function artifact(options: {
  kind: 'subscription' | 'mutation'
  name: string
  text: string
  root: 'Subscription' | 'Mutation'
  variables: readonly string[]
  field: string
  type: string
  args: readonly object[]
  selections: readonly string[]
}): GraphQLTaggedNode {
  const argumentDefinitions = options.variables.map(argument)
  const selections = [
    {
      kind: 'LinkedField',
      name: options.field,
      alias: null,
      args: options.args,
      concreteType: options.type,
      plural: false,
      selections: options.selections.map(scalar),
      storageKey: null,
    },
  ]
  const request = {
    kind: 'Request',
    fragment: {
      kind: 'Fragment',
      name: options.name,
      type: options.root,
      abstractKey: null,
      metadata: null,
      argumentDefinitions,
      selections,
    },
    operation: { kind: 'Operation', name: options.name, argumentDefinitions, selections },
    params: {
      id: null,
      cacheID: options.name,
      metadata: {},
      name: options.name,
      operationKind: options.kind,
      text: options.text,
    },
  }
  return request as unknown as ConcreteRequest
}

const MESSAGES_ARTIFACT = artifact({
  kind: 'subscription',
  name: 'Messages',
  text: MESSAGES,
  root: 'Subscription',
  variables: ['identifiers'],
  field: 'messages',
  type: 'Message',
  args: [variable('identifiers')],
  selections: ['id', 'identifier', 'payload', 'cursor', 'redelivered', 'missed'],
})

const PUSH_ARTIFACT = artifact({
  kind: 'mutation',
  name: 'PushTo',
  text: PUSH_TO,
  root: 'Mutation',
  variables: ['identifier', 'payload'],
  field: 'push',
  type: 'PushResult',
  args: [
    {
      kind: 'ObjectValue',
      name: 'input',
      fields: [
        { kind: 'Variable', name: 'payload', variableName: 'payload' },
        {
          kind: 'ListValue',
          name: 'to',
          items: [{ kind: 'Variable', name: 'to.0', variableName: 'identifier' }],
        },
      ],
    },
  ],
  selections: ['id'],
})
