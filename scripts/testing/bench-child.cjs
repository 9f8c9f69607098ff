// Runs one benchmark: test/bench/NAME.bench.ts exports `run(status)`, which returns the rows of its table.
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
require('reflect-metadata');
require('./typescript-hook.cjs');

async function main([benchFile, resultFile]) {
  const status = JSON.parse(readFileSync(process.env.SIGNALBOX_E2E_STATUS_FILE, 'utf8'));
  const rows = await require(benchFile).run(status);
  console.table(rows);
  mkdirSync(dirname(resultFile), { recursive: true });
  const result = { measured_at: new Date().toISOString(), versions: status.versions, rows };
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
