import { requireSupportedNode } from './stack/node-version.mjs';

requireSupportedNode();
const { main } = await import('./stack/cli-command.mjs');
await main(process.argv.slice(2));
