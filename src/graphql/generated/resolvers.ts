import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ReplicaSnapshot } from '../../cluster/registry.ts';
import type { Context } from '../context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A point in time, ISO 8601 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. */
  DateTime: { input: Date; output: Date; }
  /** Any JSON value: object, array, string, number, boolean or null. */
  JSON: { input: unknown; output: unknown; }
};

/** Where to open a connection. */
export type Endpoint = {
  __typename?: 'Endpoint';
  /** URLs of other replicas that accept connections, best first. */
  alternates: Array<Scalars['String']['output']>;
  /** That replica's id. */
  replicaId: Scalars['ID']['output'];
  /** The WebSocket URL of the replica to try first. */
  url: Scalars['String']['output'];
};

/** Readings of a replica's process and host, at most a second old. */
export type Health = {
  __typename?: 'Health';
  /** Processor time of the process, percent of one core. */
  cpuPercent: Scalars['Float']['output'];
  /** How late the event loop runs, 99th percentile of the last second, milliseconds. */
  eventLoopDelayMs: Scalars['Float']['output'];
  /** Processor time of the host, percent of all its processors together. */
  hostCpuPercent: Scalars['Float']['output'];
  /** Memory of the host that is in use, bytes. */
  hostMemoryUsedBytes: Scalars['Float']['output'];
  /** Resident memory of the process, bytes. */
  memoryBytes: Scalars['Float']['output'];
  /** Memory of the host, bytes. */
  memoryTotalBytes: Scalars['Float']['output'];
  /** Received on the host's network interfaces, bytes per second; loopback counts where it is the only one. */
  networkReceiveBytesPerSecond: Scalars['Float']['output'];
  /** Sent on the host's network interfaces, bytes per second. */
  networkTransmitBytesPerSecond: Scalars['Float']['output'];
};

/** One payload as one identifier receives it. */
export type Message = {
  __typename?: 'Message';
  /** Its position in that identifier's inbox, opaque; give it to `after`. An ephemeral message has that of the one before it. */
  cursor: Scalars['String']['output'];
  /** Not delivered, nor replayed, after this; null: as long as retention keeps it. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The subject that pushed; null where there is no authentication. */
  from?: Maybe<Scalars['ID']['output']>;
  /** The push's id: the same for every recipient and on every repeat. */
  id: Scalars['ID']['output'];
  /** Which of the subscription's identifiers it was pushed to; `*` for everyone. */
  identifier: Scalars['ID']['output'];
  /** How many messages of this inbox were lost to this subscription just before this one: 0, unless retention ran out; null when unknowable (the store was lost, or its end in a failover). */
  missed?: Maybe<Scalars['Int']['output']>;
  /** What was pushed, as it was pushed. */
  payload: Scalars['JSON']['output'];
  /** When the push was accepted; of a delayed one, when it went out. */
  pushedAt: Scalars['DateTime']['output'];
  /** True when this subscription may have had it before. */
  redelivered: Scalars['Boolean']['output'];
  /** The receiving session; empty where a message is read by query over HTTP. */
  sessionId: Scalars['ID']['output'];
  /** How the push came in. */
  trigger: Trigger;
};

/** What went through all replicas in one minute. */
export type MinuteStatistics = {
  __typename?: 'MinuteStatistics';
  /** Messages that applications acknowledged. */
  acknowledged: Scalars['Int']['output'];
  /** Messages that clients proved to have. */
  delivered: Scalars['Int']['output'];
  /** As in `Statistics`, of this minute. */
  deliveryLatencyMs: Percentiles;
  /** Delivered of sent in this minute, 0 to 1; 1 where nothing was sent. */
  deliveryRate: Scalars['Float']['output'];
  /** When the minute began. */
  minute: Scalars['DateTime']['output'];
  /** Pushes accepted; a repeat of one is none. */
  pushes: Scalars['Int']['output'];
  /** Messages written to sockets. */
  sent: Scalars['Int']['output'];
  /** Length of the sessions that ended in this minute, seconds. */
  sessionSeconds: Percentiles;
  /** Sessions closed. */
  sessionsClosed: Scalars['Int']['output'];
  /** Sessions opened. */
  sessionsOpened: Scalars['Int']['output'];
};

