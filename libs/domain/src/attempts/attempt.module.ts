import { Module } from '@nestjs/common';
import { AttemptIntakeService } from './attempt-intake.service';
import { AttemptRepository } from './attempt.repository';
import { CredentialUseRepository } from './credential-use.repository';
import { KeyUseRepository } from './key-use.repository';

@Module({
  providers: [AttemptRepository, KeyUseRepository, CredentialUseRepository, AttemptIntakeService],
  exports: [AttemptIntakeService],
})
export class AttemptModule {}
