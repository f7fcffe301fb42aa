// Runs the vendors' official SDKs against running doubles, on success and error paths.
//
//   auth-challenge doubles --control 0 > doubles.json &
//   DOUBLES=doubles.json npm test          # or: node run.mjs doubles.json
//
// The first line of the file is what `auth-challenge doubles` prints first. Without a file it is read from standard input.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, beforeEach, test } from 'node:test';
import { Authsignal } from '@authsignal/node';

const require = createRequire(import.meta.url);
const { DfnsApiClient, DfnsError } = require('@dfns/sdk');
const { AsymmetricKeySigner } = require('@dfns/sdk-keysigner');
const { Config, SDK } = require('@corbado/node-sdk');
// Corbado's SDK has challenges in its generated code alone, which it does not export.
const { ChallengesApi } = require('./node_modules/@corbado/node-sdk/cjs/generated/api.js');

const source = process.env.DOUBLES ?? process.argv[2] ?? 0;
const doubles = JSON.parse(readFileSync(source, 'utf8').split('\n')[0]);
assert.ok(doubles.control, 'start the doubles with --control');

async function command(method, path, body) {
  const reply = await fetch(doubles.control.base_url + path, { method, body: body && JSON.stringify(body) });
  assert.ok(reply.ok, `${method} ${path}: ${await reply.clone().text()}`);
  return reply.json();
}

async function lastCode(to) {
  const messages = await command('GET', `/outbox?to=${encodeURIComponent(to)}`);
  return messages.at(-1)?.code;
}

const another = (code) => (code.startsWith('1') ? '2' : '1') + code.slice(1);
let count = 0;
const freshEmail = () => `jane${(count += 1)}-${Date.now()}@doe.com`;

beforeEach(() => command('DELETE', '/faults'));
after(() => command('POST', '/clock', { reset: true }));

// ---- Corbado

const corbado = (secret = doubles.corbado.api_secret) => {
  const backend = doubles.corbado.base_url.replace(/\/v2$/, '');
  const sdk = new SDK(new Config(doubles.corbado.project_id, secret, 'https://pro-1.frontendapi.corbado.io', backend));
  return new ChallengesApi(undefined, '', sdk.axiosClient);
};
const user = doubles.corbado.user_id;
const corbadoRequest = (change = {}) => ({
  challengeType: 'email_otp',
  identifierValue: 'jane@doe.com',
  clientInformation: {
    remoteAddress: '::ffff:172.18.0.1',
    userAgent: 'Mozilla/5.0',
    userVerifyingPlatformAuthenticatorAvailable: true,
    conditionalMediationAvailable: true,
    clientCapabilities: {},
    parsedDeviceInfo: { browserName: 'Chrome', browserVersion: '104', osName: 'Windows', osVersion: '10' },
  },
  ...change,
});
const corbadoRefusal = async (promise, status, type) => {
  const error = await promise.then(() => assert.fail('expected an error'), (error) => error);
  assert.equal(error.response?.status, status);
  const body = error.response.data;
  assert.equal(body.httpStatusCode, status);
  assert.equal(body.error.type, type);
  assert.match(body.requestData.requestID, /^req-/);
  return (body.error.validation ?? []).map(({ field, message }) => `${field}: ${message}`);
};

test('Corbado: a code is sent, a wrong one refused, the right one taken once', async () => {
  const api = corbado();
  const { status, data } = await api.challengeCreate(user, corbadoRequest());
  assert.equal(status, 200);
  assert.deepEqual([data.type, data.status, data.identifierValue], ['email_otp', 'pending', 'jane@doe.com']);
  assert.ok(data.expires > Date.now() / 1000);
  const wrong = api.challengeUpdate(user, data.challengeID, { value: another(data.value) });
  assert.deepEqual(await corbadoRefusal(wrong, 400, 'validation_error'), ['value: is invalid']);
  const right = await api.challengeUpdate(user, data.challengeID, { value: data.value });
  assert.equal(right.data.status, 'completed');
  await corbadoRefusal(api.challengeUpdate(user, data.challengeID, { value: data.value }), 400, 'validation_error');
});

