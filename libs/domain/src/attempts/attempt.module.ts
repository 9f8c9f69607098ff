import { Module } from '@nestjs/common';
import { AttemptIntakeService } from './attempt-intake.service';
import { AttemptRepository } from './attempt.repository';

@Module({ providers: [AttemptRepository, AttemptIntakeService], exports: [AttemptIntakeService] })
export class AttemptModule {}