export type Mutation = {
  __typename?: 'Mutation';
  /**
   * The application's own receipt: it has dealt with this message. True when it counted; false when this session (over
   * HTTP: this subject) had acknowledged it before, or the push is unknown. For whoever may subscribe to the identifier,
   * and, where it is `*`, for all.
   * Errors: `BAD_USER_INPUT`, `FORBIDDEN`, `BROKER_UNAVAILABLE`.
   */
  acknowledge: Scalars['Boolean']['output'];
  /**
   * Renews the session's token without dropping it. Answers when the new one expires. WebSocket only.
   * Errors: `UNAUTHENTICATED`, `BAD_USER_INPUT`.
   */
  authenticate: Scalars['DateTime']['output'];
  /**
   * Takes a delayed push back. False when it has gone out already or never was. For its pusher and admins.
   * Errors: `FORBIDDEN`, `BROKER_UNAVAILABLE`.
   */
  cancelPush: Scalars['Boolean']['output'];
  /**
   * Changes settings on every replica while they run; null leaves one as it is. Kept in the store: they outlive restarts, and
   * are stronger than the flags of every replica. Answers those then in force. For admins.
   * Errors: `BAD_USER_INPUT` that names every value that cannot be (then nothing is changed), `BROKER_UNAVAILABLE`, `FORBIDDEN`.
   */
  configure: Settings;
  /**
   * Ends every subscription of these identifiers with an error and closes their sessions (4411). Answers how many sessions.
   * For admins. Errors: `BAD_USER_INPUT`, `FORBIDDEN`.
   */
  disconnect: Scalars['Int']['output'];
  /** Weight 0, then its sessions move away evenly. For admins. Errors: `NOT_FOUND`, `FORBIDDEN`. */
  drain: Replica;
  /** Refreshes the session's activity, as any frame does. Answers the server's time. For everyone. */
  heartbeat: Scalars['DateTime']['output'];
  /**
   * Stores and sends a payload to one, many or all identifiers. For whoever may push to all of them.
   * Errors: `BAD_USER_INPUT`, `PAYLOAD_TOO_LARGE`, `TOO_MANY_RECIPIENTS`, `FORBIDDEN`, `RATE_LIMITED`; `BROKER_UNAVAILABLE`
   * when it could not be stored (`extensions.pushId` is the id to repeat it with).
   */
  push: PushResult;
  /**
   * Moves the surplus above threshold × mean to the other replicas. Answers how many sessions move. For admins.
   * Errors: `BAD_USER_INPUT`, `FORBIDDEN`.
   */
  rebalance: Scalars['Int']['output'];
  /** Takes a drain back. For admins. Errors: `NOT_FOUND`, `FORBIDDEN`. */
  undrain: Replica;
};


export type MutationAcknowledgeArgs = {
  identifier: Scalars['ID']['input'];
  messageId: Scalars['ID']['input'];
};


export type MutationAuthenticateArgs = {
  token: Scalars['String']['input'];
};


export type MutationCancelPushArgs = {
  id: Scalars['ID']['input'];
};


export type MutationConfigureArgs = {
  input: SettingsInput;
};


export type MutationDisconnectArgs = {
  identifiers: Array<Scalars['ID']['input']>;
  reason?: InputMaybe<Scalars['String']['input']>;
};


export type MutationDrainArgs = {
  replicaId: Scalars['ID']['input'];
  withinSeconds?: InputMaybe<Scalars['Int']['input']>;
};


export type MutationPushArgs = {
  input: PushInput;
};


export type MutationRebalanceArgs = {
  threshold?: InputMaybe<Scalars['Float']['input']>;
};


export type MutationUndrainArgs = {
  replicaId: Scalars['ID']['input'];
};

/** Where a page ends. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the last edge; null on an empty page. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** True when there is more behind this page. */
  hasNextPage: Scalars['Boolean']['output'];
};

