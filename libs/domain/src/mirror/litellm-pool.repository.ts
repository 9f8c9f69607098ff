import { Pool } from 'pg';

/** Opened with the first use, so that a missing LiteLLM database holds up nothing else. */
export function openLitellmPool(url: string): Pool {
  const pool = new Pool({
    connectionString: url,
    max: 2,
    application_name: 'signalbox-worker',
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    idleTimeoutMillis: 10_000,
  });
  // An idle connection that breaks (LiteLLM's database dropped or restarted) must not end the process.
  pool.on('error', () => undefined);
  return pool;
}
