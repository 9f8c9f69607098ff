import { Module } from '@nestjs/common';
import { RotationsModule } from '@signalbox/domain/rotations';
import { RotationStartController } from './rotation-start.controller';
import { RotationController } from './rotation.controller';

@Module({ imports: [RotationsModule], controllers: [RotationStartController, RotationController] })
export class RotationApiModule {}
