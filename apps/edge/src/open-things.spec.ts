import { OpenThings } from './open-things';

function contents<Thing>(things: OpenThings<Thing>): Thing[] {
  const found: Thing[] = [];
  things.forEach((thing) => found.push(thing));
  return found;
}

it('holds what was added and not removed', () => {
  const things = new OpenThings<string>();
  const first = things.add('a');
  const second = things.add('b');
  things.add('c');
  things.remove(second);
  expect(contents(things)).toEqual(['a', 'c']);
  expect(things.size).toBe(2);
  things.remove(first);
  things.add('d');
  things.add('e');
  expect(new Set(contents(things))).toEqual(new Set(['c', 'd', 'e']));
  expect(things.size).toBe(3);
});

it('uses the places of what has gone', () => {
  const things = new OpenThings<object>();
  const first = things.add({});
  things.remove(first);
  expect(things.add({})).toBe(first);
});

it('lets what it visits be removed on the way', () => {
  const things = new OpenThings<{ place: number }>();
  for (let index = 0; index < 3; index += 1) {
    const thing = { place: -1 };
    thing.place = things.add(thing);
  }
  things.forEach(({ place }) => things.remove(place));
  expect(things.size).toBe(0);
});
