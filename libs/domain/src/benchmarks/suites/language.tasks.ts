import { defineTasks } from './define-tasks';

export const languageTasks = defineTasks('languages', [
  {
    id: 'language-german-number',
    prompt:
      'Schreibe die Zahl „zwölftausenddreihundertfünfundvierzig“ in Ziffern. Antworte nur mit der Zahl.',
    check: { kind: 'number', value: '12345' },
  },
  {
    id: 'language-german-article',
    prompt: 'Welcher Artikel gehört zu „Brücke“: der, die oder das? Antworte nur mit dem Artikel.',
    check: { kind: 'text', accepted: ['die'] },
  },
  {
    id: 'language-german-reading',
    prompt:
      'Der Regionalzug nach Lüneburg fährt werktags um 7.12 Uhr, samstags um 8.40 Uhr und sonntags gar nicht. Heute ist der Tag nach Freitag. Wann fährt der Zug? Antworte nur mit der Uhrzeit in der Form HH:MM.',
    check: {
      kind: 'text',
      accepted: ['08:40', '8:40', '08.40', '8.40', '08:40 Uhr', '8:40 Uhr', '8.40 Uhr'],
    },
    weight: 2,
  },
  {
    id: 'language-french-reading',
    prompt:
      'Dans la phrase « Ni le chef ni les ouvriers ne sont venus, mais leurs trois chiens étaient là », combien de chiens étaient là ? Réponds avec le nombre en chiffres seulement.',
    check: { kind: 'number', value: '3' },
  },
  {
    id: 'language-spanish-extraction',
    prompt:
      'Saca de este texto "ciudad" (texto) y "personas" (número) y contesta solo con un objeto JSON: «Somos cuatro adultos y dos niños, y queremos viajar de Cádiz a Zaragoza.» "ciudad" es el destino, "personas" son todos los viajeros.',
    check: { kind: 'json', value: { ciudad: 'Zaragoza', personas: 6 } },
    weight: 2,
  },
  {
    id: 'language-chinese',
    prompt: '小王有十五个苹果，给了小李六个，又买了四个。小王现在有几个苹果？只用阿拉伯数字回答。',
    check: { kind: 'number', value: '13' },
  },
  {
    id: 'language-answer-in-german',
    prompt: 'What is the German word for "railway station"? Answer with that one word, without its article.',
    check: { kind: 'text', accepted: ['Bahnhof'] },
  },
]);
