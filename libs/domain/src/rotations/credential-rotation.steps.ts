import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { type CredentialVersionEntity, type RotationEntity, TenantTransactions } from '@signalbox/database';
import { ALLOWED_HOSTS, CLOCK } from '@signalbox/domain/core';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { type MadeKey, type ProbeResult, ProviderKeyError } from '@signalbox/domain/provider-drivers';
import { SecretStores } from '@signalbox/domain/secrets';
import type { EntityManager } from 'typeorm';
import { addressOf, type CredentialSubject, endOf } from './credential-subject';
import { CredentialSwitch } from './credential-switch';
import { ProviderKeyService } from './provider-key.service';
import { decideValidation, validationLimitMs } from './rotation-decisions';
import { dataOf, dateOf, remember, stepOf } from './rotation-data';
import { RotationJournal } from './rotation-journal';
import { type Committed, justMove, type Move, type StepOutcome } from './rotation-move';
import { describeFailure, giveUpAfterAttempts, isHopeless, warningOf } from './rotation-failure';
import { RotationRepository } from './rotation.repository';
import {
  PROVIDER_DRIVERS,
  type ProviderDrivers,
  ROTATION_TUNING,
  type RotationTuning,
} from './rotation.tokens';

const probeTimeoutMs = 10_000;
/** How late a change of the credential itself is noticed. */
const lookEveryMs = 30_000;
const refusalsToFail = 3;

/** The steps of a credential's rotation. README.md says what each one promises. */
@Injectable()
export class CredentialRotationSteps {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly journal: RotationJournal,
    private readonly credentialSwitch: CredentialSwitch,
    private readonly versions: CredentialVersions,
    private readonly stores: SecretStores,
    private readonly providerKeys: ProviderKeyService,
    @Inject(PROVIDER_DRIVERS) private readonly driverOf: ProviderDrivers,
    @Inject(ALLOWED_HOSTS) private readonly allowedHosts: readonly string[],
    @Inject(ROTATION_TUNING) private readonly tuning: RotationTuning,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async take(rotation: RotationEntity, signal: AbortSignal): Promise<StepOutcome> {
    switch (stepOf(rotation)) {
      case 'create_at_provider':
        return this.orFail(rotation, () => this.create(rotation));
      case 'validate':
        return this.orFail(rotation, () => this.validate(rotation, signal));
      case 'switch':
        return { commit: (manager, locked) => this.credentialSwitch.forward(manager, locked) };
      case 'watch':
        return this.watch(rotation);
      case 'retire':
        return { commit: (manager, locked) => this.credentialSwitch.retire(manager, locked) };
      case 'revoke_at_provider':
        return this.revokeAtProvider(rotation);
      case 'erase':
        return this.erase(rotation.fromVersionId);
      case 'discard_at_provider':
        return this.discardAtProvider(rotation);
      case 'discard_erase':
        return this.erase(rotation.toVersionId);
      case 'finished':
        throw new Error(`${rotation.id} is finished`);
    }
  }

  private async create(rotation: RotationEntity): Promise<StepOutcome> {
    const subject = await this.subjectOf(rotation);
    const over = this.whyOver(rotation, subject);
    if (over) return over;
    // A key that cannot be stored would have to be revoked at once: ask the store before the provider.
    await this.stores.active.check();
    const made = await this.providerKeys.make(subject, rotation.id);
    const stored = await this.storeMade(subject, made);
    return {
      commit: async (manager, locked) => {
        await this.stage(manager, locked, stored);
        const now = this.clock.now().toISOString();
        remember(locked, { madeAt: now, newExpiresAt: made.expiresAt?.toISOString() ?? null });
        return { move: { kind: 'next' } };
      },
      discard: async () => {
        await this.providerKeys.dropMade(subject, made);
        await this.versions.erase(stored);
      },
    };
  }

