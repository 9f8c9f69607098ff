import { Injectable } from '@nestjs/common';
import { AppError, invalidField } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { CheckedSettings, checkKey } from '@signalbox/domain/credentials';
import { livenessUrl, type ProbeResult } from '@signalbox/domain/provider-drivers';
import { type KnownProvider, providerKind, ProviderLookup } from '@signalbox/domain/providers';
import { CredentialCheckRepository } from './credential-check.repository';
import { CredentialCheckService } from './credential-check.service';
import { byToken, ProviderProber } from './provider-prober.service';
import { busyResult } from './unasked-results';

export interface KeyTest {
  /** Id, name or kind of the provider, which is not made by this; not needed for a credential, which has one. */
  provider?: string | undefined;
  /** In its place: of a provider that is not saved, and will not be by this. */
  kind?: string | undefined;
  apiKey?: string | undefined;
  credentialId?: string | undefined;
  baseUrl?: string | undefined;
}

const limitMs = 12_000;

/** Tries out a key or a provider, saved or not, and says what the provider thinks of it. */
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
    if (credentialId !== undefined && apiKey === undefined) {
      return this.testCredential(caller, credentialId, input);
    }
    const isTold = input.provider !== undefined || input.kind !== undefined;
    if (credentialId === undefined && (apiKey !== undefined || (isTold && caller.organizationId === null))) {
      return this.testProvider(caller, input);
    }
    return refuse('api_key', 'or credential_id must be given, one of the two');
  }

  /** A key at a provider; without one, what the platform has: its own key there, or a route that says that the server is there. */
  private async testProvider(caller: Caller, input: KeyTest): Promise<ProbeResult> {
    if (input.apiKey !== undefined) checkKey(input.apiKey);
    const provider = await this.providerOf(caller, input);
    const isPlatform = caller.organizationId === null;
    const owner = isPlatform ? 'platform' : 'organization';
    const { baseUrl = null } = await this.settings.of(provider.kind, owner, { baseUrl: input.baseUrl });
    const target = {
      kind: provider.kind,
      baseUrl: baseUrl ?? provider.baseUrl,
      isTrustedUrl: baseUrl === null || isPlatform,
    };
    const [urgency, signal] = [byToken(caller.actorId), AbortSignal.timeout(limitMs)];
    if (input.apiKey !== undefined) {
      return (await this.prober.ask({ ...target, secret: input.apiKey }, urgency, signal)) ?? busyResult;
    }
    const savedKeyId = baseUrl === null ? await this.platformKeyOf(provider.id) : null;
    if (savedKeyId !== null) return this.testCredential(caller, savedKeyId, {});
    if (livenessUrl(target.kind, target.baseUrl) !== null) {
      return (await this.prober.askLiveness(target, urgency, signal)) ?? busyResult;
    }
    const known = providerKind(target.kind);
    if (known?.baseUrl === 'required' && target.baseUrl === null)
      return refuse('base_url', 'is needed: this kind of provider has no address of its own');
    if (known?.needsKey === false)
      return refuse(input.kind === undefined ? 'provider' : 'kind', 'has no server that could be asked');
    return refuse(
      'api_key',
      'is needed: the platform has no key here that may be tried, and this kind of provider answers nobody without one',
    );
  }

  private async providerOf(caller: Caller, { provider, kind }: KeyTest): Promise<KnownProvider> {
    if (provider !== undefined && kind !== undefined) return refuse('kind', 'must be left out with provider');
    if (kind !== undefined) return { id: null, kind, baseUrl: null };
    if (provider === undefined) return refuse('provider', 'is needed: its id, name or kind');
    return this.providers.look(caller, provider);
  }

  private async platformKeyOf(providerId: string | null): Promise<string | null> {
    if (providerId === null) return null;
    return this.transactions.run('platform', (manager) =>
      this.repository.findPlatformKeyId(manager, providerId),
    );
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
  throw invalidField(field, message);
}
