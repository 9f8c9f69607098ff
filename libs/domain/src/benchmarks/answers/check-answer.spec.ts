import fc from 'fast-check';
import { rightAnswer } from '../../../../../test/support/benchmark-answers';
import { suites } from '../suites/suites';
import type { AnswerCheck, Json } from '../suites/task.types';
import { scoreAnswer } from './check-answer';

const tasks = suites.flatMap((suite) => suite.tasks);
const score = (check: AnswerCheck, text: string) => scoreAnswer(check, { text, toolCalls: [] });
const number = (value: string): AnswerCheck => ({ kind: 'number', value });
const accepted = (...all: string[]): AnswerCheck => ({ kind: 'text', accepted: all });
const choice: AnswerCheck = { kind: 'choice', options: ['positive', 'negative'], value: 'negative' };
const output: AnswerCheck = { kind: 'output', value: 'a\nd\nc' };
const json: AnswerCheck = { kind: 'json', value: { name: 'Ilse', age: null } };

describe.each<[string, AnswerCheck, string, number]>([
  ['a number alone', number('489'), '489', 1],
  ['another number', number('489'), '488', 0],
  ['a number in a sentence', number('489'), '17 * 23 + 98 = **489**.', 1],
  ['a number in a code block', number('489'), '```\n489\n```', 1],
  ['the right number, and then another one', number('489'), '489, or perhaps 490', 0],
  ['English separators', number('8888888'), '8,888,888', 1],
  ['German separators', number('8888888'), '8.888.888', 1],
  ['blanks as separators', number('8888888'), '8 888 888', 1],
  ['narrow blanks as separators', number('8888888'), '8 888 888', 1],
  ['Swiss separators', number('8888888'), "8'888'888", 1],
  ['separators in the wrong places', number('8888888'), '88,888,88', 0],
  ['a decimal comma', number('0.7917'), '0,7917', 1],
  ['zeros at the end', number('372'), '372.00 dollars', 1],
  ['a minus', number('-3'), '−3', 1],
  ['a dash that is no minus', number('3'), 'from 7-3', 1],
  ['digits of a word', number('7'), 'RL20x7', 0],
  ['no number', number('0'), 'none', 0],
  ['nothing', number('0'), '', 0],
  ['text in another case with a full stop', accepted('Dornfeld'), ' dornfeld. ', 1],
  ['text in quotes and stars', accepted('Dornfeld'), '**"Dornfeld"**', 1],
  ['text after an explanation', accepted('Dornfeld'), 'Entry 134 says it:\nDornfeld', 1],
  ['text in a sentence', accepted('die'), 'Es heißt die Brücke', 0],
  ['text after thoughts', accepted('die'), '<think>der? das?</think>\n\ndie', 1],
  ['thoughts without an answer', accepted('die'), '<think>die</think>', 0],
  ['a choice', choice, 'Negative.', 1],
  ['a choice in a sentence', choice, 'The answer is: negative', 1],
  ['both choices', choice, 'negative, not positive', 0],
  ['a part of a word', choice, 'nonnegative', 0],
  ['output', output, 'a\nd\nc\n', 1],
  ['output in a labelled block', output, '```text\na\nd\nc\n```', 1],
  ['output with a remark', output, 'It prints:\na\nd\nc', 0],
  ['output in another order', output, 'a\nc\nd', 0],
  ['JSON', json, '{"age": null, "name": "Ilse"}', 1],
  [
    'JSON in a block with a remark',
    json,
    'Here it is:\n```json\n{"age":null,"name":"Ilse"}\n```\nDone {x}',
    1,
  ],
  ['JSON in a sentence', json, 'So {it} is {"age":null,"name":"Il\\u0073e"}, I think.', 1],
  ['JSON with a wrong field', json, '{"age": 34, "name": "Ilse"}', 0.5],
  ['JSON with a field too many', json, '{"age": null, "name": "Ilse", "x": 1}', 2 / 3],
  ['JSON with a field too few', json, '{"name": "Ilse"}', 0.5],
  ['a text in place of null', json, '{"age": "null", "name": "Ilse"}', 0.5],
  ['JSON that ends too soon', json, '{"age": null, "name": "Ils', 0],
  ['a name of every object', json, '{"__proto__": {"age": null}, "name": "Ilse"}', 1 / 3],
])('an answer of %s', (_what, check, text, expected) => {
  it(`scores ${expected}`, () => expect(score(check, text)).toBeCloseTo(expected, 10));
});

