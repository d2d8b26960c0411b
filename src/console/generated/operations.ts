/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What to push, to whom, and when. */
export type PushInput = {
  /** Seconds to wait before it goes out; 0 to one year. */
  delaySeconds?: number | null | undefined;
  /** To every subscription there is. Not together with `to`. */
  everyone?: boolean | null | undefined;
  /** The caller's own id for this push, 1 to 128 bytes of UTF-8. The same id again within the retention: not stored again, `duplicate: true`. */
  id?: string | null | undefined;
  /** At most `--max-payload-bytes` bytes as JSON text. */
  payload: unknown;
  /** Identifiers, 1 to 256 bytes of UTF-8 each; one at least, unless `everyone`; at most `--max-recipients-per-push`. */
  to?: Array<string> | null | undefined;
  /** Seconds after which it is not delivered, nor replayed. 0: to the live subscriptions only, never stored. Null: as long as retention keeps it. */
  ttlSeconds?: number | null | undefined;
};

/** Whether a replica accepts connections. */
export type ReplicaState =
  /** Not any more: its sessions move away. */
  | 'DRAINING'
  /** Not yet. */
  | 'STARTING'
  /** Yes. */
  | 'UP';

/** Changes of settings; null leaves one as it is. */
export type SettingsInput = {
  /** New connections per second and replica; 0: not limited. */
  connectionRatePerSecond?: number | null | undefined;
  /** Seconds over which a stopping replica spreads the closing of its sessions. */
  drainSeconds?: number | null | undefined;
  /** No frame from the client for so many seconds: evicted. */
  idleTimeoutSeconds?: number | null | undefined;
  /** The largest payload, bytes of JSON text. */
  maxPayloadBytes?: number | null | undefined;
  /** Pushes per second, subject (without one: address) and replica; 0: not limited. */
  pushRatePerSecond?: number | null | undefined;
  /** How long a subscription that lost its connection can be resumed, seconds. */
  resumeSeconds?: number | null | undefined;
  /** How many messages an inbox keeps. */
  retentionMessages?: number | null | undefined;
  /** How long an inbox keeps a message, seconds. */
  retentionSeconds?: number | null | undefined;
};

/** How a push came in. */
export type Trigger =
  /** Over HTTP. */
  | 'HTTP'
  /** Over a WebSocket, from one client to others. */
  | 'WEBSOCKET';

export type WatchPresenceSubscriptionVariables = Exact<{
  identifier: string;
}>;


export type WatchPresenceSubscription = { presence: { identifier: string, online: boolean, subscriptions: number, replicaIds: Array<string>, lastSeen: string | null } };

export type SessionsQueryVariables = Exact<{
  identifier: string;
}>;


export type SessionsQuery = { sessions: { totalCount: number, edges: Array<{ node: { id: string, subject: string | null, identifiers: Array<string>, replicaId: string, remoteAddress: string | null, userAgent: string | null, connectedAt: string, lastActiveAt: string, subscriptions: number, bufferedBytes: number, unconfirmed: number } }> } };

export type InboxQueryVariables = Exact<{
  identifier: string;
  before?: string | null | undefined;
}>;


export type InboxQuery = { inbox: Array<{ id: string, payload: unknown, cursor: string, from: string | null, trigger: Trigger, pushedAt: string, expiresAt: string | null }> };

export type WatchMessagesSubscriptionVariables = Exact<{
  identifier: string;
}>;


export type WatchMessagesSubscription = { messages: { id: string, identifier: string, payload: unknown, cursor: string, from: string | null, pushedAt: string, redelivered: boolean, missed: number | null } };

export type DisconnectMutationVariables = Exact<{
  identifier: string;
  reason?: string | null | undefined;
}>;


export type DisconnectMutation = { disconnect: number };

export type PushMutationVariables = Exact<{
  input: PushInput;
}>;


export type PushMutation = { push: { id: string, accepted: number, offline: Array<string>, duplicate: boolean, deliverAt: string | null } };

export type CancelPushMutationVariables = Exact<{
  id: string;
}>;


export type CancelPushMutation = { cancelPush: boolean };

export type WatchReceiptSubscriptionVariables = Exact<{
  pushId: string;
}>;


export type WatchReceiptSubscription = { receipt: { pushId: string, pushedAt: string, identifiers: number, sent: number, delivered: number, acknowledged: number } };

export type WatchReplicasSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WatchReplicasSubscription = { replicas: Array<{ id: string, url: string, state: ReplicaState, version: string, startedAt: string, lastSeen: string, sessions: number, subscriptions: number, capacity: number, weight: number, drainProgress: number | null, health: { cpuPercent: number, memoryBytes: number, memoryTotalBytes: number, eventLoopDelayMs: number, networkReceiveBytesPerSecond: number, networkTransmitBytesPerSecond: number }, rates: { pushesPerSecond: number, deliveredPerSecond: number } }> };

