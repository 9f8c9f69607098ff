import { defineTasks } from './define-tasks';

const number = (value: string) => ({ kind: 'number', value }) as const;

export const arithmeticTasks = defineTasks('arithmetic', [
  {
    id: 'arithmetic-product',
    prompt: 'What is 17 * 23 + 98? Answer with the number only.',
    check: number('489'),
  },
  {
    id: 'arithmetic-large-sum',
    prompt: 'Add 1234567 and 7654321. Answer with the number only.',
    check: number('8888888'),
  },
  {
    id: 'arithmetic-percentage',
    prompt:
      'A device costs 2,480 dollars. A deposit of 15 % is due. How many dollars are that? Answer with the number only.',
    check: number('372'),
  },
  {
    id: 'arithmetic-duration',
    prompt:
      'A train leaves at 09:47 and arrives on the same day at 14:05. How many minutes does it travel? Answer with the number only.',
    check: number('258'),
  },
  {
    id: 'arithmetic-fractions',
    prompt: 'What is 3/8 + 5/12, rounded to four decimal places? Answer with the decimal number only.',
    check: number('0.7917'),
  },
  {
    id: 'arithmetic-primes',
    prompt: 'What is the sum of all prime numbers between 50 and 80? Answer with the number only.',
    check: number('463'),
    weight: 2,
  },
  {
    id: 'arithmetic-powers',
    prompt: 'What is 2 to the power of 17, minus 3 to the power of 9? Answer with the number only.',
    check: number('111389'),
    weight: 2,
  },
  {
    id: 'arithmetic-stock',
    prompt:
      'A depot holds 480 sleepers. On Monday a quarter of them is used. On Tuesday 65 arrive. On Wednesday two fifths of what is there then are used. How many are left? Answer with the number only.',
    check: number('255'),
    weight: 2,
  },
]);