/** A distribution: each value is right within an eighth of it. All are 0 where there was nothing. */
export type Percentiles = {
  __typename?: 'Percentiles';
  /** The median. */
  p50: Scalars['Float']['output'];
  /** The 90th percentile. */
  p90: Scalars['Float']['output'];
  /** The 99th percentile. */
  p99: Scalars['Float']['output'];
};

/** Whether an identifier is subscribed now, and where. */
export type Presence = {
  __typename?: 'Presence';
  /** The identifier. */
  identifier: Scalars['ID']['output'];
  /** Now while it is online; else when its last subscription ended, null when there never was one. */
  lastSeen?: Maybe<Scalars['DateTime']['output']>;
  /** True while a living replica holds a subscription of it. */
  online: Scalars['Boolean']['output'];
  /** The replicas that hold it. */
  replicaIds: Array<Scalars['ID']['output']>;
  /** Live subscriptions of it on all replicas. */
  subscriptions: Scalars['Int']['output'];
};

/** What to push, to whom, and when. */
export type PushInput = {
  /** Seconds to wait before it goes out; 0 to one year. */
  delaySeconds?: InputMaybe<Scalars['Int']['input']>;
  /** To every subscription there is. Not together with `to`. */
  everyone?: InputMaybe<Scalars['Boolean']['input']>;
  /** The caller's own id for this push, 1 to 128 bytes of UTF-8. The same id again within the retention: not stored again, `duplicate: true`. */
  id?: InputMaybe<Scalars['ID']['input']>;
  /** At most `--max-payload-bytes` bytes as JSON text. */
  payload: Scalars['JSON']['input'];
  /** Identifiers, 1 to 256 bytes of UTF-8 each; one at least, unless `everyone`; at most `--max-recipients-per-push`. */
  to?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Seconds after which it is not delivered, nor replayed. 0: to the live subscriptions only, never stored. Null: as long as retention keeps it. */
  ttlSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** What became of a push when it was accepted. */
export type PushResult = {
  __typename?: 'PushResult';
  /** Identifiers that it was stored for or sent to. */
  accepted: Scalars['Int']['output'];
  /** When a delayed push goes out; null for one that went out at once. */
  deliverAt?: Maybe<Scalars['DateTime']['output']>;
  /** True when this id was pushed before: nothing was stored, and the rest is the first one's answer. */
  duplicate: Scalars['Boolean']['output'];
  /** The push's id, the caller's own or one made for it. */
  id: Scalars['ID']['output'];
  /** The identifiers that no live subscription held anywhere when it was pushed. They still get it if they resume, or read their inbox. */
  offline: Array<Scalars['ID']['output']>;
};

export type Query = {
  __typename?: 'Query';
  /**
   * Where to open the next connection: sticky for an identifier that was on a living replica, else by weight. For everyone.
   * Errors: `BAD_USER_INPUT`; `NOT_FOUND` when no replica accepts connections now.
   */
  endpoint: Endpoint;
  /**
   * The retained messages of one inbox, newest last. For whoever may subscribe to the identifier.
   * Errors: `BAD_USER_INPUT`, `FORBIDDEN`, `BROKER_UNAVAILABLE`.
   */
  inbox: Array<Message>;
  /**
   * Whether these identifiers are subscribed now, and where; in the order asked. For admins and those who may push to them.
   * Errors: `BAD_USER_INPUT`, `FORBIDDEN`, `BROKER_UNAVAILABLE`.
   */
  presence: Array<Presence>;
  /**
   * What is known of one push; null when it is unknown or older than retention. For its pusher and admins.
   * Errors: `FORBIDDEN`, `BROKER_UNAVAILABLE`.
   */
  receipt?: Maybe<Receipt>;
  /** All living replicas, by id. For admins. Errors: `FORBIDDEN`. */
  replicas: Array<Replica>;
  /**
   * Sessions in the order of their ids, by identifier or replica. For admins. A replica that does not answer within two
   * seconds is left out. Errors: `BAD_USER_INPUT`, `FORBIDDEN`.
   */
  sessions: SessionConnection;
  /** The settings in force. For admins. Errors: `FORBIDDEN`. */
  settings: Settings;
  /**
   * Pushes, deliveries, delivery rate, latency and session lengths of all replicas, per minute. What happened is in it after
   * a second. For admins. Errors: `BAD_USER_INPUT`, `FORBIDDEN`, `BROKER_UNAVAILABLE`.
   */
  statistics: Statistics;
};


export type QueryEndpointArgs = {
  identifier?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryInboxArgs = {
  before?: InputMaybe<Scalars['String']['input']>;
  identifier: Scalars['ID']['input'];
  last?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryPresenceArgs = {
  identifiers: Array<Scalars['ID']['input']>;
};


export type QueryReceiptArgs = {
  pushId: Scalars['ID']['input'];
};


export type QuerySessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  identifier?: InputMaybe<Scalars['ID']['input']>;
  replicaId?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryStatisticsArgs = {
  lastMinutes?: InputMaybe<Scalars['Int']['input']>;
};

/** What went through in one second. */
export type Rates = {
  __typename?: 'Rates';
  /** Messages that clients proved to have. */
  deliveredPerSecond: Scalars['Float']['output'];
  /** Pushes accepted. */
  pushesPerSecond: Scalars['Float']['output'];
  /** Messages written to sockets. */
  sentPerSecond: Scalars['Float']['output'];
};

/** What is known of a push. Counts are of subscriptions, and at most a second old. */
export type Receipt = {
  __typename?: 'Receipt';
  /** Subscriptions whose application acknowledged it. */
  acknowledged: Scalars['Int']['output'];
  /** Subscriptions that proved they have it. */
  delivered: Scalars['Int']['output'];
  /** Identifiers that it was pushed to. */
  identifiers: Scalars['Int']['output'];
  /** The push's id. */
  pushId: Scalars['ID']['output'];
  /** When it was accepted; of a delayed one, when it went out. */
  pushedAt: Scalars['DateTime']['output'];
  /** Subscriptions that it was written to; a repeat counts again. */
  sent: Scalars['Int']['output'];
};

/** A process that holds sessions. */
export type Replica = {
  __typename?: 'Replica';
  /** Sessions that it should hold at most. */
  capacity: Scalars['Int']['output'];
  /** 0 to 1 while draining, else null. */
  drainProgress?: Maybe<Scalars['Float']['output']>;
  /** How its host and process are. */
  health: Health;
  /** Unique per process start. */
  id: Scalars['ID']['output'];
  /** When its load was last heard of. */
  lastSeen: Scalars['DateTime']['output'];
  /** What went through it in its last second. */
  rates: Rates;
  /** Sessions that it holds. */
  sessions: Scalars['Int']['output'];
  /** When its process started. */
  startedAt: Scalars['DateTime']['output'];
  /** Whether it accepts connections. */
  state: ReplicaState;
  /** Live subscriptions that it holds. */
  subscriptions: Scalars['Int']['output'];
  /** The WebSocket URL where clients reach it. */
  url: Scalars['String']['output'];
  /** The version of Cloudpush that it runs. */
  version: Scalars['String']['output'];
  /** Share of new connections, percent; all replicas together 100, or 0 where none accepts. */
  weight: Scalars['Float']['output'];
};

/** Whether a replica accepts connections. */
export type ReplicaState =
  /** Not any more: its sessions move away. */
  | 'DRAINING'
  /** Not yet. */
  | 'STARTING'
  /** Yes. */
  | 'UP';

/** One connected client. */
export type Session = {
  __typename?: 'Session';
  /** Bytes that wait to be taken by its socket. */
  bufferedBytes: Scalars['Int']['output'];
  /** When it connected. */
  connectedAt: Scalars['DateTime']['output'];
  /** Unique among all sessions of all replicas. */
  id: Scalars['ID']['output'];
  /** The identifiers that its subscriptions hold, without `*`. */
  identifiers: Array<Scalars['ID']['output']>;
  /** When the last frame came from it. */
  lastActiveAt: Scalars['DateTime']['output'];
  /** The client's address as the replica sees it. */
  remoteAddress?: Maybe<Scalars['String']['output']>;
  /** The replica that holds it. */
  replicaId: Scalars['ID']['output'];
  /** The token's subject; null where there is no authentication. */
  subject?: Maybe<Scalars['ID']['output']>;
  /** Its live subscriptions of messages. */
  subscriptions: Scalars['Int']['output'];
  /** Messages written to it that it has not yet proved to have. */
  unconfirmed: Scalars['Int']['output'];
  /** What the client called itself when it connected. */
  userAgent?: Maybe<Scalars['String']['output']>;
};

/** A page of sessions. */
export type SessionConnection = {
  __typename?: 'SessionConnection';
  /** The sessions of this page. */
  edges: Array<SessionEdge>;
  /** Whether there are more. */
  pageInfo: PageInfo;
  /** All that match, not only those of this page. */
  totalCount: Scalars['Int']['output'];
};

/** A session and its place. */
export type SessionEdge = {
  __typename?: 'SessionEdge';
  /** Give it to `after` for what comes behind it. */
  cursor: Scalars['String']['output'];
  /** The session. */
  node: Session;
};

/** Settings that hold for all replicas. */
export type Settings = {
  __typename?: 'Settings';
  /** New connections per second and replica; 0: not limited. */
  connectionRatePerSecond: Scalars['Int']['output'];
  /** Seconds over which a stopping replica spreads the closing of its sessions. */
  drainSeconds: Scalars['Int']['output'];
  /** No frame from the client for so many seconds: evicted. */
  idleTimeoutSeconds: Scalars['Int']['output'];
  /** The largest payload, bytes of JSON text. */
  maxPayloadBytes: Scalars['Int']['output'];
  /** Pushes per second, subject (without one: address) and replica; 0: not limited. */
  pushRatePerSecond: Scalars['Int']['output'];
  /** How long a subscription that lost its connection can be resumed, seconds. */
  resumeSeconds: Scalars['Int']['output'];
  /** How many messages an inbox keeps. */
  retentionMessages: Scalars['Int']['output'];
  /** How long an inbox keeps a message, seconds. */
  retentionSeconds: Scalars['Int']['output'];
};

/** Changes of settings; null leaves one as it is. */
export type SettingsInput = {
  /** New connections per second and replica; 0: not limited. */
  connectionRatePerSecond?: InputMaybe<Scalars['Int']['input']>;
  /** Seconds over which a stopping replica spreads the closing of its sessions. */
  drainSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** No frame from the client for so many seconds: evicted. */
  idleTimeoutSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** The largest payload, bytes of JSON text. */
  maxPayloadBytes?: InputMaybe<Scalars['Int']['input']>;
  /** Pushes per second, subject (without one: address) and replica; 0: not limited. */
  pushRatePerSecond?: InputMaybe<Scalars['Int']['input']>;
  /** How long a subscription that lost its connection can be resumed, seconds. */
  resumeSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** How many messages an inbox keeps. */
  retentionMessages?: InputMaybe<Scalars['Int']['input']>;
  /** How long an inbox keeps a message, seconds. */
  retentionSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/**
 * What went through all replicas. A message counts once for each subscription that it is written to; one that is written again
 * after a reconnect is sent again.
 */
export type Statistics = {
  __typename?: 'Statistics';
  /**
   * From accepting a push until the client had it, milliseconds: the way to the replica, and from there to the client and back with
   * its proof. Of messages that were pushed while the client was connected.
   */
  deliveryLatencyMs: Percentiles;
  /**
   * Delivered of sent, 0 to 1, over all these minutes; 1 where nothing was sent. What was sent a moment ago, and what goes over
   * server-sent events, which prove nothing, counts as sent and not delivered.
   */
  deliveryRate: Scalars['Float']['output'];
  /** One per minute, oldest first; the last one is under way. */
  minutes: Array<MinuteStatistics>;
  /** The last second, over all replicas. */
  now: Rates;
  /** Length of the sessions that ended, seconds. */
  sessionSeconds: Percentiles;
};

export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Messages pushed to any of these identifiers (and to everyone), from now on; or, where this operation resumes, from the
   * first message that no receipt had covered. For whoever may subscribe to all of them.
   * Errors: `BAD_USER_INPUT` for an identifier or cursor that cannot be, `FORBIDDEN`.
   */
  messages: Message;
  /**
   * Coming and going of identifiers: one event for each at once, then one after every change. For admins and those who may
   * push to them. Errors: `BAD_USER_INPUT`, `FORBIDDEN`.
   */
  presence: Presence;
  /**
   * What becomes of one push, live: the receipt at once, then after each change. For its pusher and admins.
   * Errors: `NOT_FOUND` for a push that is unknown or older than retention.
   */
  receipt: Receipt;
  /** The replicas with load and weight, at once and then every second. For admins. Errors: `FORBIDDEN`. */
  replicas: Array<Replica>;
  /** The settings in force, at once and then after each change, wherever it was made. For admins. Errors: `FORBIDDEN`. */
  settings: Settings;
  /**
   * What the query `statistics` answers, at once and then every second. For admins.
   * Errors: `BAD_USER_INPUT`, `FORBIDDEN`, `BROKER_UNAVAILABLE`.
   */
  statistics: Statistics;
};


export type SubscriptionMessagesArgs = {
  after?: InputMaybe<Array<Scalars['String']['input']>>;
  identifiers: Array<Scalars['ID']['input']>;
};


export type SubscriptionPresenceArgs = {
  identifiers: Array<Scalars['ID']['input']>;
};


export type SubscriptionReceiptArgs = {
  pushId: Scalars['ID']['input'];
};


export type SubscriptionStatisticsArgs = {
  lastMinutes?: InputMaybe<Scalars['Int']['input']>;
};

/** How a push came in. */
export type Trigger =
  /** Over HTTP. */
  | 'HTTP'
  /** Over a WebSocket, from one client to others. */
  | 'WEBSOCKET';



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Endpoint: ResolverTypeWrapper<Endpoint>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  Health: ResolverTypeWrapper<Health>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  Message: ResolverTypeWrapper<Message>;
  MinuteStatistics: ResolverTypeWrapper<MinuteStatistics>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Percentiles: ResolverTypeWrapper<Percentiles>;
  Presence: ResolverTypeWrapper<Presence>;
  PushInput: PushInput;
  PushResult: ResolverTypeWrapper<PushResult>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Rates: ResolverTypeWrapper<Rates>;
  Receipt: ResolverTypeWrapper<Receipt>;
  Replica: ResolverTypeWrapper<ReplicaSnapshot>;
  ReplicaState: ReplicaState;
  Session: ResolverTypeWrapper<Session>;
  SessionConnection: ResolverTypeWrapper<SessionConnection>;
  SessionEdge: ResolverTypeWrapper<SessionEdge>;
  Settings: ResolverTypeWrapper<Settings>;
  SettingsInput: SettingsInput;
  Statistics: ResolverTypeWrapper<Statistics>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Trigger: Trigger;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Boolean: Scalars['Boolean']['output'];
  DateTime: Scalars['DateTime']['output'];
  Endpoint: Endpoint;
  Float: Scalars['Float']['output'];
  Health: Health;
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  JSON: Scalars['JSON']['output'];
  Message: Message;
  MinuteStatistics: MinuteStatistics;
  Mutation: Record<PropertyKey, never>;
  PageInfo: PageInfo;
  Percentiles: Percentiles;
  Presence: Presence;
  PushInput: PushInput;
  PushResult: PushResult;
  Query: Record<PropertyKey, never>;
  Rates: Rates;
  Receipt: Receipt;
  Replica: ReplicaSnapshot;
  Session: Session;
  SessionConnection: SessionConnection;
  SessionEdge: SessionEdge;
  Settings: Settings;
  SettingsInput: SettingsInput;
  Statistics: Statistics;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
};

export type InboxDirectiveArgs = {
  identifier: Scalars['String']['input'];
};

export type InboxDirectiveResolver<Result, Parent, ContextType = Context, Args = InboxDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type EndpointResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Endpoint'] = ResolversParentTypes['Endpoint']> = {
  alternates?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  replicaId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type HealthResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Health'] = ResolversParentTypes['Health']> = {
  cpuPercent?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  eventLoopDelayMs?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hostCpuPercent?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hostMemoryUsedBytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  memoryBytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  memoryTotalBytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  networkReceiveBytesPerSecond?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  networkTransmitBytesPerSecond?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type MessageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Message'] = ResolversParentTypes['Message']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  from?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  identifier?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  missed?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  payload?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  pushedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  redelivered?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  sessionId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  trigger?: Resolver<ResolversTypes['Trigger'], ParentType, ContextType>;
};

export type MinuteStatisticsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MinuteStatistics'] = ResolversParentTypes['MinuteStatistics']> = {
  acknowledged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  delivered?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  deliveryLatencyMs?: Resolver<ResolversTypes['Percentiles'], ParentType, ContextType>;
  deliveryRate?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  minute?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  pushes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sent?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sessionSeconds?: Resolver<ResolversTypes['Percentiles'], ParentType, ContextType>;
  sessionsClosed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sessionsOpened?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  acknowledge?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType, RequireFields<MutationAcknowledgeArgs, 'identifier' | 'messageId'>>;
  authenticate?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType, RequireFields<MutationAuthenticateArgs, 'token'>>;
  cancelPush?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType, RequireFields<MutationCancelPushArgs, 'id'>>;
  configure?: Resolver<ResolversTypes['Settings'], ParentType, ContextType, RequireFields<MutationConfigureArgs, 'input'>>;
  disconnect?: Resolver<ResolversTypes['Int'], ParentType, ContextType, RequireFields<MutationDisconnectArgs, 'identifiers'>>;
  drain?: Resolver<ResolversTypes['Replica'], ParentType, ContextType, RequireFields<MutationDrainArgs, 'replicaId' | 'withinSeconds'>>;
  heartbeat?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  push?: Resolver<ResolversTypes['PushResult'], ParentType, ContextType, RequireFields<MutationPushArgs, 'input'>>;
  rebalance?: Resolver<ResolversTypes['Int'], ParentType, ContextType, RequireFields<MutationRebalanceArgs, 'threshold'>>;
  undrain?: Resolver<ResolversTypes['Replica'], ParentType, ContextType, RequireFields<MutationUndrainArgs, 'replicaId'>>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type PercentilesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Percentiles'] = ResolversParentTypes['Percentiles']> = {
  p50?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  p90?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  p99?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type PresenceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Presence'] = ResolversParentTypes['Presence']> = {
  identifier?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastSeen?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  online?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  replicaIds?: Resolver<Array<ResolversTypes['ID']>, ParentType, ContextType>;
  subscriptions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PushResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PushResult'] = ResolversParentTypes['PushResult']> = {
  accepted?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  deliverAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  duplicate?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  offline?: Resolver<Array<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  endpoint?: Resolver<ResolversTypes['Endpoint'], ParentType, ContextType, Partial<QueryEndpointArgs>>;
  inbox?: Resolver<Array<ResolversTypes['Message']>, ParentType, ContextType, RequireFields<QueryInboxArgs, 'identifier' | 'last'>>;
  presence?: Resolver<Array<ResolversTypes['Presence']>, ParentType, ContextType, RequireFields<QueryPresenceArgs, 'identifiers'>>;
  receipt?: Resolver<Maybe<ResolversTypes['Receipt']>, ParentType, ContextType, RequireFields<QueryReceiptArgs, 'pushId'>>;
  replicas?: Resolver<Array<ResolversTypes['Replica']>, ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, RequireFields<QuerySessionsArgs, 'first'>>;
  settings?: Resolver<ResolversTypes['Settings'], ParentType, ContextType>;
  statistics?: Resolver<ResolversTypes['Statistics'], ParentType, ContextType, RequireFields<QueryStatisticsArgs, 'lastMinutes'>>;
};

