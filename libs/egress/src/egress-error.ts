const texts = {
  invalid_url: 'The address is no valid http:// or https:// URL.',
  credentials_in_url: 'The address must not have a user name or a password in it.',
  forbidden_host:
    'The address names a machine of the private network. An operator can allow it: SIGNALBOX_ALLOWED_HOSTS.',
  forbidden_address:
    'The address leads to a private, local or reserved network. An operator can allow it: SIGNALBOX_ALLOWED_HOSTS.',
  unencrypted:
    'The address must start with https://. An operator can allow plain HTTP for a host: SIGNALBOX_ALLOWED_HOSTS.',
  forbidden_port:
    'The port belongs to a service that does not speak HTTP. An operator can allow it: SIGNALBOX_ALLOWED_HOSTS.',
  unresolved: 'The name of the host is not known (DNS).',
  redirect: 'The server answered with a redirect, which is not followed. Give the address that it leads to.',
  connect: 'The server cannot be reached: no connection.',
  tls: "The server's TLS certificate or handshake is not valid.",
  timeout: 'The server did not answer in time.',
  aborted: 'The request was given up.',
  broken: 'The server ended the connection before its answer was complete.',
  bad_answer: 'The server did not answer in valid HTTP.',
  too_large: 'The answer is too large.',
} as const;

export type EgressReason = keyof typeof texts;

/** Refused before anything was sent: the address is not one that may be called. */
export const forbiddenReasons: ReadonlySet<EgressReason> = new Set([
  'invalid_url',
  'credentials_in_url',
  'forbidden_host',
  'forbidden_address',
  'forbidden_port',
  'unencrypted',
]);

export function egressText(reason: EgressReason): string {
  return texts[reason];
}

/** Says what went wrong and nothing of the request: not its URL, no header, no body. */
export class EgressError extends Error {
  constructor(
    readonly reason: EgressReason,
    /** Of the system or the library, such as ECONNREFUSED. */
    readonly code: string | null = null,
  ) {
    super(code === null ? texts[reason] : `${texts[reason]} (${code})`);
    this.name = 'EgressError';
  }
}

const reasonsOfCodes: Record<string, EgressReason> = {
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  EADDRNOTAVAIL: 'connect',
  ETIMEDOUT: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  EPROTO: 'tls',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_RESPONSE_EXCEEDED: 'too_large',
  UND_ERR_HEADERS_OVERFLOW: 'bad_answer',
};
/** Of OpenSSL's verification and of node's own checks (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const tlsCode =
  /^ERR_(TLS|SSL)_|^(UNABLE_TO|CERT|CRL|ERROR_IN|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH)/;

function reasonOfCode(code: string | null): EgressReason {
  if (code === null) return 'broken';
  if (tlsCode.test(code)) return 'tls';
  return reasonsOfCodes[code] ?? 'broken';
}

/** Of whatever the resolver, the socket or undici threw. */
export function toEgressError(error: unknown): EgressError {
  if (error instanceof EgressError) return error;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError') return new EgressError('timeout');
  if (name === 'AbortError') return new EgressError('aborted');
  if (name === 'HTTPParserError') return new EgressError('bad_answer');
  const known = typeof code === 'string' ? code : null;
  return new EgressError(reasonOfCode(known), known);
}
