import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import { type CredentialEntity, type CredentialVersionEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import { CredentialAnnouncer } from './credential-announcer';
import { CheckedSettings } from './credential-checked-settings';
import { applySettings, auditedSettings, checkKey, inEnvironment, nextRotationAt } from './credential-input';
import { CredentialRepository } from './credential.repository';
import { CredentialSecrets } from './credential-secrets';
import { awaitCheck } from './credential-state';
import type { CredentialSettings } from './credential.types';
import { makeCurrent } from './current-version';
import { knownCredential } from './known-credential';
import { maskedKey } from './mask-secret';

interface Replaced {
  credential: CredentialEntity;
  old: CredentialVersionEntity | null;
}

/** A new value at once, without a watch over the old one: for people who paste a new key over the old. */
@Injectable()
export class CredentialReplacementService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly credentials: CredentialRepository,
    private readonly settings: CheckedSettings,
    private readonly secrets: CredentialSecrets,
    private readonly announcer: CredentialAnnouncer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async replaceSecret(
    caller: Caller,
    id: string,
    apiKey: string,
    wanted: CredentialSettings = {},
  ): Promise<CredentialEntity> {
    requireScope(caller, 'credentials:write');
    checkKey(apiKey);
    const known = await this.transactions.run(tenantOf(caller), async (manager) =>
      replaceable(knownCredential(await this.credentials.find(manager, id))),
    );
    const kind = known.provider?.kind ?? '';
    const settings = await this.settings.of(kind, known.ownerType, wanted);
    const target = { id, organizationId: known.organizationId, kind };
    const { credential, old } = await this.secrets.saveFirst(target, apiKey, (version) =>
      this.transactions.run(tenantOf(caller), (manager) =>
        this.switchTo(manager, caller, id, version, settings),
      ),
    );
    await this.announcer.live(credential.ownerKey);
    if (old) await this.secrets.discard([old]);
    return credential;
  }

  private async switchTo(
    manager: EntityManager,
    caller: Caller,
    id: string,
    version: CredentialVersionEntity,
    settings: CredentialSettings,
  ): Promise<Replaced> {
    const credential = replaceable(knownCredential(await this.credentials.findForUpdate(manager, id)));
    await this.refuseDuringRotation(manager, id);
    const now = this.clock.now();
    const old = await this.credentials.findVersion(manager, credential.currentVersionId ?? '');
    if (old) await this.credentials.retireVersion(manager, old.id, now);
    version.number = await this.credentials.nextVersionNumber(manager, id);
    makeCurrent(credential, version, now);
    await this.credentials.insertVersion(manager, version);
    const changed = applySettings(credential, settings, now);
    // Nothing is known of the new value, so what was known of the old one must not protect it.
    credential.verifiedAt = null;
    credential.checkedAt = null;
    credential.nextRotationAt = nextRotationAt(credential.rotateEveryDays, now);
    if (credential.enabled) awaitCheck(credential, now);
    await this.announcer.changed(manager, caller, credential, 'byok_key_updated', {
      keyName: maskedKey(credential),
      fingerprint: credential.fingerprint,
      ...auditedSettings(credential, changed),
    });
    return { credential, old };
  }

  private async refuseDuringRotation(manager: EntityManager, id: string): Promise<void> {
    if (!(await this.credentials.hasRunningRotation(manager, id))) return;
    throw new AppError(
      'rotation_in_progress',
      `A rotation is giving this credential a new value. Wait for its end, or cancel it: GET /api/v1/rotations?subject_id=${id}.`,
    );
  }
}

function replaceable(credential: CredentialEntity): CredentialEntity {
  if (credential.source !== 'env') return credential;
  throw inEnvironment(credential, 'give the variable another value and start LiteLLM anew');
}
