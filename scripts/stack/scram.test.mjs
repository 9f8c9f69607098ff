import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scramVerifier } from './scram.mjs';

test('the verifier agrees with the exchange in RFC 7677, section 3', () => {
  const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096);
  assert.equal(
    verifier,
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

test('two verifiers of one password differ by their salt and do not contain it', () => {
  assert.notEqual(scramVerifier('password'), scramVerifier('password'));
  assert.doesNotMatch(scramVerifier('password'), /password/);
});