test('Corbado: a challenge expires', async () => {
  const { data } = await corbado().challengeCreate(user, corbadoRequest({ lifetimeSeconds: 30 }));
  await command('POST', '/clock', { advance_s: 31 });
  const late = await corbado().challengeUpdate(user, data.challengeID, { value: data.value });
  assert.equal(late.data.status, 'expired');
});

test('Corbado: mistakes are answered as the vendor does', async () => {
  const api = corbado();
  await corbadoRefusal(corbado('corbado1_wrong').challengeCreate(user, corbadoRequest()), 401, 'login_error');
  const nobody = api.challengeCreate('usr-0', corbadoRequest());
  assert.deepEqual(await corbadoRefusal(nobody, 400, 'validation_error'), ['userID: does not exist']);
  const unknown = api.challengeUpdate(user, 'cha-0', { value: '1' });
  assert.deepEqual(await corbadoRefusal(unknown, 400, 'validation_error'), ['challengeID: does not exist']);
  const bare = await corbadoRefusal(api.challengeCreate(user, { challengeType: 'email_otp' }), 400, 'validation_error');
  assert.deepEqual(bare.sort(), ['clientInformation: cannot be blank', 'identifierValue: cannot be blank']);
  await command('POST', '/faults', { provider: 'corbado', fault: 'rate_limited', retry_after_s: 2 });
  await corbadoRefusal(api.challengeCreate(user, corbadoRequest()), 429, 'rate_limited');
});

test('Corbado: the public part of the SDK reads an error of the double', async () => {
  const backend = doubles.corbado.base_url.replace(/\/v2$/, '');
  const sdk = new SDK(new Config(doubles.corbado.project_id, 'corbado1_wrong', 'https://pro-1.frontendapi.corbado.io', backend));
  await assert.rejects(sdk.users().get(user), (error) => [401, 404].includes(error.httpStatusCode));
});

// ---- Authsignal

const authsignal = (apiSecretKey = doubles.authsignal.secret_key) => new Authsignal({ apiSecretKey, apiUrl: doubles.authsignal.base_url });
const authsignalRefusal = (promise, status, code) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.statusCode, error.errorCode], [status, code]);
    assert.ok(error.errorDescription);
    return true;
  });

test('Authsignal: a code is sent, a wrong one refused, the right one taken once, claimed and validated', async () => {
  const api = authsignal();
  const email = freshEmail();
  const { challengeId, idempotencyKey, expiresAt } = await api.challenge({ verificationMethod: 'EMAIL_OTP', action: 'signIn', email });
  assert.ok(challengeId && idempotencyKey && expiresAt > Date.now() / 1000);
  const active = await api.getChallenge({ challengeId });
  assert.deepEqual([active.challengeId, active.email, active.action], [challengeId, email, 'signIn']);
  const code = await lastCode(email);
  const wrong = await api.verify({ challengeId, verificationCode: another(code) });
  assert.deepEqual([wrong.isVerified, wrong.failureReason], [false, 'CODE_INVALID_OR_EXPIRED']);
  await authsignalRefusal(api.claimChallenge({ challengeId, userId: 'jane' }), 400, 'invalid_request');
  const right = await api.verify({ challengeId, verificationCode: code });
  assert.deepEqual([right.isVerified, right.email, right.verificationMethod], [true, email, 'EMAIL_OTP']);
  assert.equal((await api.verify({ challengeId, verificationCode: code })).isVerified, false);
  assert.deepEqual(await api.getChallenge({ challengeId }), {});
  const { token } = await api.claimChallenge({ challengeId, userId: 'jane' });
  const valid = await api.validateChallenge({ token, userId: 'jane', action: 'signIn' });
  assert.deepEqual([valid.isValid, valid.state, valid.userId, valid.action], [true, 'CHALLENGE_SUCCEEDED', 'jane', 'signIn']);
  assert.equal((await api.validateChallenge({ token, userId: 'joe' })).isValid, false);
});

