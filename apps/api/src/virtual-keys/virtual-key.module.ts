import { Module } from '@nestjs/common';
import { VirtualKeyModule } from '@signalbox/domain/virtual-keys';
import { VirtualKeyController } from './virtual-key.controller';

@Module({ imports: [VirtualKeyModule], controllers: [VirtualKeyController] })
export class VirtualKeyApiModule {}
