/**
 * Questions between replicas: each living replica is asked, those that answer within the time limit are heard.
 * Questions and answers are JSON. A replica asks itself too, without the way through the store.
 */

import type { Load } from './registry.ts'

/** Every question that replicas ask each other, with its answer. */
export interface PeerQuestions {
  disconnect: { ask: { identifiers: readonly string[]; reason: string | null }; answer: number }
  sessions: {
    ask: { identifier: string | null; first: number; after: string | null }
    answer: { sessions: readonly SessionSnapshot[]; total: number }
  }
  /** Answers its load as it is then. */
  drain: { ask: { withinSeconds: number }; answer: Load }
  undrain: { ask: null; answer: Load }
  /** Moves so many sessions away, evenly. Answers how many. */
  move: { ask: { sessions: number; withinSeconds: number }; answer: number }
}

/** A session as other replicas see it. Times in ms since 1970. */
export interface SessionSnapshot {
  readonly id: string
  readonly subject: string | null
  readonly identifiers: readonly string[]
  readonly replicaId: string
  readonly remoteAddress: string | null
  readonly userAgent: string | null
  readonly connectedAt: number
  readonly lastActiveAt: number
  readonly subscriptions: number
  readonly bufferedBytes: number
  readonly unconfirmed: number
}

export type Question = keyof PeerQuestions

export type PeerHandlers = {
  readonly [Q in Question]: (
    ask: PeerQuestions[Q]['ask'],
  ) => PeerQuestions[Q]['answer'] | Promise<PeerQuestions[Q]['answer']>
}

export interface Peers extends AsyncDisposable {
  /** Begins to answer. Once. */
  serve(handlers: PeerHandlers): Promise<void>
  /**
   * Asks these replicas (null: all living ones) and resolves with the answers that came within 2 s. Never rejects: who
   * cannot answer is left out.
   */
  ask<Q extends Question>(
    question: Q,
    ask: PeerQuestions[Q]['ask'],
    replicaIds?: readonly string[] | null,
  ): Promise<readonly PeerQuestions[Q]['answer'][]>
}
