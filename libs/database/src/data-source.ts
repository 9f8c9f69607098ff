import { DataSource, type DataSourceOptions } from 'typeorm';
import * as entities from './entities';
import * as migrations from './migrations';

function classesOf(module: Record<string, unknown>): (new () => object)[] {
  return Object.values(module).filter((value): value is new () => object => typeof value === 'function');
}

export interface DatabaseOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  poolSize?: number;
}

/** TypeORM's options for both kinds of use: by the application role, and by the owner who migrates. */
export function dataSourceOptions({
  url,
  applicationName,
  poolSize = 10,
}: DatabaseOptions): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    applicationName,
    poolSize,
    entities: classesOf(entities),
    migrations: classesOf(migrations),
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    connectTimeoutMS: 5_000,
    extra: { statement_timeout: 15_000, idle_in_transaction_session_timeout: 30_000 },
  };
}

export function createDataSource(options: DatabaseOptions): DataSource {
  return new DataSource(dataSourceOptions(options));
}
