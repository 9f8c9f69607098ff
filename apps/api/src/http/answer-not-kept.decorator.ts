import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';

export const answerNotKeptKey = 'signalbox:answer-not-kept';
export const answerNotKeptExtension = 'x-answer-not-kept';

/**
 * For a POST that changes nothing and whose answer may stay nowhere: it takes no Idempotency-Key, so each repetition is
 * a request of its own.
 */
export const AnswerNotKept = (): MethodDecorator =>
  applyDecorators(SetMetadata(answerNotKeptKey, true), ApiExtension(answerNotKeptExtension, true));
