import { SecretStoreError, type SecretStoreFailure } from '../secret-store';

/** What an answer of Infisical means to us, in both of its dialects. */
export type InfisicalFailureKind =
  | 'unavailable'
  | 'login_refused'
  | 'denied'
  | 'approval'
  | 'hidden'
  | 'environment_missing'
  | 'folder_missing'
  | 'secret_missing'
  | 'duplicate'
  | 'invalid';

const reasons: Record<InfisicalFailureKind, [reason: SecretStoreFailure, message: string]> = {
  unavailable: ['unavailable', 'Infisical does not answer as it should.'],
  login_refused: [
    'denied',
    'Infisical refused the login of our machine identity. Check INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET, and whether the identity is locked.',
  ],
  denied: [
    'denied',
    'Infisical does not let our machine identity do this. Check the role of the identity in the project.',
  ],
  approval: [
    'denied',
    'Infisical holds the change back until somebody approves it. Take our folder out of the approval policy.',
  ],
  hidden: [
    'denied',
    'Infisical hides the value from our machine identity. Give its role the permission to read values.',
  ],
  environment_missing: [
    'denied',
    'Infisical does not know the environment. Check INFISICAL_ENVIRONMENT and INFISICAL_PROJECT_ID.',
  ],
  folder_missing: ['not_found', 'Infisical has no such secret: its folder is not there.'],
  secret_missing: ['not_found', 'Infisical has no such secret.'],
  duplicate: ['unavailable', 'Infisical changed while we wrote.'],
  invalid: ['invalid_value', 'Infisical does not take this value.'],
};

/** Thrown inside of this adapter. Holds nothing of the SDK's error, which names URL, path and secret. */
export class InfisicalFailure extends Error {
  constructor(
    readonly kind: InfisicalFailureKind,
    readonly retryAfterMs: number | null = null,
  ) {
    super(reasons[kind][1]);
    this.name = 'InfisicalFailure';
  }
}

/** The SDK's errors have no status field, and their classes are not exported (5.0.2): the text is all there is. */
export function failureOf(error: unknown): InfisicalFailure {
  if (error instanceof InfisicalFailure) return error;
  const message = error instanceof Error ? error.message : '';
  const fromInfisical = /\[StatusCode=(\d{3})\]\s?([\s\S]*)$/.exec(message);
  if (fromInfisical)
    return new InfisicalFailure(kindOfAnswer(Number(fromInfisical[1]), fromInfisical[2] ?? ''));
  const unread = /^Request failed with status (\d{3})$/.exec(message);
  // No status: network, timeout, or an answer that the SDK could not take apart.
  return new InfisicalFailure(unread ? kindOfUnread(Number(unread[1])) : 'unavailable');
}

export function kindOfAnswer(status: number, text: string): InfisicalFailureKind {
  if (status === 429 || status === 408 || status >= 500) return 'unavailable';
  if (status === 401 || status === 403) return 'denied';
  if (status === 413 || status === 422) return 'invalid';
  if (/already exists?\b/i.test(text)) return 'duplicate';
  // Newer texts quote path and name, which may hold any of these words.
  const said = text.replaceAll(/'[^']*'/g, '');
  if (!/not found/i.test(said) || /^\s*Route\b/.test(said)) return status === 400 ? 'invalid' : 'unavailable';
  if (/^folder/i.test(said)) return 'folder_missing';
  if (/^(environment|project|workspace)/i.test(said)) return 'environment_missing';
  return 'secret_missing';
}

/** A body without a readable message: a proxy's page, or (newer servers) the list of what is wrong with the request. */
function kindOfUnread(status: number): InfisicalFailureKind {
  if (status === 401 || status === 403) return 'denied';
  if (status === 413 || status === 422) return 'invalid';
  return 'unavailable';
}

export function storeErrorOf(error: unknown): SecretStoreError {
  if (error instanceof SecretStoreError) return error;
  const failure = failureOf(error);
  const [reason, message] = reasons[failure.kind];
  return new SecretStoreError(reason, message, failure.retryAfterMs);
}
