import { defineTasks } from './define-tasks';

export const instructionTasks = defineTasks('instructions', [
  {
    id: 'instructions-lines',
    prompt:
      'Name four colours in English, one on each line, each line beginning with "- ". Write nothing before or after the list.',
    check: {
      kind: 'rules',
      rules: [
        { rule: 'lines', count: 4 },
        { rule: 'each_line_starts_with', text: '- ' },
      ],
    },
  },
  {
    id: 'instructions-lower-case',
    prompt:
      'Write one sentence about rain. Use only lower-case letters, between 6 and 12 words, and end with the word "umbrella" without a full stop.',
    check: {
      kind: 'rules',
      rules: [
        { rule: 'lower_case' },
        { rule: 'words', min: 6, max: 12 },
        { rule: 'ends_with', text: 'umbrella' },
        { rule: 'lines', count: 1 },
      ],
    },
  },
  {
    id: 'instructions-sorted',
    prompt:
      'Sort these words alphabetically and write them one on each line, with nothing else: signal, rail, barrier, whistle, engine, axle.',
    check: { kind: 'output', value: 'axle\nbarrier\nengine\nrail\nsignal\nwhistle' },
  },
  {
    id: 'instructions-frame',
    prompt:
      'Write a text of 15 to 40 words about bridges that begins with the word "Bridges" and does not contain the word "water". Write plain text without line breaks.',
    check: {
      kind: 'rules',
      rules: [
        { rule: 'starts_with', text: 'Bridges' },
        { rule: 'lacks', text: 'water' },
        { rule: 'words', min: 15, max: 40 },
        { rule: 'lines', count: 1 },
      ],
    },
  },
  {
    id: 'instructions-reverse',
    prompt: 'Write the word "locomotive" backwards. Answer with that one word in lower case.',
    check: { kind: 'text', accepted: ['evitomocol'] },
    weight: 2,
  },
  {
    id: 'instructions-stated-format',
    prompt:
      'A ticket has the number 4711, costs 12.5 euros and is valid for 3 zones. Answer with exactly this form and nothing else, in capital letters: TICKET <number> | <price with two decimals> EUR | ZONES <zones>',
    check: {
      kind: 'rules',
      rules: [
        { rule: 'upper_case' },
        { rule: 'lines', count: 1 },
        { rule: 'contains', text: 'TICKET 4711 | 12.50 EUR | ZONES 3' },
      ],
    },
  },
]);
