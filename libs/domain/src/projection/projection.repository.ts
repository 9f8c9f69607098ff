import { Injectable } from '@nestjs/common';
import {
  ConfigReleaseEntity,
  CredentialEntity,
  FactsDocumentEntity,
  factsDocumentRowId,
  OrganizationEntity,
  PlatformSettingsEntity,
  platformSettingsId,
  ServiceEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import type { ProjectionDocuments, ProjectionKind } from '@signalbox/gateway';
import { type EntityManager, In, MoreThan, type SelectQueryBuilder } from 'typeorm';
import {
  type BuiltDocument,
  buildCatalogueDocument,
  buildCredentialsDocument,
  buildFactsDocument,
  buildKeyDocument,
  buildOrganizationDocument,
  buildServiceDocument,
  buildSettingsDocument,
  buildWorkspaceDocument,
  type SecretWithKey,
} from './build-documents';

/** For how long a value that ended for good is still told from an unknown one ("revoked" and not "unknown"). */
const retainDeadDays = 30;

/** Revoked, deleted and rotated away are for good; an expired key may come back and so is not counted. LEAST skips nulls. */
const endedAt = 'LEAST(key.revokedAt, key.deletedAt, secret.validUntil)';
const isRetained = `COALESCE(${endedAt}, 'infinity') > now() - interval '${retainDeadDays} days'`;

export interface DocumentPage {
  documents: BuiltDocument[];
  /** null: this was the last page. */
  nextAfter: string | null;
}

@Injectable()
export class ProjectionRepository {
  async ofVirtualKey(manager: EntityManager, virtualKeyId: string): Promise<BuiltDocument[]> {
    const query = this.secrets(manager).andWhere('secret.virtualKeyId = :virtualKeyId', { virtualKeyId });
    return ((await query.getMany()) as SecretWithKey[]).map(buildKeyDocument);
  }

  async ofWorkspace(manager: EntityManager, id: string): Promise<BuiltDocument[]> {
    return (await manager.findBy(WorkspaceEntity, { id })).map(buildWorkspaceDocument);
  }

  async ofOrganization(manager: EntityManager, id: string): Promise<BuiltDocument[]> {
    return (await manager.findBy(OrganizationEntity, { id })).map(buildOrganizationDocument);
  }

  async ofService(manager: EntityManager, id: string): Promise<BuiltDocument[]> {
    return (await manager.findBy(ServiceEntity, { id })).map(buildServiceDocument);
  }

  async ofCatalogue(manager: EntityManager): Promise<BuiltDocument[]> {
    return [buildCatalogueDocument(await manager.findOneBy(ConfigReleaseEntity, { status: 'active' }))];
  }

  async ofSettings(manager: EntityManager): Promise<BuiltDocument[]> {
    return [
      buildSettingsDocument(await manager.findOneBy(PlatformSettingsEntity, { id: platformSettingsId })),
    ];
  }

  /** As libs/domain catalogue wrote it: to build it takes the whole catalogue. */
  async ofFacts(manager: EntityManager): Promise<BuiltDocument[]> {
    const row = await manager.findOneBy(FactsDocumentEntity, { id: factsDocumentRowId });
    const deployments = (row?.deployments ?? {}) as ProjectionDocuments['facts']['deployments'];
    return [buildFactsDocument(row?.version ?? 0, deployments)];
  }

  async ofCredentialOwner(manager: EntityManager, ownerKey: string): Promise<BuiltDocument[]> {
    const rows = await manager.find(CredentialEntity, {
      where: { ownerKey },
      relations: { provider: true },
      order: { id: 'ASC' },
    });
    return [buildCredentialsDocument(ownerKey, rows)];
  }

  /** All documents of a kind, page by page in the order of their rows. */
  async page(
    manager: EntityManager,
    kind: ProjectionKind,
    after: string,
    limit: number,
  ): Promise<DocumentPage> {
    switch (kind) {
      case 'catalogue':
        return { documents: await this.ofCatalogue(manager), nextAfter: null };
      case 'settings':
        return { documents: await this.ofSettings(manager), nextAfter: null };
      case 'facts':
        return { documents: await this.ofFacts(manager), nextAfter: null };
      case 'organization':
        return this.rowPage(manager, OrganizationEntity, buildOrganizationDocument, after, limit);
      case 'service':
        return this.rowPage(manager, ServiceEntity, buildServiceDocument, after, limit);
      case 'workspace':
        return this.rowPage(manager, WorkspaceEntity, buildWorkspaceDocument, after, limit);
      case 'credentials':
        return this.credentialsPage(manager, after, limit);
      case 'key':
        return this.keyPage(manager, after, limit);
    }
  }

  /** Those of the given documents that PostgreSQL still has; the others are left over in Redis. */
  async existing(manager: EntityManager, kind: ProjectionKind, ids: string[]): Promise<Set<string>> {
    switch (kind) {
      case 'catalogue':
        return idsOf(await this.ofCatalogue(manager));
      case 'settings':
        return idsOf(await this.ofSettings(manager));
      case 'facts':
        return idsOf(await this.ofFacts(manager));
      case 'organization':
        return idsOf(
          await manager.find(OrganizationEntity, { select: { id: true }, where: { id: In(ids) } }),
        );
      case 'service':
        return idsOf(await manager.find(ServiceEntity, { select: { id: true }, where: { id: In(ids) } }));
      case 'workspace':
        return idsOf(await manager.find(WorkspaceEntity, { select: { id: true }, where: { id: In(ids) } }));
      case 'credentials':
        return new Set(await this.ownerKeys(manager, (query) => query.where({ ownerKey: In(ids) })));
      case 'key': {
        const query = this.secrets(manager).andWhere('secret.keyHash IN (:...ids)', { ids });
        return new Set((await query.getMany()).map(({ keyHash }) => keyHash));
      }
    }
  }

  private secrets(manager: EntityManager) {
    return manager
      .createQueryBuilder(VirtualKeySecretEntity, 'secret')
      .innerJoinAndSelect('secret.virtualKey', 'key')
      .where(isRetained);
  }

  private async keyPage(manager: EntityManager, after: string, limit: number): Promise<DocumentPage> {
    const rows = await this.secrets(manager)
      .andWhere('secret.id > :after', { after })
      .orderBy('secret.id')
      .limit(limit)
      .getMany();
    return toPage(rows, (rows as SecretWithKey[]).map(buildKeyDocument), limit);
  }

  private async credentialsPage(manager: EntityManager, after: string, limit: number): Promise<DocumentPage> {
    const ownerKeys = await this.ownerKeys(manager, (query) =>
      query.where({ ownerKey: MoreThan(after) }).limit(limit),
    );
    const rows = await manager.find(CredentialEntity, {
      where: { ownerKey: In(ownerKeys) },
      relations: { provider: true },
      order: { id: 'ASC' },
    });
    const documents = ownerKeys.map((ownerKey) =>
      buildCredentialsDocument(
        ownerKey,
        rows.filter((row) => row.ownerKey === ownerKey),
      ),
    );
    return toPage(
      ownerKeys.map((id) => ({ id })),
      documents,
      limit,
    );
  }

  private async ownerKeys(
    manager: EntityManager,
    narrow: (query: SelectQueryBuilder<CredentialEntity>) => SelectQueryBuilder<CredentialEntity>,
  ): Promise<string[]> {
    const query = narrow(manager.createQueryBuilder(CredentialEntity, 'credential'))
      .select('credential.ownerKey', 'ownerKey')
      .groupBy('credential.ownerKey')
      .orderBy('credential.ownerKey');
    return (await query.getRawMany<{ ownerKey: string }>()).map(({ ownerKey }) => ownerKey);
  }

  private async rowPage<Row extends { id: string }>(
    manager: EntityManager,
    entity: new () => Row,
    build: (row: Row) => BuiltDocument,
    after: string,
    limit: number,
  ): Promise<DocumentPage> {
    const where = { id: MoreThan(after) } as object;
    const rows = await manager.find(entity, { where, order: { id: 'ASC' } as object, take: limit });
    return toPage(rows, rows.map(build), limit);
  }
}

function idsOf(rows: { id: string }[]): Set<string> {
  return new Set(rows.map(({ id }) => id));
}

function toPage(rows: { id: string }[], documents: BuiltDocument[], limit: number): DocumentPage {
  return { documents, nextAfter: rows.length === limit ? (rows.at(-1)?.id ?? null) : null };
}
