/** Times and limits; every one has a default that fits a server nearby. */
export interface InfisicalOptions {
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** How long a read waits for a newer answer when it has one that is old but may still be used. */
  readonly patienceMs: number;
  /** A folder's snapshot is renewed in the background from this age on ... */
  readonly refreshAfterMs: number;
  /** ... and is not used beyond this one, unless Infisical does not answer. */
  readonly freshForMs: number;
  readonly negativeForMs: number;
  readonly maxFolders: number;
  readonly maxConcurrentCalls: number;
  readonly maxWaitingCalls: number;
  /** So many calls in a row without an answer open the breaker. */
  readonly breakerThreshold: number;
  readonly breakerOpenMs: number;
  readonly breakerMaxOpenMs: number;
  /** Three refused logins lock the identity for five minutes (Infisical's default): one, then a pause. */
  readonly loginPauseMs: number;
  /** A refused call is followed by a new login at most this often. */
  readonly reloginEveryMs: number;
  /** For jitter; 0 to 1. */
  readonly random: () => number;
}

export const defaultInfisicalOptions: InfisicalOptions = {
  readTimeoutMs: 5_000,
  writeTimeoutMs: 8_000,
  patienceMs: 1_000,
  refreshAfterMs: 48_000,
  freshForMs: 60_000,
  negativeForMs: 15_000,
  maxFolders: 5_000,
  maxConcurrentCalls: 4,
  maxWaitingCalls: 200,
  breakerThreshold: 5,
  breakerOpenMs: 10_000,
  breakerMaxOpenMs: 60_000,
  loginPauseMs: 300_000,
  reloginEveryMs: 60_000,
  random: Math.random,
};