export type ReplicaCardFragment = { id: string, url: string, state: ReplicaState, version: string, startedAt: string, lastSeen: string, sessions: number, subscriptions: number, capacity: number, weight: number, drainProgress: number | null, health: { cpuPercent: number, memoryBytes: number, memoryTotalBytes: number, eventLoopDelayMs: number, networkReceiveBytesPerSecond: number, networkTransmitBytesPerSecond: number }, rates: { pushesPerSecond: number, deliveredPerSecond: number } };

export type DrainMutationVariables = Exact<{
  replicaId: string;
  withinSeconds: number;
}>;


export type DrainMutation = { drain: { id: string, state: ReplicaState } };

export type UndrainMutationVariables = Exact<{
  replicaId: string;
}>;


export type UndrainMutation = { undrain: { id: string, state: ReplicaState } };

export type RebalanceMutationVariables = Exact<{
  threshold: number;
}>;


export type RebalanceMutation = { rebalance: number };

export type WatchSettingsSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WatchSettingsSubscription = { settings: { retentionSeconds: number, retentionMessages: number, resumeSeconds: number, idleTimeoutSeconds: number, drainSeconds: number, maxPayloadBytes: number, connectionRatePerSecond: number, pushRatePerSecond: number } };

export type EverySettingFragment = { retentionSeconds: number, retentionMessages: number, resumeSeconds: number, idleTimeoutSeconds: number, drainSeconds: number, maxPayloadBytes: number, connectionRatePerSecond: number, pushRatePerSecond: number };

export type ConfigureMutationVariables = Exact<{
  input: SettingsInput;
}>;


export type ConfigureMutation = { configure: { retentionSeconds: number, retentionMessages: number, resumeSeconds: number, idleTimeoutSeconds: number, drainSeconds: number, maxPayloadBytes: number, connectionRatePerSecond: number, pushRatePerSecond: number } };

export type DrainSecondsQueryVariables = Exact<{ [key: string]: never; }>;


export type DrainSecondsQuery = { settings: { drainSeconds: number } };

export type WatchDeliveryRateSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WatchDeliveryRateSubscription = { statistics: { deliveryRate: number } };

export type WatchStatisticsSubscriptionVariables = Exact<{
  lastMinutes: number;
}>;


export type WatchStatisticsSubscription = { statistics: { deliveryRate: number, deliveryLatencyMs: { p50: number, p90: number, p99: number }, sessionSeconds: { p50: number, p90: number, p99: number }, minutes: Array<{ minute: string, pushes: number, sent: number, delivered: number, acknowledged: number, sessionsOpened: number, sessionsClosed: number, deliveryRate: number, deliveryLatencyMs: { p50: number, p90: number, p99: number }, sessionSeconds: { p50: number, p90: number, p99: number } }> } };