export type RatesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Rates'] = ResolversParentTypes['Rates']> = {
  deliveredPerSecond?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  pushesPerSecond?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  sentPerSecond?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ReceiptResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Receipt'] = ResolversParentTypes['Receipt']> = {
  acknowledged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  delivered?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  identifiers?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  pushId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  pushedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  sent?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ReplicaResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Replica'] = ResolversParentTypes['Replica']> = {
  capacity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  drainProgress?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  health?: Resolver<ResolversTypes['Health'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastSeen?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  rates?: Resolver<ResolversTypes['Rates'], ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  startedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['ReplicaState'], ParentType, ContextType>;
  subscriptions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  weight?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type SessionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Session'] = ResolversParentTypes['Session']> = {
  bufferedBytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  connectedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  identifiers?: Resolver<Array<ResolversTypes['ID']>, ParentType, ContextType>;
  lastActiveAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  remoteAddress?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  replicaId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  subject?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  subscriptions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unconfirmed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  userAgent?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type SessionConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionConnection'] = ResolversParentTypes['SessionConnection']> = {
  edges?: Resolver<Array<ResolversTypes['SessionEdge']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SessionEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionEdge'] = ResolversParentTypes['SessionEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type SettingsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Settings'] = ResolversParentTypes['Settings']> = {
  connectionRatePerSecond?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  drainSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  idleTimeoutSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  maxPayloadBytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  pushRatePerSecond?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  resumeSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  retentionMessages?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  retentionSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type StatisticsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Statistics'] = ResolversParentTypes['Statistics']> = {
  deliveryLatencyMs?: Resolver<ResolversTypes['Percentiles'], ParentType, ContextType>;
  deliveryRate?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  minutes?: Resolver<Array<ResolversTypes['MinuteStatistics']>, ParentType, ContextType>;
  now?: Resolver<ResolversTypes['Rates'], ParentType, ContextType>;
  sessionSeconds?: Resolver<ResolversTypes['Percentiles'], ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  messages?: SubscriptionResolver<ResolversTypes['Message'], "messages", ParentType, ContextType, RequireFields<SubscriptionMessagesArgs, 'identifiers'>>;
  presence?: SubscriptionResolver<ResolversTypes['Presence'], "presence", ParentType, ContextType, RequireFields<SubscriptionPresenceArgs, 'identifiers'>>;
  receipt?: SubscriptionResolver<ResolversTypes['Receipt'], "receipt", ParentType, ContextType, RequireFields<SubscriptionReceiptArgs, 'pushId'>>;
  replicas?: SubscriptionResolver<Array<ResolversTypes['Replica']>, "replicas", ParentType, ContextType>;
  settings?: SubscriptionResolver<ResolversTypes['Settings'], "settings", ParentType, ContextType>;
  statistics?: SubscriptionResolver<ResolversTypes['Statistics'], "statistics", ParentType, ContextType, RequireFields<SubscriptionStatisticsArgs, 'lastMinutes'>>;
};

export type Resolvers<ContextType = Context> = {
  DateTime?: GraphQLScalarType;
  Endpoint?: EndpointResolvers<ContextType>;
  Health?: HealthResolvers<ContextType>;
  JSON?: GraphQLScalarType;
  Message?: MessageResolvers<ContextType>;
  MinuteStatistics?: MinuteStatisticsResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Percentiles?: PercentilesResolvers<ContextType>;
  Presence?: PresenceResolvers<ContextType>;
  PushResult?: PushResultResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Rates?: RatesResolvers<ContextType>;
  Receipt?: ReceiptResolvers<ContextType>;
  Replica?: ReplicaResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  SessionConnection?: SessionConnectionResolvers<ContextType>;
  SessionEdge?: SessionEdgeResolvers<ContextType>;
  Settings?: SettingsResolvers<ContextType>;
  Statistics?: StatisticsResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = Context> = {
  inbox?: InboxDirectiveResolver<any, any, ContextType>;
};
