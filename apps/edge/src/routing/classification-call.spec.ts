import { classificationBody, readClassification } from './classification-call';

const answer = (content: unknown): Buffer =>
  Buffer.from(
    JSON.stringify({
      choices: [{ message: { content } }],
      usage: { prompt_tokens: 3, completion_tokens: 1 },
    }),
  );

it.each<[unknown, string | null]>([
  ['easy', 'easy'],
  ['Hard.', 'hard'],
  ['I would say **medium**, not hard', 'medium'],
  ['hardly', null],
  ['', null],
  [null, null],
])('%j says %s', (content, difficulty) => {
  expect(readClassification(answer(content)).difficulty).toBe(difficulty);
});

it.each(['', '<html>', 'null', '[]', '{"choices":[]}'])('%j says nothing', (text) => {
  expect(readClassification(Buffer.from(text))).toEqual({ difficulty: null, usage: null });
});

it('tells its usage, also where it says something else', () => {
  expect(readClassification(answer('?')).usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 1 });
});

it('shows a model no more than the beginning, and asks for a word', () => {
  const body = JSON.parse(classificationBody('small', 'x'.repeat(100_000)).toString()) as {
    max_tokens: number;
  };
  expect(body).toMatchObject({ model: 'small', stream: false });
  expect(JSON.stringify(body).length).toBeLessThan(4_000);
  expect(body.max_tokens).toBeLessThan(50);
});

it('shows no half of a character, which LiteLLM could not pass on', () => {
  for (const length of [1_998, 1_999, 2_000]) {
    const text = classificationBody('small', `${'x'.repeat(length)}\u{1f600}\u{1f600}`).toString();
    const { messages } = JSON.parse(text) as { messages: { content: string }[] };
    expect(messages.filter(({ content }) => /\p{Surrogate}/u.test(content))).toEqual([]);
  }
});
