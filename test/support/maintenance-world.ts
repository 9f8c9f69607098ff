import { type NamedKey, silentLogger, systemClock } from '@signalbox/common';
import type { SecretStoreConfig } from '@signalbox/config';
import type { MaintenanceRunEntity } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { MaintenanceRunner, MaintenanceService } from '@signalbox/domain/maintenance';
import { SecretStores } from '@signalbox/domain/secrets';
import { SealedSecretStore } from '@signalbox/secrets';
import type { JobProducer } from '@signalbox/jobs';
import { MaintenanceRunRepository } from '../../libs/domain/src/maintenance/maintenance-run.repository';
import { MoveSecretsTask } from '../../libs/domain/src/maintenance/move/move-secrets.task';
import { StoredVersionRepository } from '../../libs/domain/src/maintenance/move/stored-version.repository';
import { ReencryptSecretsTask } from '../../libs/domain/src/maintenance/reencrypt/reencrypt-secrets.task';
import { SealedColumnRepository } from '../../libs/domain/src/maintenance/reencrypt/sealed-column.repository';
import { SealedSecretRepository } from '../../libs/domain/src/secrets/sealed-secret.repository';
import type { TestDatabase } from './test-database';

export interface MaintenanceWorld {
  service: MaintenanceService;
  runner: MaintenanceRunner;
  stores: SecretStores;
  columns: SealedColumnRepository;
  versions: StoredVersionRepository;
  show(run: MaintenanceRunEntity): Promise<MaintenanceRunEntity>;
}

export const operator = systemCaller('test');

/** One process with that ring: what a worker or a command has, without the rest of it. */
export function openMaintenance(
  database: TestDatabase,
  ring: NamedKey[],
  config: SecretStoreConfig | null = null,
): MaintenanceWorld {
  const { transactions } = database;
  const rows = new SealedSecretRepository(transactions);
  const stores = new SecretStores(rows, ring, config, systemClock, silentLogger);
  const runs = new MaintenanceRunRepository();
  const audit = new AuditTrail(systemClock);
  const columns = new SealedColumnRepository();
  const versions = new StoredVersionRepository();
  const reencrypt = new ReencryptSecretsTask(transactions, columns, ring);
  const move = new MoveSecretsTask(transactions, versions, stores);
  const runner = new MaintenanceRunner(transactions, runs, audit, reencrypt, move, systemClock, silentLogger);
  const jobs = { add: async () => false } as Pick<JobProducer, 'add'> as JobProducer;
  const service = new MaintenanceService(transactions, runs, runner, stores, audit, jobs, systemClock);
  return { service, runner, stores, columns, versions, show: (run) => service.get(operator, run.id) };
}

/** The sealed store of a process with that ring. */
export function openSealedStore({ transactions }: TestDatabase, ring: NamedKey[]): SealedSecretStore {
  return new SealedSecretStore(new SealedSecretRepository(transactions), ring);
}
