/** Injects the process's ApiConfig into what belongs to HTTP itself; the domain gets its own, narrower tokens. */
export const API_CONFIG = Symbol('ApiConfig');
