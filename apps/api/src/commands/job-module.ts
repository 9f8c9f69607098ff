import { type DynamicModule, Module } from '@nestjs/common';
import { createLogger, type NamedKey } from '@signalbox/common';
import type { BootstrapConfig, MaintenanceConfig, VerifyAuditConfig } from '@signalbox/config';
import { AuditModule } from '@signalbox/domain/audit';
import { BootstrapModule } from '@signalbox/domain/bootstrap';
import { CoreModule } from '@signalbox/domain/core';
import { MaintenanceModule } from '@signalbox/domain/maintenance';
import { ReplayModule } from '@signalbox/domain/replay';
import { SecretsModule } from '@signalbox/domain/secrets';

type JobConfig = VerifyAuditConfig &
  Partial<Pick<BootstrapConfig, 'encryptionKeys'>> &
  Partial<MaintenanceConfig>;

/** The domain without HTTP, Redis and runner, for one-off jobs. Log lines go to stderr: stdout is for the person. */
function coreOf(name: string, config: JobConfig): DynamicModule {
  const encryptionKeys: NamedKey[] = config.encryptionKeys ?? [];
  return CoreModule.forRoot({
    applicationName: `signalbox-${name}`,
    databaseUrl: config.databaseUrl,
    redisUrl: null,
    redisPrefix: 'sb',
    encryptionKeys,
    ...(config.fingerprintKey === undefined ? {} : { fingerprintKey: config.fingerprintKey }),
    ...(config.secretStore === undefined ? {} : { secretStore: config.secretStore }),
    logger: createLogger(config.logLevel, { process: name }, (line) => void process.stderr.write(line)),
  });
}

@Module({})
export class JobModule {
  static bootstrap(config: BootstrapConfig): DynamicModule {
    return { module: JobModule, imports: [coreOf('bootstrap', config), BootstrapModule] };
  }

  static verifyAudit(config: VerifyAuditConfig): DynamicModule {
    return { module: JobModule, imports: [coreOf('verify-audit', config), AuditModule] };
  }

  static replay(config: VerifyAuditConfig): DynamicModule {
    return { module: JobModule, imports: [coreOf('replay', config), ReplayModule] };
  }

  static maintenance(name: string, config: MaintenanceConfig): DynamicModule {
    return { module: JobModule, imports: [coreOf(name, config), SecretsModule, MaintenanceModule] };
  }
}
