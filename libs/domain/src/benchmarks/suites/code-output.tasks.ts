import { defineTasks } from './define-tasks';

const question = 'What does this program print? Answer with the exact output and nothing else.';
const output = (value: string) => ({ kind: 'output', value }) as const;

export const codeOutputTasks = defineTasks('code_output', [
  {
    id: 'code-python-slices',
    prompt: `${question}

\`\`\`python
track = list(range(10))
print(track[2:8:3], track[-3:], track[::-4])
\`\`\``,
    check: output('[2, 5] [7, 8, 9] [9, 5, 1]'),
  },
  {
    id: 'code-python-default',
    prompt: `${question}

\`\`\`python
def note(value, seen=[]):
    seen.append(value)
    return len(seen)

print(note(1))
print(note(2))
print(note(3, []))
print(note(4))
\`\`\``,
    check: output('1\n2\n1\n3'),
    weight: 2,
  },
  {
    id: 'code-javascript-order',
    prompt: `${question}

\`\`\`javascript
console.log('a');
setTimeout(() => console.log('b'), 0);
Promise.resolve().then(() => console.log('c'));
console.log('d');
\`\`\``,
    check: output('a\nd\nc\nb'),
  },
  {
    id: 'code-javascript-closure',
    prompt: `${question}

\`\`\`javascript
const jobs = [];
for (var index = 0; index < 3; index += 1) jobs.push(() => index);
let total = 0;
for (const job of jobs) total += job();
console.log(total, [10, 9, 1].sort().join(' '));
\`\`\``,
    check: output('9 1 10 9'),
    weight: 2,
  },
  {
    id: 'code-recursion',
    prompt: `${question}

\`\`\`python
def f(n):
    return n if n < 2 else f(n - 1) + 2 * f(n - 2)

print(f(7))
\`\`\``,
    check: output('43'),
    weight: 2,
  },
  {
    id: 'code-sql',
    prompt: `The table trains(line, delay) has the rows ('A', 5), ('A', 0), ('B', 12), ('B', 3), ('C', 2), ('A', 7). What does this query return? Answer with one line for each row, its columns separated by one space, and nothing else.

\`\`\`sql
SELECT line, sum(delay) FROM trains GROUP BY line HAVING count(*) > 1 ORDER BY sum(delay) DESC;
\`\`\``,
    check: output('B 15\nA 12'),
  },
]);
