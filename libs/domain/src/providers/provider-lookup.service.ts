import { Injectable } from '@nestjs/common';
import { AppError, invalidField, isId } from '@signalbox/common';
import { isUniqueViolation, type ProviderEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, tenantOf } from '@signalbox/domain/access';
import type { EntityManager } from 'typeorm';
import { isProviderKind, providerKind, type ProviderKindName } from './provider-kinds';
import { ProviderRepository } from './provider.repository';
import { ProviderService } from './provider.service';

export interface KnownProvider {
  /** null: it is not saved. */
  readonly id: string | null;
  readonly kind: string;
  readonly baseUrl: string | null;
}

/** Finds the provider that a key is for, by what people know of it: its id, its name, or its kind. */
@Injectable()
export class ProviderLookup {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ProviderRepository,
    private readonly providers: ProviderService,
  ) {}

  /** Vendors that everybody knows are made when they are missing, also for an organization: their address is fixed. */
  async resolve(caller: Caller, reference: string): Promise<ProviderEntity> {
    const found = await this.find(caller, reference);
    if (found) return found;
    if (!isId('provider', reference) && hasFixedAddress(reference)) {
      return this.makeVendorOwn(caller, reference);
    }
    throw unknownProvider();
  }

  /** The same without making anything: a vendor that is missing is known by its kind. */
  async look(caller: Caller, reference: string): Promise<KnownProvider> {
    const found = await this.find(caller, reference);
    if (found) return found;
    if (isId('provider', reference) || !hasFixedAddress(reference)) throw unknownProvider();
    return { id: null, kind: reference, baseUrl: null };
  }

  private async find(caller: Caller, reference: string): Promise<ProviderEntity | null> {
    return this.transactions.run(tenantOf(caller), async (manager) => {
      if (isId('provider', reference)) return this.repository.find(manager, reference);
      const named = await this.repository.findByName(manager, reference);
      if (named) return named;
      return isProviderKind(reference) ? this.findOfKind(manager, reference) : null;
    });
  }

  /** The one that reaches the vendor itself, else the only one. */
  private async findOfKind(manager: EntityManager, kind: ProviderKindName): Promise<ProviderEntity | null> {
    const vendorOwn = await this.repository.findVendorOwn(manager, kind);
    if (vendorOwn) return vendorOwn;
    const ofKind = await this.repository.listOfKind(manager, kind, 2);
    if (ofKind.length < 2) return ofKind[0] ?? null;
    throw invalidField(
      'provider',
      `is a kind of which there are several providers: give the name or the id of one (GET /api/v1/llm/providers?kind=${kind})`,
    );
  }

  /** In a transaction of its own: the provider belongs to the platform, and stays whatever becomes of the request. */
  private async makeVendorOwn(caller: Caller, kind: ProviderKindName): Promise<ProviderEntity> {
    const { idempotency: _idempotency, ...maker } = caller;
    const make = (): Promise<ProviderEntity> =>
      this.transactions.run('platform', (manager) =>
        this.providers.findOrCreateVendorOwn(manager, maker, kind),
      );
    try {
      return await make();
    } catch (error) {
      // Somebody else made it in the same moment.
      if (!isUniqueViolation(error, 'providers_name_key')) throw error;
      return make();
    }
  }
}

function hasFixedAddress(kind: string): kind is ProviderKindName {
  return isProviderKind(kind) && providerKind(kind)?.environmentVariable !== null;
}

/** Without the text itself: who mixes up two fields sends the key here. */
function unknownProvider(): AppError {
  return new AppError(
    'provider_not_found',
    'provider is neither the id nor the name of a provider, nor a kind of which there is one: see GET /api/v1/llm/providers and /api/v1/llm/provider-kinds.',
  );
}
