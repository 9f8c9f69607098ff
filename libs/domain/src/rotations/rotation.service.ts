import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, isId, type Page, toPage } from '@signalbox/common';
import { type RotationEntity, type RotationSubjectType, TenantTransactions } from '@signalbox/database';
import { type Caller, grants, requireScope, type Scope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { CredentialSwitch } from './credential-switch';
import { canCancel, canRollBack } from './rotation-steps';
import { dataOf, remember, stepOf } from './rotation-data';
import { RotationJournal } from './rotation-journal';
import type { Committed } from './rotation-move';
import { RotationViews } from './rotation-views';
import { RotationRepository } from './rotation.repository';
import type { RotationDetails, RotationFilter, RotationWithEvents } from './rotation.types';
import { VirtualKeyRotationSteps } from './virtual-key-rotation.steps';

const scopesOf = {
  credential: { read: 'credentials:read', write: 'credentials:write' },
  virtual_key: { read: 'keys:read', write: 'keys:write' },
} as const satisfies Record<RotationSubjectType, { read: Scope; write: Scope }>;

/** What people see of rotations, and what they may decide. */
@Injectable()
export class RotationService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly journal: RotationJournal,
    private readonly views: RotationViews,
    private readonly credentialSwitch: CredentialSwitch,
    private readonly keySteps: VirtualKeyRotationSteps,
    private readonly audit: AuditTrail,
    private readonly jobs: JobProducer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Of one subject: its scope is needed. Of all: those of credentials, and of virtual keys if the caller may read them too. */
  async list(
    caller: Caller,
    filter: RotationFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<RotationDetails>> {
    const types = readableTypes(caller, filter.subjectId);
    const before = decodeIdCursor('rotation', cursor);
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const rows = await this.rotations.list(manager, filter, types, { limit: limit + 1, before });
      const details = await this.views.read(manager, rows);
      return toPage(
        details,
        limit,
        ({ rotation }) => rotation.id,
        (each) => each,
      );
    });
  }

  async get(caller: Caller, id: string): Promise<RotationWithEvents> {
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const rotation = known(await this.rotations.find(manager, id));
      requireScope(caller, scopesOf[rotation.subjectType].read);
      return this.withEvents(manager, rotation);
    });
  }

  /** Back to the old value, as long as it is there. */
  async rollback(caller: Caller, id: string): Promise<RotationWithEvents> {
    return this.decide(caller, id, async (manager, rotation) => {
      const step = stepOf(running(rotation));
      if (canCancel(step)) {
        throw new AppError(
          'rotation_not_possible',
          'The new value is not in use yet. Cancel the rotation instead: POST /api/v1/rotations/{id}/cancel.',
        );
      }
      if (!canRollBack(step)) throw overNow();
      return rotation.subjectType === 'credential'
        ? this.credentialSwitch.back(manager, caller, rotation)
        : this.keySteps.back(manager, caller, rotation);
    });
  }

  /** Before the switch: the new value is dropped, the present one stays as it is. */
  async cancel(caller: Caller, id: string): Promise<RotationWithEvents> {
    return this.decide(caller, id, async (manager, rotation) => {
      const step = stepOf(running(rotation));
      if (!canCancel(step)) {
        throw new AppError(
          'rotation_not_possible',
          'The new value is in use already. Roll the rotation back instead: POST /api/v1/rotations/{id}/rollback.',
        );
      }
      const move = await this.credentialSwitch.dropNew(manager, rotation, 'cancelled', {
        code: null,
        detail: 'Cancelled by request.',
      });
      // Whoever is making a key at this moment has until the end of the lease to be done with it.
      const isBeingMade = step === 'create_at_provider' && rotation.nextStepAt !== null;
      const notBefore = isBeingMade ? { notBefore: rotation.nextStepAt as Date } : {};
      return {
        move: { ...move, ...notBefore } as Committed['move'],
        ...this.audited(caller, rotation, 'cancelled'),
      };
    });
  }

  /** Without waiting for the grace time. */
  async retireNow(caller: Caller, id: string): Promise<RotationWithEvents> {
    return this.decide(caller, id, (_manager, rotation) => {
      const step = stepOf(running(rotation));
      if (canCancel(step)) {
        throw new AppError(
          'rotation_not_possible',
          'The old value is still the one in use. It can be retired after the switch: GET /api/v1/rotations/{id} shows the step.',
        );
      }
      if (!canRollBack(step)) throw overNow();
      if (dataOf(rotation).isForced)
        return Promise.resolve({ move: { kind: 'wait', until: this.clock.now() } });
      remember(rotation, { isForced: true });
      return Promise.resolve({
        move: { kind: 'wait', until: this.clock.now() },
        ...this.audited(caller, rotation, 'retired_by_request'),
      });
    });
  }

  private async decide(
    caller: Caller,
    id: string,
    work: (manager: EntityManager, rotation: RotationEntity) => Promise<Committed>,
  ): Promise<RotationWithEvents> {
    const { committed, details } = await this.transactions.run(tenantOf(caller), async (manager) => {
      const rotation = known(await this.rotations.lock(manager, id));
      requireScope(caller, scopesOf[rotation.subjectType].write);
      const committed = await work(manager, rotation);
      await this.journal.apply(manager, rotation, committed.move);
      const details = await this.withEvents(manager, rotation);
      await committed.announce?.(manager);
      return { committed, details };
    });
    await committed.live?.();
    void this.jobs.add('rotation.advance', {});
    return details;
  }

  private audited(caller: Caller, rotation: RotationEntity, what: string): Pick<Committed, 'announce'> {
    return {
      announce: (manager) =>
        this.audit.record(manager, caller, {
          action: `rotation.${what}`,
          targetType: 'rotation',
          targetId: rotation.id,
          organizationId: rotation.organizationId,
          changes: { subjectId: rotation.subjectId },
        }),
    };
  }

  private async withEvents(manager: EntityManager, rotation: RotationEntity): Promise<RotationWithEvents> {
    const [details] = await this.views.read(manager, [rotation]);
    const events = await this.rotations.eventsOf(manager, rotation.id);
    return { ...(details ?? this.views.of(rotation, null)), events };
  }
}

function readableTypes(caller: Caller, subjectId: string | undefined): RotationSubjectType[] {
  if (isId('virtualKey', subjectId)) {
    requireScope(caller, scopesOf.virtual_key.read);
    return ['virtual_key'];
  }
  requireScope(caller, scopesOf.credential.read);
  const canReadKeys = grants(caller.scopes, scopesOf.virtual_key.read);
  return canReadKeys ? ['credential', 'virtual_key'] : ['credential'];
}

function known(rotation: RotationEntity | null): RotationEntity {
  if (rotation) return rotation;
  throw new AppError('rotation_not_found', 'Check the id; GET /api/v1/rotations lists the known ones.');
}

function running(rotation: RotationEntity): RotationEntity {
  if (rotation.status === 'running') return rotation;
  throw overNow();
}

function overNow(): AppError {
  return new AppError(
    'rotation_finished',
    'The old value is retired, or the new one dropped. Start a new rotation.',
  );
}
