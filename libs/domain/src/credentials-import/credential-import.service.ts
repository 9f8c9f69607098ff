import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import { type ProviderEntity, TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { CredentialCheckService } from '@signalbox/domain/credential-checks';
import { checkKey, manualSecretName } from '@signalbox/domain/credentials';
import { ProviderLookup } from '@signalbox/domain/providers';
import { SecretStores } from '@signalbox/domain/secrets';
import { type InfisicalSecretStore, SecretStoreError } from '@signalbox/secrets';
import { ImportRepository } from './import.repository';
import { ManualAreas } from './manual-areas';
import { importCaller, ManualKeyService } from './manual-key.service';
import { parseManualName } from './manual-name';
import { Remarks } from './remarks';

export interface PullResult {
  added: number;
  changed: number;
  disabled: number;
}

/** A secret counts as gone when two complete listings, this far apart, lack it. */
const goneAfterMs = 30_000;

/** Takes in the keys that people keep in Infisical by hand, in folder `manual` of an organization or of the platform. */
@Injectable()
export class CredentialImportService {
  private readonly areas: ManualAreas;
  private readonly remarks: Remarks;
  /** By credential: since when its secret is missing. */
  private readonly missingSinceMs = new Map<string, number>();

  constructor(
    private readonly stores: SecretStores,
    private readonly keys: ManualKeyService,
    private readonly repository: ImportRepository,
    private readonly providers: ProviderLookup,
    private readonly checks: CredentialCheckService,
    private readonly transactions: TenantTransactions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.areas = new ManualAreas(clock);
    this.remarks = new Remarks(logger);
  }

  /** Looks at everything once. Without Infisical it does nothing; while Infisical is away nothing changes. */
  async pull(signal: AbortSignal): Promise<PullResult> {
    const result: PullResult = { added: 0, changed: 0, disabled: 0 };
    const store = this.stores.infisical;
    if (!store) return result;
    try {
      for (const owner of await this.areas.owners(store)) {
        if (signal.aborted) break;
        await this.pullOwnerOrRemark(store, owner, result);
      }
      this.remarks.settled('store');
    } catch (error) {
      if (!(error instanceof SecretStoreError)) throw error;
      this.remarks.once('store', 'keys kept by hand cannot be looked at', { error });
    }
    if (result.added + result.changed > 0) await this.checks.hint();
    return result;
  }

  /** Something was changed by hand, maybe a folder made: look everywhere at the next pull. */
  hintChanged(): void {
    this.areas.forget();
  }

  /** A folder that we may not see says nothing of the others. */
  private async pullOwnerOrRemark(
    store: InfisicalSecretStore,
    organizationId: string | null,
    result: PullResult,
  ): Promise<void> {
    const about = `owner ${organizationId ?? 'platform'}`;
    try {
      await this.pullOwner(store, organizationId, result);
      this.remarks.settled(about);
    } catch (error) {
      if (!(error instanceof SecretStoreError) || error.reason === 'unavailable') throw error;
      const fields = { organization_id: organizationId, error };
      this.remarks.once(about, 'keys kept by hand cannot be looked at', fields);
    }
  }

  private async pullOwner(
    store: InfisicalSecretStore,
    organizationId: string | null,
    result: PullResult,
  ): Promise<void> {
    const listing = await store.list(organizationId, 'manual');
    for (const { name } of listing.secrets) await this.takeIn(store, organizationId, name, result);
    if (!listing.isComplete) return this.areas.notThere(organizationId);
    const names = new Set(listing.secrets.map(({ name }) => manualSecretName(name)));
    await this.disableGone(organizationId, names, result);
  }

  private async takeIn(
    store: InfisicalSecretStore,
    organizationId: string | null,
    name: string,
    result: PullResult,
  ): Promise<void> {
    const place = `${organizationId ?? 'platform'} ${name}`;
    const fields = { organization_id: organizationId, secret_name: name };
    const parsed = parseManualName(name);
    if (!parsed)
      return this.remarks.once(place, 'a secret kept by hand has no name of a provider key', fields);
    try {
      const { value } = await store.read({ organizationId, area: 'manual', name });
      checkKey(value);
      const provider = await this.providerOf(parsed.kind);
      const { workspaceId } = parsed;
      const outcome = await this.keys.take({ organizationId, workspaceId, name, provider, secret: value });
      if (outcome === 'owner_missing') {
        return this.remarks.once(place, 'a key kept by hand has no owner here', fields);
      }
      if (outcome !== 'unchanged') result[outcome] += 1;
      this.remarks.settled(place);
    } catch (error) {
      if (!isOfThisKey(error)) throw error;
      this.remarks.once(place, 'a key kept by hand cannot be used', { ...fields, error });
    }
  }

  private providerOf(kind: string): Promise<ProviderEntity> {
    return this.providers.resolve(importCaller, kind);
  }

  private async disableGone(
    organizationId: string | null,
    names: ReadonlySet<string>,
    result: PullResult,
  ): Promise<void> {
    const imported = await this.transactions.run('platform', (manager) =>
      this.repository.enabled(manager, organizationId),
    );
    for (const { credential, version } of imported) {
      if (names.has(version.secretName)) this.missingSinceMs.delete(credential.id);
      else if (this.isGone(credential.id)) {
        await this.keys.disable(credential.id);
        this.missingSinceMs.delete(credential.id);
        result.disabled += 1;
      }
    }
  }

  private isGone(credentialId: string): boolean {
    const nowMs = this.clock.nowMs();
    const sinceMs = this.missingSinceMs.get(credentialId);
    if (sinceMs === undefined) this.missingSinceMs.set(credentialId, nowMs);
    return sinceMs !== undefined && nowMs - sinceMs >= goneAfterMs;
  }
}

/** A form that no key has, a provider that is not set up, a value that is hidden: no reason to stop with the others. */
function isOfThisKey(error: unknown): boolean {
  if (error instanceof SecretStoreError) return error.reason !== 'unavailable';
  const codes: string[] = ['credential_key_invalid', 'provider_not_found', 'validation_failed'];
  return error instanceof AppError && codes.includes(error.code);
}