export const ReplicaCardFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReplicaCard"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Replica"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}},{"kind":"Field","name":{"kind":"Name","value":"subscriptions"}},{"kind":"Field","name":{"kind":"Name","value":"capacity"}},{"kind":"Field","name":{"kind":"Name","value":"weight"}},{"kind":"Field","name":{"kind":"Name","value":"drainProgress"}},{"kind":"Field","name":{"kind":"Name","value":"health"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cpuPercent"}},{"kind":"Field","name":{"kind":"Name","value":"memoryBytes"}},{"kind":"Field","name":{"kind":"Name","value":"memoryTotalBytes"}},{"kind":"Field","name":{"kind":"Name","value":"eventLoopDelayMs"}},{"kind":"Field","name":{"kind":"Name","value":"networkReceiveBytesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"networkTransmitBytesPerSecond"}}]}},{"kind":"Field","name":{"kind":"Name","value":"rates"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pushesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"deliveredPerSecond"}}]}}]}}]} as unknown as DocumentNode<ReplicaCardFragment, unknown>;
export const EverySettingFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"EverySetting"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Settings"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retentionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"retentionMessages"}},{"kind":"Field","name":{"kind":"Name","value":"resumeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"idleTimeoutSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"drainSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"maxPayloadBytes"}},{"kind":"Field","name":{"kind":"Name","value":"connectionRatePerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"pushRatePerSecond"}}]}}]} as unknown as DocumentNode<EverySettingFragment, unknown>;
export const WatchPresenceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchPresence"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"identifier"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"presence"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"identifiers"},"value":{"kind":"ListValue","values":[{"kind":"Variable","name":{"kind":"Name","value":"identifier"}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"identifier"}},{"kind":"Field","name":{"kind":"Name","value":"online"}},{"kind":"Field","name":{"kind":"Name","value":"subscriptions"}},{"kind":"Field","name":{"kind":"Name","value":"replicaIds"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}}]}}]}}]} as unknown as DocumentNode<WatchPresenceSubscription, WatchPresenceSubscriptionVariables>;
export const SessionsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Sessions"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"identifier"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sessions"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"identifier"},"value":{"kind":"Variable","name":{"kind":"Name","value":"identifier"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"identifiers"}},{"kind":"Field","name":{"kind":"Name","value":"replicaId"}},{"kind":"Field","name":{"kind":"Name","value":"remoteAddress"}},{"kind":"Field","name":{"kind":"Name","value":"userAgent"}},{"kind":"Field","name":{"kind":"Name","value":"connectedAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastActiveAt"}},{"kind":"Field","name":{"kind":"Name","value":"subscriptions"}},{"kind":"Field","name":{"kind":"Name","value":"bufferedBytes"}},{"kind":"Field","name":{"kind":"Name","value":"unconfirmed"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SessionsQuery, SessionsQueryVariables>;
export const InboxDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Inbox"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"identifier"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inbox"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"identifier"},"value":{"kind":"Variable","name":{"kind":"Name","value":"identifier"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"20"}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"payload"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"trigger"}},{"kind":"Field","name":{"kind":"Name","value":"pushedAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}}]}}]} as unknown as DocumentNode<InboxQuery, InboxQueryVariables>;
export const WatchMessagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchMessages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"identifier"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"identifiers"},"value":{"kind":"ListValue","values":[{"kind":"Variable","name":{"kind":"Name","value":"identifier"}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"identifier"}},{"kind":"Field","name":{"kind":"Name","value":"payload"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"pushedAt"}},{"kind":"Field","name":{"kind":"Name","value":"redelivered"}},{"kind":"Field","name":{"kind":"Name","value":"missed"}}]}}]}}]} as unknown as DocumentNode<WatchMessagesSubscription, WatchMessagesSubscriptionVariables>;
export const DisconnectDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Disconnect"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"identifier"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"reason"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"disconnect"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"identifiers"},"value":{"kind":"ListValue","values":[{"kind":"Variable","name":{"kind":"Name","value":"identifier"}}]}},{"kind":"Argument","name":{"kind":"Name","value":"reason"},"value":{"kind":"Variable","name":{"kind":"Name","value":"reason"}}}]}]}}]} as unknown as DocumentNode<DisconnectMutation, DisconnectMutationVariables>;
export const PushDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Push"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PushInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"push"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"accepted"}},{"kind":"Field","name":{"kind":"Name","value":"offline"}},{"kind":"Field","name":{"kind":"Name","value":"duplicate"}},{"kind":"Field","name":{"kind":"Name","value":"deliverAt"}}]}}]}}]} as unknown as DocumentNode<PushMutation, PushMutationVariables>;
export const CancelPushDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelPush"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelPush"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}]}]}}]} as unknown as DocumentNode<CancelPushMutation, CancelPushMutationVariables>;
export const WatchReceiptDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchReceipt"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"pushId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"receipt"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"pushId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"pushId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pushId"}},{"kind":"Field","name":{"kind":"Name","value":"pushedAt"}},{"kind":"Field","name":{"kind":"Name","value":"identifiers"}},{"kind":"Field","name":{"kind":"Name","value":"sent"}},{"kind":"Field","name":{"kind":"Name","value":"delivered"}},{"kind":"Field","name":{"kind":"Name","value":"acknowledged"}}]}}]}}]} as unknown as DocumentNode<WatchReceiptSubscription, WatchReceiptSubscriptionVariables>;
export const WatchReplicasDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchReplicas"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"replicas"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReplicaCard"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReplicaCard"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Replica"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastSeen"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}},{"kind":"Field","name":{"kind":"Name","value":"subscriptions"}},{"kind":"Field","name":{"kind":"Name","value":"capacity"}},{"kind":"Field","name":{"kind":"Name","value":"weight"}},{"kind":"Field","name":{"kind":"Name","value":"drainProgress"}},{"kind":"Field","name":{"kind":"Name","value":"health"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cpuPercent"}},{"kind":"Field","name":{"kind":"Name","value":"memoryBytes"}},{"kind":"Field","name":{"kind":"Name","value":"memoryTotalBytes"}},{"kind":"Field","name":{"kind":"Name","value":"eventLoopDelayMs"}},{"kind":"Field","name":{"kind":"Name","value":"networkReceiveBytesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"networkTransmitBytesPerSecond"}}]}},{"kind":"Field","name":{"kind":"Name","value":"rates"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pushesPerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"deliveredPerSecond"}}]}}]}}]} as unknown as DocumentNode<WatchReplicasSubscription, WatchReplicasSubscriptionVariables>;
export const DrainDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Drain"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"replicaId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"withinSeconds"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"drain"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"replicaId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"replicaId"}}},{"kind":"Argument","name":{"kind":"Name","value":"withinSeconds"},"value":{"kind":"Variable","name":{"kind":"Name","value":"withinSeconds"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]} as unknown as DocumentNode<DrainMutation, DrainMutationVariables>;
export const UndrainDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Undrain"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"replicaId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"undrain"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"replicaId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"replicaId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]} as unknown as DocumentNode<UndrainMutation, UndrainMutationVariables>;
export const RebalanceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Rebalance"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"threshold"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Float"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rebalance"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"threshold"},"value":{"kind":"Variable","name":{"kind":"Name","value":"threshold"}}}]}]}}]} as unknown as DocumentNode<RebalanceMutation, RebalanceMutationVariables>;
export const WatchSettingsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchSettings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"settings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"EverySetting"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"EverySetting"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Settings"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retentionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"retentionMessages"}},{"kind":"Field","name":{"kind":"Name","value":"resumeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"idleTimeoutSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"drainSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"maxPayloadBytes"}},{"kind":"Field","name":{"kind":"Name","value":"connectionRatePerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"pushRatePerSecond"}}]}}]} as unknown as DocumentNode<WatchSettingsSubscription, WatchSettingsSubscriptionVariables>;
export const ConfigureDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Configure"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SettingsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"configure"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"EverySetting"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"EverySetting"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Settings"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retentionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"retentionMessages"}},{"kind":"Field","name":{"kind":"Name","value":"resumeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"idleTimeoutSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"drainSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"maxPayloadBytes"}},{"kind":"Field","name":{"kind":"Name","value":"connectionRatePerSecond"}},{"kind":"Field","name":{"kind":"Name","value":"pushRatePerSecond"}}]}}]} as unknown as DocumentNode<ConfigureMutation, ConfigureMutationVariables>;
export const DrainSecondsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"DrainSeconds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"settings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"drainSeconds"}}]}}]}}]} as unknown as DocumentNode<DrainSecondsQuery, DrainSecondsQueryVariables>;
export const WatchDeliveryRateDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchDeliveryRate"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"statistics"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"lastMinutes"},"value":{"kind":"IntValue","value":"15"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deliveryRate"}}]}}]}}]} as unknown as DocumentNode<WatchDeliveryRateSubscription, WatchDeliveryRateSubscriptionVariables>;
export const WatchStatisticsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchStatistics"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"lastMinutes"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"statistics"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"lastMinutes"},"value":{"kind":"Variable","name":{"kind":"Name","value":"lastMinutes"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deliveryRate"}},{"kind":"Field","name":{"kind":"Name","value":"deliveryLatencyMs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"p50"}},{"kind":"Field","name":{"kind":"Name","value":"p90"}},{"kind":"Field","name":{"kind":"Name","value":"p99"}}]}},{"kind":"Field","name":{"kind":"Name","value":"sessionSeconds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"p50"}},{"kind":"Field","name":{"kind":"Name","value":"p90"}},{"kind":"Field","name":{"kind":"Name","value":"p99"}}]}},{"kind":"Field","name":{"kind":"Name","value":"minutes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"minute"}},{"kind":"Field","name":{"kind":"Name","value":"pushes"}},{"kind":"Field","name":{"kind":"Name","value":"sent"}},{"kind":"Field","name":{"kind":"Name","value":"delivered"}},{"kind":"Field","name":{"kind":"Name","value":"acknowledged"}},{"kind":"Field","name":{"kind":"Name","value":"sessionsOpened"}},{"kind":"Field","name":{"kind":"Name","value":"sessionsClosed"}},{"kind":"Field","name":{"kind":"Name","value":"deliveryRate"}},{"kind":"Field","name":{"kind":"Name","value":"deliveryLatencyMs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"p50"}},{"kind":"Field","name":{"kind":"Name","value":"p90"}},{"kind":"Field","name":{"kind":"Name","value":"p99"}}]}},{"kind":"Field","name":{"kind":"Name","value":"sessionSeconds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"p50"}},{"kind":"Field","name":{"kind":"Name","value":"p90"}},{"kind":"Field","name":{"kind":"Name","value":"p99"}}]}}]}}]}}]}}]} as unknown as DocumentNode<WatchStatisticsSubscription, WatchStatisticsSubscriptionVariables>;