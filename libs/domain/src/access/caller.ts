import { AppError } from '@signalbox/common';
import type { Tenant } from '@signalbox/database';
import { grants, type Scope } from './scopes';

/** Who asks: a service token, or the system itself (bootstrap, jobs). */
export interface Caller {
  readonly actorType: 'service_token' | 'system';
  /** The token's id, or the name of the job. */
  readonly actorId: string;
  /** null: bound to the platform. */
  readonly organizationId: string | null;
  readonly scopes: readonly string[];
  readonly requestId: string | null;
  /** Set while a request with an Idempotency-Key runs: see @signalbox/domain/idempotency. */
  readonly idempotency?: IdempotencyClaim;
}

export interface IdempotencyClaim {
  readonly key: string;
  /** The fence: whoever takes an abandoned request over has a later one. */
  readonly claimedAt: Date;
}

export function systemCaller(actorId: string): Caller {
  return { actorType: 'system', actorId, organizationId: null, scopes: ['*'], requestId: null };
}

export function tenantOf(caller: Caller): Tenant {
  return caller.organizationId === null ? 'platform' : { organizationId: caller.organizationId };
}

export function requireScope(caller: Caller, scope: Scope): void {
  if (grants(caller.scopes, scope)) return;
  throw new AppError('scope_missing', `This needs the scope ${scope}. Use a service token that has it.`);
}

/** Of what belongs to the platform. */
export function requireOperator(caller: Caller, scope: Scope): void {
  requireScope(caller, scope);
  requirePlatform(caller);
}

export function requirePlatform(caller: Caller): void {
  if (caller.organizationId === null) return;
  throw new AppError(
    'platform_only',
    'Use a service token that is bound to the platform, not to an organization.',
  );
}
