import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { ProjectionModule } from '@signalbox/domain/projection';
import { SecretsModule } from '@signalbox/domain/secrets';
import { ImportFernetService } from './fernet/import-fernet.service';
import { ImportTargetRepository } from './fernet/import-target.repository';
import { MaintenanceRunRepository } from './maintenance-run.repository';
import { MaintenanceRunner } from './maintenance-runner';
import { MaintenanceService } from './maintenance.service';
import { MoveSecretsTask } from './move/move-secrets.task';
import { StoredVersionRepository } from './move/stored-version.repository';
import { ReencryptSecretsTask } from './reencrypt/reencrypt-secrets.task';
import { SealedColumnRepository } from './reencrypt/sealed-column.repository';
import { SecretSweepRepository } from './sweep/secret-sweep.repository';
import { SecretSweepService } from './sweep/secret-sweep.service';

@Module({
  imports: [AuditModule, CredentialsModule, ProjectionModule, SecretsModule],
  providers: [
    MaintenanceService,
    MaintenanceRunner,
    MaintenanceRunRepository,
    ReencryptSecretsTask,
    SealedColumnRepository,
    MoveSecretsTask,
    StoredVersionRepository,
    ImportFernetService,
    ImportTargetRepository,
    SecretSweepService,
    SecretSweepRepository,
  ],
  exports: [MaintenanceService, MaintenanceRunner, ImportFernetService, SecretSweepService],
})
export class MaintenanceModule {}
