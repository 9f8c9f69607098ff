import { Inject, Injectable } from '@nestjs/common';
import { AppError, invalidField } from '@signalbox/common';
import {
  type CredentialEntity,
  type CredentialVersionEntity,
  isUniqueViolation,
  type RotationEntity,
  type RotationMethod,
  TenantTransactions,
} from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { checkKey, CredentialSecrets } from '@signalbox/domain/credentials';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { endOf } from './credential-subject';
import { RotationJournal } from './rotation-journal';
import { type Pace, paceOf, providerApiProblem, settingsOf } from './rotation-settings';
import { RotationFactory } from './rotation.factory';
import { RotationRepository } from './rotation.repository';
import { PROVIDER_DRIVERS, type ProviderDrivers } from './rotation.tokens';
import type { RotationDetails, StartCredentialRotation } from './rotation.types';
import { RotationViews } from './rotation-views';

interface Planned {
  readonly credential: CredentialEntity;
  readonly kind: string;
  readonly method: RotationMethod;
  readonly pace: Pace;
  readonly revokesOld: boolean;
  readonly trigger: RotationEntity['trigger'];
}

/** Starts rotations of credentials. The rest is the runner's. */
@Injectable()
export class CredentialRotationService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly factory: RotationFactory,
    private readonly journal: RotationJournal,
    private readonly views: RotationViews,
    private readonly secrets: CredentialSecrets,
    private readonly audit: AuditTrail,
    private readonly jobs: JobProducer,
    @Inject(PROVIDER_DRIVERS) private readonly driverOf: ProviderDrivers,
  ) {}

  async start(
    caller: Caller,
    credentialId: string,
    input: StartCredentialRotation,
    trigger: RotationEntity['trigger'] = 'request',
  ): Promise<RotationDetails> {
    requireScope(caller, 'credentials:write');
    const { apiKey } = input;
    if (apiKey !== undefined) checkKey(apiKey);
    const planned = await this.transactions.run(tenantOf(caller), async (manager) => {
      const credential = await this.rotations.credential(manager, credentialId);
      return this.plan(rotatable(credential), input, trigger);
    });
    const rotation = await this.begin(caller, planned, apiKey);
    void this.jobs.add('rotation.advance', {});
    return this.views.of(rotation, null);
  }

  private async begin(caller: Caller, planned: Planned, apiKey: string | undefined): Promise<RotationEntity> {
    const run = (staged: CredentialVersionEntity | null): Promise<RotationEntity> =>
      this.write(caller, (manager) => this.insert(manager, caller, planned, staged));
    if (apiKey === undefined) return run(null);
    const { credential, kind } = planned;
    const target = { id: credential.id, organizationId: credential.organizationId, kind };
    return this.secrets.saveFirst(target, apiKey, run);
  }

  private plan(
    credential: CredentialEntity,
    input: StartCredentialRotation,
    trigger: RotationEntity['trigger'],
  ): Planned {
    const settings = settingsOf(credential.rotation);
    const kind = credential.provider?.kind ?? '';
    const method = input.method ?? (input.apiKey !== undefined ? 'given' : settings.method);
    if (method === 'provider_api') this.requireProviderApi(kind, credential, input);
    else if (input.apiKey === undefined) {
      throw new AppError(
        'rotation_not_possible',
        'Give the new key as api_key, or set up rotation.method provider_api for the credential, where the provider makes keys by API.',
      );
    }
    return {
      credential,
      kind,
      method: method === 'provider_api' ? 'provider_api' : 'given',
      pace: paceOf(input.grace ?? settings.grace, input.deadline ?? settings.deadline),
      revokesOld: input.revokeAtProvider ?? settings.revokesOld,
      trigger,
    };
  }

  private requireProviderApi(
    kind: string,
    credential: CredentialEntity,
    input: StartCredentialRotation,
  ): void {
    if (input.apiKey !== undefined) {
      throw invalidField('api_key', 'must be left out with method provider_api: the provider makes the key');
    }
    const problem = providerApiProblem(this.driverOf(kind), credential);
    if (problem === null) return;
    throw new AppError(
      'rotation_not_possible',
      `${problem}. Make the new key at the provider and give it as api_key, or change the credential's rotation settings.`,
    );
  }

  private async insert(
    manager: EntityManager,
    caller: Caller,
    planned: Planned,
    staged: CredentialVersionEntity | null,
  ): Promise<RotationEntity> {
    const credential = rotatable(await this.rotations.lockCredential(manager, planned.credential.id));
    if (await this.rotations.isRunningOf(manager, credential.id)) throw inProgress(credential.id);
    if (staged) await this.stage(manager, credential, staged);
    const { method, pace, revokesOld, trigger } = planned;
    const { id: subjectId, organizationId, currentVersionId: fromVersionId } = credential;
    const rotation = this.factory.rotation(
      caller,
      {
        organizationId,
        subjectType: 'credential',
        subjectId,
        method,
        trigger,
        fromVersionId,
        toVersionId: staged?.id ?? null,
      },
      pace,
      { revokesOld },
    );
    await this.journal.begin(
      manager,
      rotation,
      staged
        ? [
            ['request', null],
            ['stage', null],
          ]
        : [['request', null]],
    );
    await this.audit.record(manager, caller, {
      action: 'rotation.started',
      targetType: 'rotation',
      targetId: rotation.id,
      organizationId,
      changes: { credentialId: subjectId, method, trigger, fingerprint: staged?.fingerprint ?? null },
    });
    return rotation;
  }

  private async stage(
    manager: EntityManager,
    credential: CredentialEntity,
    staged: CredentialVersionEntity,
  ): Promise<void> {
    if (staged.fingerprint === credential.fingerprint) {
      throw new AppError('rotation_not_possible', 'This is the present key. Make a new one at the provider.');
    }
    staged.number = await this.rotations.nextVersionNumber(manager, credential.id);
    await this.rotations.insertVersion(manager, staged);
  }

  private async write<Result>(
    caller: Caller,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.transactions.run(tenantOf(caller), work);
    } catch (error) {
      if (isUniqueViolation(error, 'rotations_one_running_key')) throw inProgress(null);
      throw error;
    }
  }
}

function inProgress(subjectId: string | null): AppError {
  const where = subjectId === null ? '' : `?subject_id=${subjectId}`;
  return new AppError(
    'rotation_in_progress',
    `Wait for its end, or cancel it or roll it back: GET /api/v1/rotations${where} shows it.`,
  );
}

/** With a value of our own that is in use. */
function rotatable(credential: CredentialEntity | null): CredentialEntity {
  if (!credential || credential.deletedAt !== null) {
    throw new AppError(
      'credential_not_found',
      'Check the id: GET /api/v1/credentials lists those that you may see.',
    );
  }
  if (credential.source === 'env')
    throw new AppError(
      'rotation_not_possible',
      `The key is the variable ${(credential.reference ?? '').replace(/^env:/, '')} of LiteLLM's process. Give it another value and start LiteLLM anew, or save the key as a credential.`,
    );
  if (credential.source === 'store')
    throw new AppError(
      'rotation_not_possible',
      'The key was put into the secret store by hand. Change it there: the new value is found and checked by itself.',
    );
  const end = endOf(credential);
  if (end)
    throw new AppError('rotation_not_possible', 'The credential is disabled. Enable it, then rotate it.');
  if (credential.currentVersionId === null)
    throw new AppError('rotation_not_possible', 'The credential has no value yet.');
  return credential;
}
