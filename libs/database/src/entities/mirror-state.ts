/**
 * How far LiteLLM's copy of a row is: shown to the caller, never waited for when serving. `removed` is a value or a
 * workspace that ended for good and was taken out of LiteLLM.
 */
export type MirrorState = 'pending' | 'synced' | 'failed' | 'removed';