  private async storeMade(subject: CredentialSubject, made: MadeKey): Promise<CredentialVersionEntity> {
    const { credential, kind, from } = subject;
    if (this.versions.fingerprint(made.secret) === from?.fingerprint)
      throw new ProviderKeyError('refused', 'The provider answered with the present key as the new one.');
    const owner = { id: credential.id, organizationId: credential.organizationId, kind };
    try {
      // The number is given with the row.
      return await this.versions.prepare(owner, 0, made.secret, made.externalId);
    } catch (error) {
      await this.providerKeys.dropMade(subject, made);
      throw error;
    }
  }

  private async stage(
    manager: EntityManager,
    rotation: RotationEntity,
    version: CredentialVersionEntity,
  ): Promise<void> {
    await this.rotations.lockCredential(manager, rotation.subjectId);
    version.number = await this.rotations.nextVersionNumber(manager, rotation.subjectId);
    await this.rotations.insertVersion(manager, version);
    rotation.toVersionId = version.id;
    await this.journal.note(manager, rotation, 'stage', 'done', null);
  }

  private async validate(rotation: RotationEntity, signal: AbortSignal): Promise<StepOutcome> {
    const subject = await this.subjectOf(rotation);
    const over = this.whyOver(rotation, subject);
    if (over) return over;
    if (!subject.to)
      return this.dropping('failed', { code: 'new_value_lost', detail: 'The new value is gone.' });
    const secret = await this.versions.readSecret(subject.to);
    const probed = await this.driverOf(subject.kind).probe(
      {
        ...addressOf(subject.credential),
        secret,
        allowedHosts: this.allowedHosts,
        purpose: subject.credential.purpose,
      },
      AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]),
    );
    return { commit: (manager, locked) => this.judge(manager, locked, probed) };
  }

  private async judge(
    manager: EntityManager,
    rotation: RotationEntity,
    probed: ProbeResult,
  ): Promise<Committed> {
    const { firstValidAt, firstRefusedAt, madeAt, newExpiresAt } = dataOf(rotation);
    const soFar = {
      firstValidAt: dateOf(firstValidAt),
      firstRefusedAt: dateOf(firstRefusedAt),
      madeAt: dateOf(madeAt),
    };
    const verdict = decideValidation(probed, soFar, this.clock.now(), this.tuning.pauseBetweenProbesMs);
    switch (verdict.kind) {
      case 'accepted':
        remember(rotation, {
          isVerified: probed.outcome === 'valid' && probed.certainty === 'sure',
          newExpiresAt: probed.expiresAt?.toISOString() ?? newExpiresAt ?? null,
        });
        return { move: { kind: 'next', detail: probed.detail } };
      case 'refused': {
        const why = {
          code: 'new_value_refused',
          detail: `The provider refuses the new key: ${verdict.detail}`,
        };
        return { move: await this.credentialSwitch.dropNew(manager, rotation, 'failed', why) };
      }
      case 'again':
        remember(rotation, {
          firstValidAt: verdict.firstValidAt?.toISOString() ?? null,
          firstRefusedAt: verdict.firstRefusedAt?.toISOString() ?? null,
        });
        return { move: { kind: 'wait', until: verdict.at } };
      case 'unclear': {
        const { detail, retryAfterMs } = verdict;
        return { move: { kind: 'retry', code: 'not_validated_yet', detail, retryAfterMs } };
      }
    }
  }

  private async watch(rotation: RotationEntity): Promise<StepOutcome> {
    const { credential, from } = await this.subjectOf(rotation);
    if (credential.deletedAt !== null)
      return justMove({ kind: 'next', detail: 'The credential was deleted.' });
    if (from?.status !== 'retiring') return justMove({ kind: 'next', detail: 'was gone already' });
    const now = this.clock.now();
    const dueAt = this.credentialSwitch.retirementAt(rotation, from);
    if (now >= dueAt) return justMove({ kind: 'next', detail: lastUseOf(from) });
    const untilMs = Math.min(dueAt.getTime(), now.getTime() + lookEveryMs);
    return justMove({ kind: 'wait', until: new Date(untilMs) });
  }

  private async revokeAtProvider(rotation: RotationEntity): Promise<StepOutcome> {
    const subject = await this.subjectOf(rotation);
    return this.trying(rotation, async () => {
      if (rotation.method === 'provider_api')
        await this.providerKeys.revokeStrays(subject, rotation.id, subject.to?.externalId ?? null);
      const { from } = subject;
      if (!dataOf(rotation).revokesOld || !from) return { kind: 'next' };
      if (await this.providerKeys.revoke(subject, from))
        return { kind: 'next', detail: 'The old key is revoked.' };
      return { kind: 'next', warning: warningOf(subject, from, "the provider's id of it is not known") };
    });
  }

  private async discardAtProvider(rotation: RotationEntity): Promise<StepOutcome> {
    const subject = await this.subjectOf(rotation);
    return this.trying(rotation, async () => {
      if (subject.to) await this.providerKeys.revoke(subject, subject.to);
      await this.providerKeys.revokeStrays(subject, rotation.id, null);
      return { kind: 'next' };
    });
  }

  /** A clear no ends the rotation before anything was switched; one alone may be a hiccup. */
  private async orFail(rotation: RotationEntity, work: () => Promise<StepOutcome>): Promise<StepOutcome> {
    try {
      return await work();
    } catch (error) {
      if (!isHopeless(error) || rotation.attempts < refusalsToFail - 1) throw error;
      const { code, detail } = describeFailure(error);
      return this.dropping('failed', { code, detail });
    }
  }

  /** At the provider, where nothing is worth waiting for ever: what is left there is told to a person. */
  private async trying(rotation: RotationEntity, work: () => Promise<Move>): Promise<StepOutcome> {
    try {
      return justMove(await work());
    } catch (error) {
      const isOver = isHopeless(error) || rotation.attempts >= giveUpAfterAttempts;
      if (!isOver) throw error;
      const subject = await this.subjectOf(rotation);
      const version = rotation.status === 'running' ? subject.from : subject.to;
      const reason = error instanceof Error ? error.message : 'unexpected';
      return justMove({ kind: 'next', warning: warningOf(subject, version, reason) });
    }
  }

  private async erase(versionId: string | null): Promise<StepOutcome> {
    const version = await this.transactions.run('platform', (manager) =>
      this.rotations.version(manager, versionId),
    );
    if (version && version.erasedAt === null) await this.versions.erase(version);
    return justMove({ kind: 'next' });
  }

  /** Before the switch, a rotation ends with its credential, or when its time is up. */
  private whyOver(rotation: RotationEntity, subject: CredentialSubject): StepOutcome | null {
    const end = endOf(subject.credential);
    if (end) return this.dropping('cancelled', end);
    const limitMs = Math.min(
      rotation.createdAt.getTime() + validationLimitMs,
      rotation.deadlineAt?.getTime() ?? Number.POSITIVE_INFINITY,
    );
    if (this.clock.nowMs() < limitMs) return null;
    const detail = `The new key could not be put to use in time. ${rotation.errorDetail ?? ''}`.trim();
    return this.dropping('failed', { code: 'deadline_passed', detail });
  }

  private dropping(status: 'failed' | 'cancelled', why: { code: string; detail: string }): StepOutcome {
    return {
      commit: async (manager, locked) => ({
        move: await this.credentialSwitch.dropNew(manager, locked, status, why),
      }),
    };
  }

  private async subjectOf(rotation: RotationEntity): Promise<CredentialSubject> {
    return this.transactions.run('platform', async (manager) => {
      const credential = await this.rotations.credential(manager, rotation.subjectId);
      if (!credential) throw new Error(`${rotation.subjectId} has no row`);
      return {
        credential,
        kind: credential.provider?.kind ?? 'unknown',
        from: await this.rotations.version(manager, rotation.fromVersionId),
        to: await this.rotations.version(manager, rotation.toVersionId),
      };
    });
  }
}

function lastUseOf({ lastUsedAt }: CredentialVersionEntity): string {
  return lastUsedAt ? `Last used at ${lastUsedAt.toISOString()}.` : 'Not used since it is recorded.';
}
