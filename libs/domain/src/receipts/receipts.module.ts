import { Module } from '@nestjs/common';
import { HeartbeatsModule } from '@signalbox/domain/heartbeats';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ReceiptRepository } from './receipt.repository';
import { ReceiptService } from './receipt.service';
import { ReceiptStore } from './receipt-store';

@Module({
  imports: [HeartbeatsModule, ProjectionModule],
  providers: [ReceiptRepository, ReceiptStore, ReceiptService],
  exports: [ReceiptService],
})
export class ReceiptsModule {}
