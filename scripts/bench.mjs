import { requireSupportedNode } from './stack/node-version.mjs';

requireSupportedNode();
const { main } = await import('./testing/bench-command.mjs');
await main(process.argv.slice(2));
