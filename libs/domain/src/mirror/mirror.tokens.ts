/** A small pool of connections to LiteLLM's own database. */
export const LITELLM_POOL = Symbol('LitellmPool');
