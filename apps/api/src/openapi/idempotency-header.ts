import type { OpenAPIObject } from '@nestjs/swagger';
import { answerNotKeptExtension } from '../http/answer-not-kept.decorator';

/** Every POST with a token understands the header but those whose answer may stay nowhere, so it is declared in one place. */
export function addIdempotencyHeader(document: OpenAPIObject): void {
  for (const item of Object.values(document.paths)) {
    if (!item.post?.security?.length || answerNotKeptExtension in item.post) continue;
    item.post.parameters = [
      ...(item.post.parameters ?? []),
      {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        description:
          'At most one change per key within 24 hours; a repetition gets the first answer, with the header idempotent-replayed.',
        schema: { type: 'string', minLength: 1, maxLength: 255 },
        example: '3f6f1f0e-6c1d-4a53-9a0e-2f1f6a4d7c11',
      },
    ];
  }
}
