import fc from 'fast-check';
import { powerLevels } from '../routing-policy';
import { difficulties, difficultyOf, levelByDifficulty } from './difficulty';
import { needsOf } from './request-needs';

type Fields = Readonly<Record<string, unknown>>;

const of = (fields: Fields) =>
  difficultyOf(fields, needsOf({ fields }, 'chat_completions', Buffer.byteLength(JSON.stringify(fields))));
const chat = (content: unknown, more: Fields = {}): Fields => ({
  messages: [{ role: 'user', content }],
  ...more,
});
const tools = (count: number): Fields => ({
  tools: Array.from({ length: count }, () => ({ type: 'function' })),
});

describe('how hard a request looks', () => {
  it.each<[string, Fields, string, string[]]>([
    ['a greeting', chat('Hello there!'), 'easy', ['simple_task']],
    ['a small question', chat('What is the capital of France?'), 'easy', []],
    ['a translation', chat('Translate to German: good morning'), 'easy', ['simple_task']],
    ['a tool or two', chat('What is the weather?', tools(2)), 'medium', ['tools']],
    ['code', chat('What does this do?\n```js\nfoo()\n```'), 'medium', ['code']],
    ['an error', chat('TypeError: x is not a function'), 'medium', ['code']],
    ['a query', chat('SELECT a, b FROM t WHERE c = 1'), 'medium', ['code']],
    [
      'words of code in prose',
      chat('I select a class (first) from the public ones, and let it be.'),
      'easy',
      [],
    ],
    ['a comparison', chat('Compare PostgreSQL and MySQL for our shop.'), 'medium', ['reasoning']],
    ['another script', chat('Какая столица Франции?'), 'medium', ['language']],
    ['mathematics', chat('Find the derivative of x^3.'), 'medium', ['math']],
    [
      'a proof, step by step',
      chat('Prove step by step that √2 is irrational.'),
      'hard',
      ['math', 'reasoning'],
    ],
    [
      'work on code with tools',
      chat('Debug this:\n```py\ndef f(x): return\n```', tools(1)),
      'hard',
      ['code', 'code_work', 'tools'],
    ],
    ['an agent', chat('Refactor the module', tools(20)), 'hard', ['code_work', 'tools', 'many_tools']],
    ['a long text', chat('word '.repeat(4_000)), 'medium', ['long']],
    [
      'a very long one, to analyse',
      chat(`Analyse this. ${'word '.repeat(20_000)}`),
      'hard',
      ['long', 'very_long', 'reasoning'],
    ],
    [
      'a task whose tool has just answered, in the dialect of Anthropic',
      {
        messages: [
          { role: 'user', content: 'Prove step by step that √2 is irrational.' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'run', input: {} }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'hello' }] },
        ],
        ...tools(1),
      },
      'hard',
      ['math', 'reasoning', 'tools'],
    ],
    ['the task at the end', chat(`${'word '.repeat(2_000)} Prove it.`), 'medium', ['math']],
  ])('%s', (_what, fields, difficulty, reasons) => {
    expect(of(fields)).toMatchObject({ difficulty, reasons });
  });

  it('goes by what the user said last, in every dialect', () => {
    const proof = 'Prove step by step that it holds.';
    const messages = [
      { role: 'system', content: 'You prove theorems step by step.' },
      { role: 'user', content: proof },
      { role: 'assistant', content: 'Done.' },
      { role: 'user', content: [{ type: 'text', text: 'Thanks!' }] },
    ];
    expect(of({ messages })).toMatchObject({ difficulty: 'easy', reasons: ['simple_task'] });
    for (const fields of [
      chat([{ type: 'text', text: proof }, { type: 'image_url' }]),
      { input: proof },
      { input: [{ role: 'user', content: [{ type: 'input_text', text: proof }] }] },
      { prompt: proof },
    ])
      expect(of(fields).difficulty).toBe('hard');
  });

  it('is sure of what is short and plain, and of what is hard for several reasons', () => {
    const sure = (fields: Fields) => of(fields).isSure;
    expect(sure(chat('Hello!'))).toBe(true);
    expect(sure(chat('Prove step by step that √2 is irrational.'))).toBe(true);
    expect(sure(chat('Compare two databases.'))).toBe(false);
    expect(sure(chat('plain text '.repeat(100)))).toBe(false);
  });

  it('gives every difficulty a level', () => {
    expect(difficulties.map((one) => levelByDifficulty[one])).toEqual(powerLevels);
  });

  it('stands any body', () => {
    const body = fc.dictionary(
      fc.constantFrom('messages', 'input', 'prompt', 'tools', 'functions'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(body, (fields) => {
        expect(difficulties).toContain(of(fields as Fields).difficulty);
      }),
    );
  });

  it.each([
    ['SELECT '.repeat(500_000)],
    ['function '.repeat(500_000)],
    [`function ${'a'.repeat(4_000_000)}`],
    ['let a'.repeat(500_000)],
    ['\\frac'.repeat(500_000)],
    ['а'.repeat(4_000_000)],
    [' '.repeat(4_000_000)],
  ])('takes no longer for a body that was made to take long', (text) => {
    const fields = chat(text);
    const needs = needsOf({ fields }, 'chat_completions', 4_000_000);
    const startedAt = performance.now();
    difficultyOf(fields, needs);
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});
