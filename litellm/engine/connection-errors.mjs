// An unreachable database must read like Prisma's P1001: LiteLLM matches "Can't reach database server" in the
// message (litellm/proxy/db/exception_handler.py) and answers 503. Any other text makes it answer 401 to valid keys.

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
// 57P01-57P03: shutting down or starting up; 3D000: the database was dropped; 53300: no free connection; 08xxx: connection.
const SERVER_CODES = /^(57P0[1-3]|3D000|53300|08\w{3})$/;
const DRIVER_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|connection is closed/i;

/** Errors that the engine gives without a code of their own; "ConnectionError" is the kind in its debug text. */
export function isConnectionFailureText(text) {
  return /kind: ConnectionError\(/.test(text);
}

export function isConnectionFailure(error) {
  if (error === null || typeof error !== 'object') return false;
  if (Array.isArray(error.errors) && error.errors.some(isConnectionFailure)) return true;
  const code = typeof error.code === 'string' ? error.code : '';
  return (
    SOCKET_CODES.has(code) || SERVER_CODES.test(code) || DRIVER_MESSAGES.test(String(error.message ?? ''))
  );
}

export function unreachableError({ host, port }) {
  const message = `Can't reach database server at \`${host}\`:\`${port}\`\n\nPlease make sure your database server is running at \`${host}\`:\`${port}\`.`;
  return {
    error: message,
    user_facing_error: {
      is_panic: false,
      message,
      // Never null: prisma-client-py calls meta.get() (prisma/engine/utils.py).
      meta: { database_host: host, database_port: port },
      error_code: 'P1001',
    },
  };
}

export function engineError(message) {
  return { error: message, user_facing_error: { is_panic: false, message, meta: {}, error_code: 'P2010' } };
}
