import { defineTasks } from './define-tasks';
import type { Json, TaskTool } from './task.types';

function tool(name: string, description: string, properties: { readonly [name: string]: Json }): TaskTool {
  const required = Object.keys(properties);
  return {
    name,
    description,
    parameters: { type: 'object', properties, required, additionalProperties: false },
  };
}

const text = { type: 'string' };
const tools: readonly TaskTool[] = [
  tool('get_departures', 'Lists the next departures of a station.', { station: text }),
  tool('book_seat', 'Books seats in one train.', {
    train: { type: 'string', description: 'Such as ICE 7.' },
    seats: { type: 'integer' },
    quiet: { type: 'boolean', description: 'Whether they are in the quiet carriage.' },
  }),
  tool('get_weather', 'Says what the weather of a town is on one day.', {
    town: text,
    date: { type: 'string', description: 'YYYY-MM-DD' },
  }),
];

export const toolChoiceTasks = defineTasks('tool_choice', [
  {
    id: 'tool-departures',
    prompt: 'When does the next train leave from Birkenau?',
    tools,
    check: { kind: 'tool', name: 'get_departures', arguments: { station: 'Birkenau' } },
  },
  {
    id: 'tool-booking',
    prompt: 'Please book three seats for us in the ICE 7, in the quiet carriage.',
    tools,
    check: { kind: 'tool', name: 'book_seat', arguments: { train: 'ICE 7', seats: 3, quiet: true } },
    weight: 2,
  },
  {
    id: 'tool-weather-date',
    prompt: 'Today is 2031-02-27. What will the weather be like in Kiel the day after tomorrow?',
    tools,
    check: { kind: 'tool', name: 'get_weather', arguments: { town: 'Kiel', date: '2031-03-01' } },
    weight: 2,
  },
  {
    id: 'tool-none',
    prompt: 'What is the capital of France? Answer with the name only. Use a tool only if you need one.',
    tools,
    check: { kind: 'no_tool', accepted: ['Paris'] },
  },
]);
