/** How far LiteLLM's copy of a row is: shown to the caller, never waited for when serving. */
export type MirrorState = 'pending' | 'synced' | 'failed';