test('Authsignal: a challenge is sent again by its id', async () => {
  const api = authsignal();
  const phoneNumber = `+6427${String(Date.now()).slice(-7)}`;
  const { challengeId } = await api.challenge({ verificationMethod: 'SMS', action: 'signInWithSms', phoneNumber, locale: 'en' });
  const again = await api.challenge({ challengeId });
  assert.equal(again.challengeId, challengeId);
  assert.equal((await command('GET', `/outbox?to=${encodeURIComponent(phoneNumber)}`)).length, 2);
  const { isVerified, phoneNumber: verified } = await api.verify({ challengeId, verificationCode: await lastCode(phoneNumber) });
  assert.deepEqual([isVerified, verified], [true, phoneNumber]);
});

test('Authsignal: too many wrong codes close a challenge', async () => {
  const api = authsignal();
  const email = freshEmail();
  const { challengeId } = await api.challenge({ verificationMethod: 'EMAIL_OTP', action: 'signIn', email });
  const code = await lastCode(email);
  for (let tries = 0; tries < 5; tries += 1) {
    await api.verify({ challengeId, verificationCode: another(code) });
  }
  const late = await api.verify({ challengeId, verificationCode: code });
  assert.deepEqual([late.isVerified, late.failureReason], [false, 'MAX_ATTEMPTS_EXCEEDED']);
});

test('Authsignal: mistakes are answered as the vendor does', async () => {
  const api = authsignal();
  const sms = { verificationMethod: 'SMS', action: 'signIn' };
  await authsignalRefusal(authsignal('wrong').challenge({ ...sms, phoneNumber: '+64270000000' }), 401, 'unauthorized');
  await authsignalRefusal(api.challenge(sms), 400, 'invalid_request');
  await authsignalRefusal(api.challenge({ ...sms, phoneNumber: '027' }), 400, 'invalid_request');
  await authsignalRefusal(api.verify({ challengeId: 'nobody', verificationCode: '1' }), 404, 'invalid_request');
  assert.equal((await api.validateChallenge({ token: 'nobody' })).isValid, false);
  await command('POST', '/faults', { provider: 'authsignal', fault: 'rate_limited' });
  await authsignalRefusal(api.challenge({ ...sms, phoneNumber: '+64270000000' }), 429, 'too_many_requests');
});

// ---- Dfns

const dfns = (options = {}) => new DfnsApiClient({ baseUrl: doubles.dfns.base_url, ...options });
const dfnsRefusal = (promise, status, message) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof DfnsError, String(error));
    assert.equal(error.httpStatus, status);
    assert.match(error.message, message);
    return true;
  });
const code = doubles.dfns.code;
const base64url = (value) => Buffer.from(value).toString('base64url');

function keyPair(curve) {
  return curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curve });
}

/** What a key answers to a challenge, as the vendor's guide for generating keys says. */
function keyAnswer(challenge, { publicKey, privateKey }, digest, purpose = 'key.create') {
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const clientData = JSON.stringify({ challenge: challenge.challenge, type: purpose });
  const clientDataHash = createHash('sha256').update(clientData).digest('hex');
  const signature = sign(digest, Buffer.from(JSON.stringify({ clientDataHash, publicKey: pem })), privateKey).toString('hex');
  return {
    credentialKind: challenge.kind,
    credentialName: 'test',
    challengeIdentifier: challenge.challengeIdentifier,
    credentialInfo: {
      credId: base64url(randomBytes(32)),
      clientData: base64url(clientData),
      attestationData: base64url(JSON.stringify({ publicKey: pem, signature })),
    },
    ...(challenge.kind === 'PasswordProtectedKey' && { encryptedPrivateKey: 'encrypted' }),
  };
}

