import { Injectable } from '@nestjs/common';
import { CredentialVersionEntity, type SecretStoreKind } from '@signalbox/database';
import { manualSecretName } from '@signalbox/domain/credentials';
import { type EntityManager, IsNull, Like, MoreThan, Not } from 'typeorm';

/** What people keep by hand is theirs, and stays where they put it. */
const ours = { secretName: Not(Like(manualSecretName('%'))), erasedAt: IsNull() };

@Injectable()
export class StoredVersionRepository {
  async countOutside(manager: EntityManager, store: SecretStoreKind): Promise<number> {
    return manager.countBy(CredentialVersionEntity, { ...ours, secretStore: Not(store) });
  }

  /** In the order of ids, those after the given one. */
  async pageOutside(
    manager: EntityManager,
    store: SecretStoreKind,
    after: string,
    limit: number,
  ): Promise<CredentialVersionEntity[]> {
    return manager.find(CredentialVersionEntity, {
      where: { ...ours, secretStore: Not(store), id: MoreThan(after) },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  async find(manager: EntityManager, id: string): Promise<CredentialVersionEntity | null> {
    return manager.findOneBy(CredentialVersionEntity, { id });
  }

  /** @returns false when the version was erased meanwhile, or is there already */
  async switchTo(
    manager: EntityManager,
    version: Pick<CredentialVersionEntity, 'id' | 'secretStore'>,
    store: SecretStoreKind,
  ): Promise<boolean> {
    const { affected } = await manager.update(
      CredentialVersionEntity,
      { id: version.id, secretStore: version.secretStore, erasedAt: IsNull() },
      { secretStore: store },
    );
    return affected === 1;
  }
}
