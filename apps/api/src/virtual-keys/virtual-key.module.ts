import { Module } from '@nestjs/common';
import { ReceiptsModule } from '@signalbox/domain/receipts';
import { VirtualKeyModule } from '@signalbox/domain/virtual-keys';
import { VirtualKeyController } from './virtual-key.controller';

@Module({ imports: [VirtualKeyModule, ReceiptsModule], controllers: [VirtualKeyController] })
export class VirtualKeyApiModule {}
