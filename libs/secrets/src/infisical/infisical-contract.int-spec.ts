import { InfisicalWorld } from '../../../../test/support/infisical-world';
import { describeSecretStore } from '../../../../test/support/secret-store-contract';

describe.each(['2024', 'newer'] as const)('Infisical, dialect %s', (dialect) => {
  describeSecretStore('infisical', async () => {
    const world = await InfisicalWorld.start({ dialect });
    return { store: world.openStore(), close: () => world.close() };
  });
});
