import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { NotificationsModule } from '@signalbox/domain/notifications';
import { ProjectionModule } from '@signalbox/domain/projection';
import { driverOf } from '@signalbox/domain/provider-drivers';
import { SecretsModule } from '@signalbox/domain/secrets';
import { VirtualKeyModule } from '@signalbox/domain/virtual-keys';
import { CredentialRotationService } from './credential-rotation.service';
import { CredentialRotationSteps } from './credential-rotation.steps';
import { CredentialSwitch } from './credential-switch';
import { ProviderKeyService } from './provider-key.service';
import { hookCacheMs, pauseBetweenProbesMs } from './rotation-decisions';
import { RotationJournal } from './rotation-journal';
import { RotationPlanner } from './rotation-planner.service';
import { RotationRunner } from './rotation-runner.service';
import { RotationViews } from './rotation-views';
import { RotationFactory } from './rotation.factory';
import { RotationRepository } from './rotation.repository';
import { RotationService } from './rotation.service';
import { PROVIDER_DRIVERS, ROTATION_TUNING, type RotationTuning } from './rotation.tokens';
import { VirtualKeyRotationService } from './virtual-key-rotation.service';
import { VirtualKeyRotationSteps } from './virtual-key-rotation.steps';

const tuning: RotationTuning = { pauseBetweenProbesMs, hookCacheMs, lanes: 4 };

@Module({
  imports: [
    AuditModule,
    CredentialsModule,
    NotificationsModule,
    ProjectionModule,
    SecretsModule,
    VirtualKeyModule,
  ],
  providers: [
    RotationRepository,
    RotationFactory,
    RotationJournal,
    RotationViews,
    CredentialSwitch,
    ProviderKeyService,
    CredentialRotationSteps,
    VirtualKeyRotationSteps,
    CredentialRotationService,
    VirtualKeyRotationService,
    RotationService,
    RotationRunner,
    RotationPlanner,
    { provide: PROVIDER_DRIVERS, useValue: driverOf },
    { provide: ROTATION_TUNING, useValue: tuning },
  ],
  exports: [
    RotationService,
    CredentialRotationService,
    VirtualKeyRotationService,
    RotationRunner,
    RotationPlanner,
  ],
})
export class RotationsModule {}
