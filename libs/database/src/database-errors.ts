/** PostgreSQL's classes 08 (connection), 57P (shutdown, crash, start-up), 53300 (too many connections); node's codes. */
const connectionFailureCodes =
  /^(08...|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH)$/;
const connectionFailureMessages =
  /Connection terminated|timeout expired|connect timeout|Client has encountered/i;

function property(error: unknown, name: 'code' | 'constraint' | 'message'): string | undefined {
  const value = (error as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}

export function isConnectionFailure(error: unknown): boolean {
  const code = property(error, 'code');
  if (code) return connectionFailureCodes.test(code);
  return connectionFailureMessages.test(property(error, 'message') ?? '');
}

/** True when a unique index of that name refused the row (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return property(error, 'code') === '23505' && property(error, 'constraint') === constraint;
}

/** True when the values themselves were refused (SQLSTATE classes 22 and 23): the same statement will fail again. */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(property(error, 'code') ?? '');
}

/** True when the row that a foreign key names is not there (SQLSTATE 23503). */
export function isForeignKeyViolation(error: unknown, constraint: string): boolean {
  return property(error, 'code') === '23503' && property(error, 'constraint') === constraint;
}
