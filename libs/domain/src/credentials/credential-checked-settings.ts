import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import type { CredentialOwnerType } from '@signalbox/database';
import { ALLOWED_HOSTS } from '@signalbox/domain/core';
import { checkUrl } from '@signalbox/egress';
import { baseUrlFor, checkRotation } from './credential-input';
import type { CredentialSettings } from './credential.types';

/** Settings that need more than a look at themselves. Asks the name server, so it is not for inside a transaction. */
@Injectable()
export class CheckedSettings {
  constructor(@Inject(ALLOWED_HOSTS) private readonly allowedHosts: readonly string[]) {}

  async of(
    kind: string,
    ownerType: CredentialOwnerType,
    settings: CredentialSettings,
  ): Promise<CredentialSettings> {
    if (settings.rotation) checkRotation(kind, settings.rotation);
    if (typeof settings.baseUrl !== 'string') return settings;
    const baseUrl = baseUrlFor(kind, settings.baseUrl);
    if (ownerType !== 'platform') await this.refuseForbidden(baseUrl);
    return { ...settings, baseUrl };
  }

  /**
   * The platform's own URLs are the operator's word; all others are called through the guard, and what it would refuse
   * is refused here first. A name that is not known now may be later: the guard asks again at each call.
   */
  private async refuseForbidden(baseUrl: string): Promise<void> {
    const verdict = await checkUrl(baseUrl, { allowedHosts: this.allowedHosts });
    if (verdict.ok || verdict.reason === 'unresolved') return;
    throw new AppError('base_url_forbidden', `base_url: ${verdict.message}`, {
      fields: [{ field: 'base_url', message: 'leads to an address that is not allowed' }],
    });
  }
}
