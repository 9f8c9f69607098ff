import { AppError } from '@signalbox/common';
import type { IdempotencyRecordEntity } from '@signalbox/database';

export type KnownRecord = Pick<
  IdempotencyRecordEntity,
  'requestHash' | 'responseStatus' | 'sealedResponse' | 'carriedOut' | 'lockedUntil'
>;

export interface StoredAnswer {
  status: number;
  sealedResponse: string;
}

/** What to do with a request whose Idempotency-Key is known and not free: replay the answer, or say why not. */
export function decideOnKnownRecord(record: KnownRecord, requestHash: string, now: Date): StoredAnswer {
  if (record.requestHash !== requestHash) {
    throw new AppError(
      'idempotency_key_reused',
      'Use a new Idempotency-Key for each different request; a repetition must be the same to the last byte.',
    );
  }
  if (record.responseStatus !== null && record.sealedResponse !== null) {
    return { status: record.responseStatus, sealedResponse: record.sealedResponse };
  }
  if (record.carriedOut && record.lockedUntil <= now) {
    const { targetType, targetId } = record.carriedOut;
    throw new AppError(
      'idempotency_answer_lost',
      `The first request was carried out on ${targetType} ${targetId}, but the process ended before it could keep ` +
        'the answer. Read that resource; if you needed a value that is shown once, rotate it or make a new one.',
    );
  }
  throw new AppError(
    'idempotency_in_progress',
    'The first request with this Idempotency-Key still runs. Try again.',
    {
      retryAfterSeconds: 1,
    },
  );
}
