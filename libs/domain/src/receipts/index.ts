export type { KeyReceipt } from './receipt';
export { type ReceiptAnswer, ReceiptService } from './receipt.service';
export { ReceiptsModule } from './receipts.module';