for (const [kind, curve, digest] of [
  ['Key', 'P-256', 'sha256'],
  ['Key', 'ed25519', undefined],
  ['PasswordProtectedKey', 'P-256', 'sha256'],
  ['RecoveryKey', 'P-256', 'sha256'],
]) {
  test(`Dfns: a ${kind} on ${curve} is registered by code, once`, async () => {
    const { auth } = dfns();
    const challenge = await auth.createCredentialChallengeWithCode({ body: { credentialKind: kind, code } });
    assert.equal(challenge.kind, kind);
    const wrong = keyAnswer(challenge, keyPair(curve), digest, 'key.get');
    await dfnsRefusal(auth.createCredentialWithCode({ body: wrong }), 400, /key\.create/);
    const body = keyAnswer(challenge, keyPair(curve), digest);
    const forged = keyAnswer({ ...challenge, challenge: 'another' }, keyPair(curve), digest);
    await dfnsRefusal(auth.createCredentialWithCode({ body: forged }), 400, /challenge/);
    const credential = await auth.createCredentialWithCode({ body });
    assert.deepEqual([credential.kind, credential.credentialId, credential.name], [kind, body.credentialInfo.credId, 'test']);
    assert.match(credential.credentialUuid, /^cr-[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16}$/);
    await dfnsRefusal(auth.createCredentialWithCode({ body }), 400, /already used/);
  });
}

test('Dfns: every kind of credential has its challenge', async () => {
  const { auth } = dfns();
  for (const credentialKind of ['Fido2', 'Key', 'Password', 'Totp', 'RecoveryKey', 'PasswordProtectedKey']) {
    const challenge = await auth.createCredentialChallengeWithCode({ body: { credentialKind, code } });
    assert.equal(challenge.kind, credentialKind);
    assert.ok(challenge.challengeIdentifier);
  }
});

test('Dfns: a user action signed by the vendor\'s signer issues a code that is good once', async () => {
  const pair = keyPair('P-256');
  const challenge = await dfns().auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Key', code } });
  const { credentialId } = await dfns().auth.createCredentialWithCode({ body: keyAnswer(challenge, pair, 'sha256') });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const signer = new AsymmetricKeySigner({ credId: credentialId, privateKey });
  const { auth } = dfns({ authToken: 'dfns_token', signer });
  const { now } = await command('POST', '/clock', {});
  const expiration = new Date(Date.parse(now) + 30_000).toISOString();
  const issued = await auth.createCredentialCode({ body: { expiration } });
  assert.equal(issued.expiration, expiration);
  const body = { credentialKind: 'Key', code: issued.code };
  await dfns().auth.createCredentialChallengeWithCode({ body });
  await dfnsRefusal(dfns().auth.createCredentialChallengeWithCode({ body }), 403, /Invalid code/);
  const other = new AsymmetricKeySigner({ credId: credentialId, privateKey: keyPair('P-256').privateKey.export({ type: 'pkcs8', format: 'pem' }) });
  await dfnsRefusal(dfns({ authToken: 'dfns_token', signer: other }).auth.createCredentialCode({ body: { expiration } }), 401, /signature/);
});

test('Dfns: mistakes are answered as the vendor does', async () => {
  const { auth } = dfns();
  await dfnsRefusal(auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Key', code: 'XXXX' } }), 403, /Invalid code/);
  await dfnsRefusal(auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Pigeon', code } }), 400, /credentialKind/);
  await dfnsRefusal(auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Key' } }), 400, /code/);
  const challenge = await auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Key', code } });
  const body = keyAnswer(challenge, keyPair('P-256'), 'sha256');
  await dfnsRefusal(auth.createCredentialWithCode({ body: { ...body, challengeIdentifier: 'nobody' } }), 400, /invalid/);
  await command('POST', '/clock', { advance_s: 3600 });
  await dfnsRefusal(auth.createCredentialWithCode({ body }), 400, /expired/);
});
