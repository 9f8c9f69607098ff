/** Injects the process's WorkerConfig into what belongs to the process itself; the domain gets its own, narrower tokens. */
export const WORKER_CONFIG = Symbol('WorkerConfig');
