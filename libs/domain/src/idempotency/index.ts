export { IdempotencyModule } from './idempotency.module';
export { IdempotencyService } from './idempotency.service';
export { markCarriedOut } from './mark-carried-out';
