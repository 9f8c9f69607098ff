// Runs one benchmark: test/bench/NAME.bench.ts exports `run(status)`, which returns the rows of its table, or of several
// tables by their titles.
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
require('reflect-metadata');
require('./typescript-hook.cjs');

async function main([benchFile, resultFile]) {
  const status = JSON.parse(readFileSync(process.env.SIGNALBOX_E2E_STATUS_FILE, 'utf8'));
  const figures = await require(benchFile).run(status);
  const tables = Array.isArray(figures) ? { '': figures } : figures;
  for (const [title, rows] of Object.entries(tables)) {
    if (title) console.log(`\n${title}`);
    console.table(rows);
  }
  mkdirSync(dirname(resultFile), { recursive: true });
  const result = { measured_at: new Date().toISOString(), versions: status.versions, rows: figures };
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
