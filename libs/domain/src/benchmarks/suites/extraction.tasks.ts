import { defineTasks } from './define-tasks';

const onlyJson = 'Answer with one JSON object and nothing else.';

export const extractionTasks = defineTasks('extraction', [
  {
    id: 'extraction-invoice',
    prompt: `Take "number" (text), "total" (number, in euros), "currency" (ISO 4217 code) and "due" (YYYY-MM-DD) from this invoice. ${onlyJson}

Invoice RE-2031-0098, issued 3 March 2031 by Weichenbau Nord. Net 1,250.00 EUR, VAT 237.50 EUR, total 1,487.50 EUR. Payable within 14 days of issue.`,
    check: {
      kind: 'json',
      value: { number: 'RE-2031-0098', total: 1487.5, currency: 'EUR', due: '2031-03-17' },
    },
    weight: 2,
  },
  {
    id: 'extraction-contact',
    prompt: `Take "first_name", "last_name", "email" and "phone" (digits and a leading + only) from this text. ${onlyJson}

Hi, this is Maren Okafor from the night shift. Please write to maren.okafor@depot.example rather than calling, but if it burns: +49 (0)40 555-0178 without the zero in brackets.`,
    check: {
      kind: 'json',
      value: {
        first_name: 'Maren',
        last_name: 'Okafor',
        email: 'maren.okafor@depot.example',
        phone: '+49405550178',
      },
    },
  },
  {
    id: 'extraction-log',
    prompt: `Count the lines of each level in this log. Answer with one JSON object such as {"INFO": 0, "WARN": 0, "ERROR": 0} and nothing else.

10:00:01 INFO signal S1 is green
10:00:02 WARN relay 7 is slow
10:00:02 INFO signal S2 is red
10:00:05 ERROR relay 7 does not answer
10:00:06 INFO the word ERROR stands in the manual on page 4
10:00:09 WARN relay 8 is slow
10:00:11 ERROR relay 8 does not answer
10:00:12 ERROR relay 7 does not answer`,
    check: { kind: 'json', value: { INFO: 3, WARN: 2, ERROR: 3 } },
  },
  {
    id: 'extraction-table',
    prompt: `Turn this table into a JSON list of objects with the fields "station" (text), "platforms" (number) and "lift" (true or false). Keep the order. Answer with the JSON list and nothing else.

| station    | platforms | lift |
| ---------- | --------- | ---- |
| Altmoor    | 2         | yes  |
| Birkenau   | 5         | no   |
| Clausthal  | 1         | yes  |`,
    check: {
      kind: 'json',
      value: [
        { station: 'Altmoor', platforms: 2, lift: true },
        { station: 'Birkenau', platforms: 5, lift: false },
        { station: 'Clausthal', platforms: 1, lift: true },
      ],
    },
  },
  {
    id: 'extraction-missing',
    prompt: `Take "name" (text), "age" (number or null) and "city" (text or null) from this text. What the text does not say is null. ${onlyJson}

Ilse moved to Bremen last year. Her brother, who is 34, stayed in Kiel.

The object is about Ilse.`,
    check: { kind: 'json', value: { name: 'Ilse', age: null, city: 'Bremen' } },
    weight: 2,
  },
  {
    id: 'extraction-nested',
    prompt: `Write this order as {"customer": text, "items": [{"sku": text, "quantity": number}], "express": true or false}. Items in the order of the text. ${onlyJson}

Customer Halden wants three of RL-20 and a dozen of BT-5. No express, they have time. Oh, and one of KX-900.`,
    check: {
      kind: 'json',
      value: {
        customer: 'Halden',
        items: [
          { sku: 'RL-20', quantity: 3 },
          { sku: 'BT-5', quantity: 12 },
          { sku: 'KX-900', quantity: 1 },
        ],
        express: false,
      },
    },
  },
]);
