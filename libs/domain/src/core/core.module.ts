import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { type Clock, type Logger, type NamedKey, systemClock } from '@signalbox/common';
import type { ApiConfig, SecretStoreConfig, WorkerConfig } from '@signalbox/config';
import { dataSourceOptions, PlatformReader, TenantTransactions } from '@signalbox/database';
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import {
  ALLOWED_HOSTS,
  CLOCK,
  ENCRYPTION_KEYS,
  FINGERPRINT_KEY,
  LOGGER,
  REDIS,
  REDIS_PREFIX,
  RUNNER_ACCESS,
  type RunnerAccess,
  SECRET_STORE_CONFIG,
} from './core.tokens';
import { connectRedis } from './redis-connection';

export interface CoreOptions {
  applicationName: string;
  databaseUrl: string;
  /** null: a one-off job that works without Redis; every command on it fails at once. */
  redisUrl: string | null;
  redisPrefix: string;
  encryptionKeys: NamedKey[];
  /** The next three are left out by one-off jobs that never touch a provider key. */
  fingerprintKey?: string;
  secretStore?: SecretStoreConfig;
  allowedHosts?: readonly string[];
  /** Left out by one-off jobs, which never ask the runner. */
  runner?: RunnerAccess;
  logger: Logger;
  clock?: Clock;
}

/** Of the processes that stay, the API and the worker. */
export interface ProcessOptions {
  config: ApiConfig | WorkerConfig;
  logger: Logger;
  clock?: Clock;
}

/** What every feature stands on: the tenant transaction, Redis, clock, log, and the ring of encryption keys. */
@Global()
@Module({})
export class CoreModule implements OnApplicationShutdown {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly reader: PlatformReader,
  ) {}

  static forProcess(applicationName: string, { config, ...others }: ProcessOptions): DynamicModule {
    const runner = { url: config.runnerUrl, internalToken: config.internalToken };
    return CoreModule.forRoot({ ...config, ...others, applicationName, runner });
  }

  static forRoot(options: CoreOptions): DynamicModule {
    return {
      module: CoreModule,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions({
            url: options.databaseUrl,
            applicationName: options.applicationName,
            poolSize: 20,
          }),
          retryAttempts: 30,
          retryDelay: 1_000,
        }),
      ],
      providers: [
        {
          provide: TenantTransactions,
          useFactory: (dataSource: DataSource) => new TenantTransactions(dataSource),
          inject: [getDataSourceToken()],
        },
        {
          provide: PlatformReader,
          useFactory: () =>
            new PlatformReader({ url: options.databaseUrl, applicationName: options.applicationName }),
        },
        { provide: CLOCK, useValue: options.clock ?? systemClock },
        { provide: LOGGER, useValue: options.logger },
        {
          provide: REDIS,
          useFactory: () => connectRedis(options.redisUrl, options.applicationName, options.logger),
        },
        { provide: REDIS_PREFIX, useValue: options.redisPrefix },
        { provide: ENCRYPTION_KEYS, useValue: options.encryptionKeys },
        { provide: FINGERPRINT_KEY, useValue: options.fingerprintKey ?? null },
        { provide: SECRET_STORE_CONFIG, useValue: options.secretStore ?? null },
        { provide: ALLOWED_HOSTS, useValue: options.allowedHosts ?? [] },
        { provide: RUNNER_ACCESS, useValue: options.runner ?? null },
      ],
      exports: [
        TenantTransactions,
        PlatformReader,
        CLOCK,
        LOGGER,
        REDIS,
        REDIS_PREFIX,
        ENCRYPTION_KEYS,
        FINGERPRINT_KEY,
        SECRET_STORE_CONFIG,
        ALLOWED_HOSTS,
        RUNNER_ACCESS,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.redis.disconnect();
    await this.reader.close();
  }
}