describe('a tool call', () => {
  const check: AnswerCheck = { kind: 'tool', name: 'book', arguments: { seats: 3, train: 'ICE 7' } };
  const call = (...calls: [string, string][]) =>
    scoreAnswer(check, {
      text: '',
      toolCalls: calls.map(([name, args]) => ({ name, arguments: args })),
    });

  it('is right with the right arguments, half right with others, wrong by another name, twice, or not at all', () => {
    expect(call(['book', '{"train": "ICE 7", "seats": 3}'])).toBe(1);
    expect(call(['book', '{"train": "ICE 7", "seats": "3"}'])).toBe(0.5);
    expect(call(['book', 'three seats'])).toBe(0.5);
    expect(call(['look', '{"train": "ICE 7", "seats": 3}'])).toBe(0);
    expect(call(['book', '{"train":"ICE 7","seats":3}'], ['book', '{"train":"ICE 7","seats":3}'])).toBe(0);
    expect(call()).toBe(0);
    expect(scoreAnswer({ kind: 'no_tool', accepted: ['Paris'] }, { text: 'Paris', toolCalls: [] })).toBe(1);
    const called = { text: 'Paris', toolCalls: [{ name: 'book', arguments: '{}' }] };
    expect(scoreAnswer({ kind: 'no_tool', accepted: ['Paris'] }, called)).toBe(0);
  });
});

describe('the suites', () => {
  it.each(tasks.map((task) => [task.id, task] as const))(
    '%s: the right answer scores 1, none 0',
    (_id, task) => {
      expect(scoreAnswer(task.check, rightAnswer(task))).toBe(1);
      expect(scoreAnswer(task.check, { text: '', toolCalls: [] })).toBe(0);
    },
  );
});

describe('properties', () => {
  const locales = ['en-US', 'de-DE', 'fr-FR', 'de-CH'];
  const dresses = [
    (text: string) => text,
    (text: string) => `\`\`\`\n${text}\n\`\`\``,
    (text: string) => `  **${text}**. `,
    (text: string) => `The answer is: ${text}`,
  ];

  it('a whole number is known in every way of writing it, and never taken for its neighbour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.constantFrom(...locales),
        fc.constantFrom(...dresses),
        (value, locale, dress) => {
          const text = dress(new Intl.NumberFormat(locale).format(value));
          expect(score(number(String(value)), text)).toBe(1);
          expect(score(number(String(value + 1)), text)).toBe(0);
        },
      ),
    );
  });

  it('any JSON object is known however it is laid out and dressed', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.constantFrom(0, 1, 2),
        fc.constantFrom(
          (text: string) => text,
          (text: string) => `\`\`\`json\n${text}\n\`\`\``,
          (text: string) => `Here: ${text}`,
        ),
        (value, indent, dress) => {
          const plain = JSON.parse(JSON.stringify(value)) as Json;
          expect(score({ kind: 'json', value: plain }, dress(JSON.stringify(value, null, indent)))).toBe(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('whatever a model says has a score from 0 to 1, the same each time', () => {
    const pieces = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('```', '{', '[', '"', '\\', '</think>', '1,', '-', '\n'),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.constantFrom(...tasks), (parts, { check }) => {
        const text = parts.join('');
        const answer = { text, toolCalls: [{ name: 'book_seat', arguments: text }] };
        const first = scoreAnswer(check, answer);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first).toBeLessThanOrEqual(1);
        expect(scoreAnswer(check, answer)).toBe(first);
      }),
    );
  });

  it('one character, however often it comes, holds up nobody', () => {
    const startedMs = performance.now();
    for (const mark of ['_', '*', '"', '`', '’'])
      for (const check of [accepted('a'), choice, { kind: 'contains', all: ['c'] } as const])
        expect(score(check, `a${mark.repeat(50_000)}b`)).toBe(0);
    for (const zeros of ['0'.repeat(200_000), `1.${'0'.repeat(200_000)}`])
      expect(score(number('1'), `${zeros}1`)).toBe(Number(!zeros.includes('.')));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('an endless answer is judged in no time', () => {
    const startedMs = performance.now();
    for (const text of ['{['.repeat(50_000), '1,'.repeat(50_000), '```'.repeat(30_000), ' '.repeat(100_000)])
      for (const { check } of tasks) score(check, text);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
