import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import type { ApiConfig } from '@signalbox/config';
import { CoreModule } from '@signalbox/domain/core';
import { HealthModule } from './health/health.module';
import { HttpModule } from './http/http.module';
import { VirtualKeyApiModule } from './virtual-keys/virtual-key.module';

/** One line per feature, in the order of the documentation. */
export const featureModules = [HealthModule, VirtualKeyApiModule];

export interface AppOptions {
  config: ApiConfig;
  logger: Logger;
  clock?: Clock;
}

@Module({})
export class AppModule {
  static forRoot({ config, logger, clock }: AppOptions): DynamicModule {
    const core = CoreModule.forRoot({
      applicationName: 'signalbox-api',
      databaseUrl: config.databaseUrl,
      redisUrl: config.redisUrl,
      redisPrefix: config.redisPrefix,
      encryptionKeys: config.encryptionKeys,
      runner: { url: config.runnerUrl, internalToken: config.internalToken },
      logger,
      ...(clock ? { clock } : {}),
    });
    return { module: AppModule, imports: [core, HttpModule.forRoot(config), ...featureModules] };
  }
}
