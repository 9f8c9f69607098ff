import { defineTasks } from './define-tasks';

function choose(question: string, options: readonly string[], value: string, text: string) {
  return {
    prompt: `${question} Answer with exactly one of these words and nothing else: ${options.join(', ')}.\n\n${text}`,
    check: { kind: 'choice', options, value },
  } as const;
}

const feelings = ['positive', 'negative', 'neutral'];
const relations = ['entailed', 'contradicted', 'undetermined'];

export const classificationTasks = defineTasks('classification', [
  {
    id: 'classification-sarcasm',
    ...choose(
      'What does the writer think of the service?',
      feelings,
      'negative',
      'Wonderful. Only three hours late this time, and the heating broke just once. I can hardly wait for the next ride.',
    ),
  },
  {
    id: 'classification-neutral',
    ...choose(
      'How does the writer feel about the product?',
      feelings,
      'neutral',
      'The package contains two hinges, eight screws and a manual in four languages. Delivery was on Tuesday.',
    ),
  },
  {
    id: 'classification-intent',
    ...choose(
      'What does the customer want?',
      ['refund', 'exchange', 'information', 'complaint'],
      'exchange',
      'The boots are lovely but a size too small. Could you send me the same ones in 43? I would put the small ones into the mail right away.',
    ),
  },
  {
    id: 'classification-urgency',
    ...choose(
      'How urgent is this ticket? critical: people or production in danger now; high: work is blocked; low: anything else.',
      ['critical', 'high', 'low'],
      'critical',
      'Barrier 12 stays open while trains pass. The road is in use.',
    ),
  },
  {
    id: 'classification-entailed',
    ...choose(
      'Does the second sentence follow from the first?',
      relations,
      'contradicted',
      'First: None of the drivers on the early shift has ever missed a signal.\nSecond: A driver on the early shift missed a signal in May.',
    ),
    weight: 2,
  },
  {
    id: 'classification-undetermined',
    ...choose(
      'Does the second sentence follow from the first?',
      relations,
      'undetermined',
      'First: Some of the switches that were renewed in spring are heated.\nSecond: Switch 7 was renewed in spring and is heated.',
    ),
    weight: 2,
  },
]);
