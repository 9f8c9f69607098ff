import { Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { CheckedSettings, checkKey } from '@signalbox/domain/credentials';
import type { ProbeResult } from '@signalbox/domain/provider-drivers';
import { ProviderLookup } from '@signalbox/domain/providers';
import { CredentialCheckRepository } from './credential-check.repository';
import { CredentialCheckService } from './credential-check.service';
import { byToken, ProviderProber } from './provider-prober.service';
import { busyResult } from './unasked-results';

export interface KeyTest {
  /** Id, name or kind of the provider; not needed for a credential, which has one. */
  provider?: string | undefined;
  apiKey?: string | undefined;
  credentialId?: string | undefined;
  baseUrl?: string | undefined;
}

const limitMs = 12_000;

/** Tries out a key, saved or not, and says what the provider thinks of it. */
@Injectable()
export class KeyTestService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: CredentialCheckRepository,
    private readonly providers: ProviderLookup,
    private readonly settings: CheckedSettings,
    private readonly prober: ProviderProber,
    private readonly checks: CredentialCheckService,
  ) {}

  async test(caller: Caller, input: KeyTest): Promise<ProbeResult> {
    requireScope(caller, 'credentials:write');
    const { apiKey, credentialId } = input;
    if (apiKey !== undefined && credentialId === undefined) return this.testKey(caller, apiKey, input);
    if (credentialId !== undefined && apiKey === undefined) {
      return this.testCredential(caller, credentialId, input);
    }
    return refuse('api_key', 'or credential_id must be given, one of the two');
  }

  private async testKey(caller: Caller, apiKey: string, input: KeyTest): Promise<ProbeResult> {
    if (input.provider === undefined) return refuse('provider', 'is needed: its id, name or kind');
    checkKey(apiKey);
    const provider = await this.providers.resolve(caller, input.provider);
    const isPlatform = caller.organizationId === null;
    const { baseUrl = null } = await this.settings.of(
      provider.kind,
      isPlatform ? 'platform' : 'organization',
      { baseUrl: input.baseUrl },
    );
    const target = {
      kind: provider.kind,
      secret: apiKey,
      baseUrl: baseUrl ?? provider.baseUrl,
      isTrustedUrl: baseUrl === null || isPlatform,
    };
    const result = await this.prober.ask(target, byToken(caller.actorId), AbortSignal.timeout(limitMs));
    return result ?? busyResult;
  }

  /** A real check, so what it finds is written down. */
  private async testCredential(caller: Caller, id: string, { baseUrl }: KeyTest): Promise<ProbeResult> {
    // Else whoever may write could send a key that nobody may read to a server of their own.
    if (baseUrl !== undefined)
      return refuse('base_url', 'must be left out: a saved key goes to its own provider only');
    const credential = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.find(manager, id),
    );
    if (!credential) {
      throw new AppError('credential_not_found', 'Check credential_id: GET /api/v1/credentials lists yours.');
    }
    const { result } = await this.checks.checkNow(id, limitMs, caller.actorId);
    return result ?? busyResult;
  }
}

function refuse(field: string, message: string): never {
  throw new AppError('validation_failed', `${field} ${message}.`, { fields: [{ field, message }] });
}
