import { Module } from '@nestjs/common';
import { AttemptIntakeService } from './attempt-intake.service';
import { AttemptRepository } from './attempt.repository';
import { KeyUseRepository } from './key-use.repository';

@Module({
  providers: [AttemptRepository, KeyUseRepository, AttemptIntakeService],
  exports: [AttemptIntakeService],
})
export class AttemptModule {}
