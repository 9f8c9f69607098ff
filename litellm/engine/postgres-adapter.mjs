// @prisma/adapter-pg with what LiteLLM's raw queries need: types that the adapter does not know are read as text.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const pg = require('pg');
const { PrismaPg } = require('@prisma/adapter-pg');

const TEXT = 25;
const TEXT_ARRAY = 1009;
const NAME_ARRAY = 1003;
// adapter-pg 5.17 takes oids from 10000 on (types made by a user) as text by itself.
const FIRST_USER_TYPE = 10_000;
const KNOWN_SCALARS = [
  16, 17, 20, 21, 23, 25, 26, 114, 142, 650, 700, 701, 790, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1266,
  1560, 1562, 1700, 2950, 3802,
];
const KNOWN_ARRAYS = [
  143, 199, 651, 791, 1000, 1001, 1002, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1028, 1041, 1115,
  1182, 1183, 1231, 1561, 1563, 2951, 3807,
];
const KNOWN_TYPES = new Set([...KNOWN_SCALARS, ...KNOWN_ARRAYS]);
// node-postgres parses these (point, circle, interval and lists of them) into objects; the engine wants the text.
const PARSED_TO_OBJECTS = [600, 718, 1017, 1186, 1187];
for (const oid of PARSED_TO_OBJECTS) pg.types.setTypeParser(oid, (text) => text);
// And name[] it does not parse at all.
pg.types.setTypeParser(NAME_ARRAY, pg.types.getTypeParser(TEXT_ARRAY));

export function readableTypeOid(oid) {
  if (oid === NAME_ARRAY) return TEXT_ARRAY;
  return KNOWN_TYPES.has(oid) || oid >= FIRST_USER_TYPE ? oid : TEXT;
}

export class ReadableTypesAdapter extends PrismaPg {
  async performIO(query) {
    return withReadableTypes(await super.performIO(query));
  }

  async startTransaction() {
    const started = await super.startTransaction();
    return started.map((transaction) => {
      const performIO = transaction.performIO.bind(transaction);
      transaction.performIO = async (query) => withReadableTypes(await performIO(query));
      return transaction;
    });
  }
}

function withReadableTypes(result) {
  return result.map((value) => {
    for (const field of value.fields ?? []) field.dataTypeID = readableTypeOid(field.dataTypeID);
    return value;
  });
}

export function createPool(poolOptions, onError) {
  const pool = new pg.Pool(poolOptions);
  pool.on('error', onError);
  // The pool listens to its idle clients only. One that is lost inside a transaction would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
