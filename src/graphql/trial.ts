/** The trial of a session that may stay only if it resumes: its subscriptions decide. */
export interface Trial {
  /**
   * One of its subscriptions asks whether it is known from before. Resolves with true when the session may stay, by this
   * subscription or another; with false when it must go and is being closed. Never rejects.
   */
  passes(isKnown: () => Promise<boolean>): Promise<boolean>
  /** The session is over: nothing is waited for any more. */
  end(): void
}
