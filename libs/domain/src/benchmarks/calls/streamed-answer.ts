import type { PricedTokens } from '@signalbox/gateway';
import { z } from 'zod';
import type { ModelAnswer } from '../answers/check-answer';

const text = z.string().nullish();
const count = z.int().nonnegative().nullish();

const chunkForm = z.object({
  error: z.unknown().optional(),
  choices: z
    .array(
      z.object({
        finish_reason: text,
        delta: z
          .object({
            content: text,
            reasoning_content: text,
            tool_calls: z
              .array(
                z.object({
                  index: z.int().nonnegative().max(64).default(0),
                  function: z.object({ name: text, arguments: text }).nullish(),
                }),
              )
              .nullish(),
          })
          .nullish(),
      }),
    )
    .default([]),
  usage: z
    .object({
      prompt_tokens: count,
      completion_tokens: count,
      cache_creation_input_tokens: count,
      prompt_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }).nullish(),
    })
    .nullish(),
});

/** An answer of OpenAI's chat format, put together from its events. */
export class StreamedAnswer {
  private text = '';
  private readonly toolCalls: { name: string; arguments: string }[] = [];
  private finishReason: string | null = null;
  private usage: PricedTokens | null = null;
  private isClosed = false;
  /** The first piece of an answer was there, whatever it says. */
  hasBegun = false;
  hasError = false;

  /** @param event the data of one server-sent event */
  add(event: string): void {
    if (event === '[DONE]') {
      this.isClosed = true;
      return;
    }
    const chunk = chunkForm.safeParse(parseJson(event));
    if (!chunk.success || (chunk.data.error ?? null) !== null) {
      this.hasError = true;
      return;
    }
    for (const { delta, finish_reason: finishReason } of chunk.data.choices) {
      this.finishReason = finishReason ?? this.finishReason;
      if (!delta) continue;
      this.text += delta.content ?? '';
      for (const call of delta.tool_calls ?? []) this.addToolCall(call);
      if (delta.content || delta.reasoning_content || delta.tool_calls?.length) this.hasBegun = true;
    }
    this.addUsage(chunk.data.usage);
  }

  /** A stream that merely ends was cut: a complete one says why it ends, and that it does. */
  get isComplete(): boolean {
    return this.isClosed && this.finishReason !== null && !this.hasError;
  }

  get isAtBound(): boolean {
    return this.finishReason === 'length';
  }

  /** null: nobody said. An answer of no tokens that says something is none that was counted. */
  get tokens(): PricedTokens | null {
    return this.usage?.answer === 0 && this.hasBegun ? null : this.usage;
  }

  get answer(): ModelAnswer {
    // Some number their calls after what they said before them: flat() leaves out the places that nobody took.
    return { text: this.text, toolCalls: this.toolCalls.flat() };
  }

  private addToolCall(call: {
    index: number;
    function?: { name?: string | null; arguments?: string | null } | null;
  }): void {
    const known = (this.toolCalls[call.index] ??= { name: '', arguments: '' });
    known.name += call.function?.name ?? '';
    known.arguments += call.function?.arguments ?? '';
  }

  /** There is no call without a prompt: such a usage is one that nobody filled in. */
  private addUsage(usage: z.infer<typeof chunkForm>['usage']): void {
    const { prompt_tokens: prompt, completion_tokens: answer, prompt_tokens_details: details } = usage ?? {};
    if (!prompt || typeof answer !== 'number') return;
    this.usage = {
      prompt,
      answer,
      cacheRead: details?.cached_tokens ?? 0,
      cacheWrite: usage?.cache_creation_input_tokens ?? details?.cache_write_tokens ?? 0,
    };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
