import type { DataSource } from 'typeorm';

/**
 * For exclusive work that is made of several transactions: one session of PostgreSQL holds the lock for as long as the
 * work runs, and loses it by itself when the process dies. Others wait, at most for the statement timeout.
 * @param key any fixed number that differs from those of other locks in the same database
 */
export async function withAdvisoryLock<Result>(
  dataSource: DataSource,
  key: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [key]);
    try {
      return await work();
    } finally {
      await holder.query('SELECT pg_advisory_unlock($1)', [key]);
    }
  } finally {
    await holder.release();
  }
}

/** As above, but nobody waits. @returns null when somebody else holds the lock */
export async function tryAdvisoryLock<Result>(
  dataSource: DataSource,
  key: number,
  work: () => Promise<Result>,
): Promise<Result | null> {
  const holder = dataSource.createQueryRunner();
  try {
    const [lock] = (await holder.query('SELECT pg_try_advisory_lock($1) AS "isMine"', [key])) as {
      isMine: boolean;
    }[];
    if (!lock?.isMine) return null;
    try {
      return await work();
    } finally {
      await holder.query('SELECT pg_advisory_unlock($1)', [key]);
    }
  } finally {
    await holder.release();
  }
}
