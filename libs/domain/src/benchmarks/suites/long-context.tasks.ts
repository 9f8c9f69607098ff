import { defineTasks } from './define-tasks';

const places = ['Altmoor', 'Birkenau', 'Clausthal', 'Dornfeld', 'Ellerbek', 'Falkenrode', 'Grenzau'];
const things = ['a switch', 'a signal', 'a barrier', 'a sleeper', 'a lamp', 'a relay', 'a cable', 'a fence'];
const deeds = ['was inspected', 'was painted', 'was replaced', 'was measured', 'was cleaned', 'was oiled'];
const sentenceCount = 260;

/** Always the same text, which no model has seen: about 4,000 tokens. */
function workReport(needles: ReadonlyMap<number, string>): string {
  const lines = Array.from({ length: sentenceCount }, (_item, index) => {
    const pick = (list: readonly string[], step: number): string => list[(index * step) % list.length] ?? '';
    const usual = `Entry ${index + 1}: at ${pick(places, 3)} ${pick(things, 5)} ${pick(deeds, 7)} by crew ${(index * 13) % 29}.`;
    return needles.get(index) ?? usual;
  });
  return lines.join('\n');
}

function ask(needles: ReadonlyMap<number, string>, question: string): string {
  return `Read this work report and answer the question below it.\n\n${workReport(needles)}\n\n${question}`;
}

export const longContextTasks = defineTasks('long_context', [
  {
    id: 'long-context-early',
    prompt: ask(
      new Map([[21, 'Entry 22: the code of the tool shed was changed to 83-KORALLE-5.']]),
      'What is the code of the tool shed? Answer with the code only.',
    ),
    check: { kind: 'contains', all: ['83-KORALLE-5'] },
  },
  {
    id: 'long-context-middle',
    prompt: ask(
      new Map([[133, 'Entry 134: foreman Tamsin left her blue notebook in the canteen of Dornfeld.']]),
      'Where did the foreman leave her notebook? Answer with the name of the town only.',
    ),
    check: { kind: 'text', accepted: ['Dornfeld'] },
    weight: 2,
  },
  {
    id: 'long-context-two-facts',
    prompt: ask(
      new Map([
        [47, 'Entry 48: the reserve of ballast at the north yard is 340 tonnes.'],
        [214, 'Entry 215: the reserve of ballast at the south yard is 185 tonnes.'],
      ]),
      'How many tonnes of ballast are in reserve at both yards together? Answer with the number only.',
    ),
    check: { kind: 'number', value: '525' },
    weight: 2,
  },
]);
