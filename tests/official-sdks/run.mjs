// Runs the vendors' official SDKs against running doubles, on success and error paths.
//
//   auth-challenge doubles --control 0 > doubles.json &
//   DOUBLES=doubles.json npm test          # or: node run.mjs doubles.json
//
// The first line of the file is what `auth-challenge doubles` prints first. Without a file it is read from standard input.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, beforeEach, test } from 'node:test';
import { Authsignal } from '@authsignal/node';

const require = createRequire(import.meta.url);
const { DfnsApiClient, DfnsError } = require('@dfns/sdk');
const { AsymmetricKeySigner } = require('@dfns/sdk-keysigner');
const { Config, SDK } = require('@corbado/node-sdk');
// Corbado's SDK has challenges in its generated code alone, which it does not export.
const { ChallengesApi } = require('./node_modules/@corbado/node-sdk/cjs/generated/api.js');
const { RequestClient, Twilio } = require('twilio');

const source = process.env.DOUBLES ?? process.argv[2] ?? 0;
const doubles = JSON.parse(readFileSync(source, 'utf8').split('\n')[0]);
assert.ok(doubles.control, 'start the doubles with --control');

async function command(method, path, body) {
  const content = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const reply = await fetch(doubles.control.base_url + path, { method, ...content });
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

const corbadoSdk = (secret = doubles.corbado.api_secret) => {
  const backend = doubles.corbado.base_url.replace(/\/v2$/, '');
  return new SDK(new Config(doubles.corbado.project_id, secret, 'https://pro-1.frontendapi.corbado.io', backend));
};
const corbado = (secret) => new ChallengesApi(undefined, '', corbadoSdk(secret).axiosClient);
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

const corbadoSays = (promise, status, ...messages) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.httpStatusCode, error.getValidationMessages()], [status, messages]);
    return true;
  });

test('Corbado: a user is made, given a login identifier, found by it, challenged and deleted', async () => {
  const [users, identifiers] = [corbadoSdk().users(), corbadoSdk().identifiers()];
  const email = freshEmail();
  const { userID, status } = await users.createActiveByName('Jane Doe');
  assert.deepEqual([userID.slice(0, 4), status, (await users.get(userID)).fullName], ['usr-', 'active', 'Jane Doe']);
  const wish = { identifierType: 'email', identifierValue: email, status: 'pending' };
  const { identifierID, value } = await identifiers.create(userID, wish);
  assert.equal(value, email);
  for (const list of [identifiers.listByValueAndType(email, 'email'), identifiers.listByUserId(userID), identifiers.listByUserIdAndType(userID, 'email')]) {
    const { identifiers: found, paging } = await list;
    assert.deepEqual([found.map((one) => [one.identifierID, one.userID]), paging], [[[identifierID, userID]], { page: 1, totalPages: 1, totalItems: 1 }]);
  }
  assert.equal((await identifiers.updateStatus(userID, identifierID, 'verified')).status, 'verified');
  await corbado().challengeCreate(userID, corbadoRequest({ identifierValue: email }));
  await corbadoSays(identifiers.create(user, wish), 409, 'identifierValue: already exists');
  await corbadoSays(identifiers.list([], 'colour:asc'), 400, 'sort: not sortable by this column');
  assert.equal((await identifiers.delete(userID, identifierID)).httpStatusCode, 200);
  await corbadoSays(identifiers.updateStatus(userID, identifierID, 'primary'), 400, 'identifierID: does not exist');
  assert.equal((await users.delete(userID)).httpStatusCode, 200);
  await corbadoSays(users.get(userID), 400, 'userID: does not exist');
  await corbadoSays(corbadoSdk('corbado1_wrong').users().get(user), 401);
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

test('Authsignal: the SDK takes the signature of what the double tells afterwards', { skip: !process.env.WEBHOOK_PORT && 'no WEBHOOK_PORT' }, async () => {
  const phoneNumber = '+64270001234';
  const api = authsignal();
  const told = [];
  const tampered = [];
  const receiver = createServer(async (request, reply) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    try {
      // This release of the SDK knows no batches, and gives whatever is signed.
      const { records } = api.webhook.constructEvent(body, request.headers['x-signature-v2']);
      told.push(...records.map(({ record }) => record).filter((record) => record.phoneNumber === phoneNumber));
      tampered.push(() => api.webhook.constructEvent(`${body} `, request.headers['x-signature-v2']));
      reply.writeHead(200).end();
    } catch (error) {
      told.push(error);
      reply.writeHead(401).end();
    }
  });
  await new Promise((resolve) => receiver.listen(process.env.WEBHOOK_PORT, '127.0.0.1', resolve));
  try {
    const { idempotencyKey } = await api.challenge({ verificationMethod: 'SMS', action: 'signIn', phoneNumber });
    for (let waits = 0; told.length < 2 && waits < 1200; waits += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(told.map(({ type, idempotencyKey }) => [type, idempotencyKey]), [['SMS_SENT', idempotencyKey], ['SMS_DELIVERED', idempotencyKey]]);
    assert.throws(tampered[0], /mismatch/i);
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
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

// ---- Twilio Verify

/** Sends to the double what is meant for the vendor: the SDK takes an HTTP client of one's own, but no server. */
class ClientOfDouble extends RequestClient {
  request(options) {
    assert.ok(options.uri.startsWith('https://verify.twilio.com/v2/'), options.uri);
    return super.request({ ...options, uri: options.uri.replace('https://verify.twilio.com/v2', doubles.twilio.base_url) });
  }
}

const { account_sid: accountSid, auth_token: authToken, service_sid: serviceSid } = doubles.twilio;
const twilio = ({ account = accountSid, token = authToken, service = serviceSid } = {}) =>
  new Twilio(account, token, { httpClient: new ClientOfDouble() }).verify.v2.services(service);
const freshPhone = () => `+6421${String((count += 1)).padStart(2, '0')}${String(Date.now()).slice(-6)}`;
const twilioRefusal = (promise, status, code, message) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.status, error.code], [status, code], String(error));
    assert.equal(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
    assert.match(error.message, message);
    return true;
  });

for (const [channel, method, fresh] of [
  ['sms', 'sms_otp', freshPhone],
  ['call', 'voice_otp', freshPhone],
  ['whatsapp', 'whatsapp_otp', freshPhone],
  ['email', 'email_otp', freshEmail],
]) {
  test(`Twilio: a code is sent by ${channel}, a wrong one leaves it pending, the right one is taken once`, async () => {
    const { verifications, verificationChecks } = twilio();
    const to = fresh();
    const { statusCode, body: created } = await verifications.createWithHttpInfo({ to, channel });
    assert.equal(statusCode, 201);
    assert.deepEqual([created.to, created.channel, created.status, created.valid], [to, channel, 'pending', false]);
    assert.deepEqual([created.accountSid, created.serviceSid], [accountSid, serviceSid]);
    assert.match(created.sid, /^VE[0-9a-f]{32}$/);
    const [message, ...more] = await command('GET', `/outbox?to=${encodeURIComponent(to)}`);
    assert.deepEqual([message.provider, message.method, more], ['twilio', method, []]);
    const wrong = await verificationChecks.create({ to, code: another(message.code) });
    assert.deepEqual([wrong.sid, wrong.status, wrong.valid], [created.sid, 'pending', false]);
    const right = await verificationChecks.create({ to, code: message.code });
    assert.deepEqual([right.sid, right.to, right.channel, right.status, right.valid], [created.sid, to, channel, 'approved', true]);
    await twilioRefusal(verificationChecks.create({ to, code: message.code }), 404, 20404, /VerificationCheck was not found$/);
  });
}

test('Twilio: while a verification is pending, a create sends its code again', async () => {
  const { verifications, verificationChecks } = twilio();
  const to = freshPhone();
  const first = await verifications.create({ to, channel: 'sms' });
  const second = await verifications.create({ to, channel: 'call' });
  assert.deepEqual([second.sid, second.channel, second.sendCodeAttempts.length], [first.sid, 'call', 2]);
  for (const attempt of second.sendCodeAttempts) {
    assert.match(attempt.attempt_sid, /^VL[0-9a-f]{32}$/);
  }
  const [one, again] = await command('GET', `/outbox?to=${encodeURIComponent(to)}`);
  assert.equal(again.code, one.code);
  const { status } = await verificationChecks.create({ verificationSid: first.sid, code: one.code });
  assert.equal(status, 'approved');
  assert.notEqual((await verifications.create({ to, channel: 'sms' })).sid, first.sid);
});

test('Twilio: a verification is read, its times as times, and cancelled', async () => {
  const { verifications, verificationChecks } = twilio();
  const to = freshPhone();
  const { now } = await command('POST', '/clock', {});
  const created = await verifications.create({ to, channel: 'sms' });
  const read = await verifications(created.sid).fetch();
  assert.deepEqual(read.toJSON(), created.toJSON());
  for (const time of [read.dateCreated, read.dateUpdated]) {
    assert.ok(time instanceof Date && Math.abs(time - Date.parse(now)) < 60_000, String(time));
  }
  assert.equal(read.url, `${doubles.twilio.base_url}/Services/${serviceSid}/Verifications/${created.sid}`);
  const canceled = await verifications(created.sid).update({ status: 'canceled' });
  assert.deepEqual([canceled.sid, canceled.status, canceled.valid], [created.sid, 'canceled', false]);
  await twilioRefusal(verificationChecks.create({ to, code: await lastCode(to) }), 404, 20404, /VerificationCheck was not found$/);
});

test('Twilio: a verification is approved without a code', async () => {
  const { verifications } = twilio();
  const { sid } = await verifications.create({ to: freshEmail(), channel: 'email' });
  const approved = await verifications(sid).update({ status: 'approved' });
  assert.deepEqual([approved.status, approved.valid], ['approved', true]);
  await twilioRefusal(verifications(sid).update({ status: 'canceled' }), 404, 20404, new RegExp(`/Verifications/${sid} was not found$`));
});

test('Twilio: a verification expires', async () => {
  const { verifications, verificationChecks } = twilio();
  const to = freshPhone();
  await verifications.create({ to, channel: 'sms' });
  await command('POST', '/clock', { advance_s: 600 });
  await twilioRefusal(verificationChecks.create({ to, code: await lastCode(to) }), 404, 20404, /VerificationCheck was not found$/);
});

test('Twilio: too many wrong codes close a verification', async () => {
  const { verifications, verificationChecks } = twilio();
  const to = freshPhone();
  await verifications.create({ to, channel: 'sms' });
  const code = await lastCode(to);
  for (let tries = 0; tries < 5; tries += 1) {
    assert.equal((await verificationChecks.create({ to, code: another(code) })).status, 'pending');
  }
  await twilioRefusal(verificationChecks.create({ to, code }), 429, 60202, /^Max check attempts reached$/);
});

test('Twilio: what a message may be told is taken', async () => {
  const to = freshPhone();
  const options = {
    customCode: '4711',
    customFriendlyName: 'Doe',
    locale: 'en',
    deviceIp: '203.0.113.7',
    riskCheck: 'disable',
    rateLimits: { end_user: 'jane' },
    tags: JSON.stringify({ plan: 'gold' }),
    templateSid: `HJ${'a'.repeat(32)}`,
    templateCustomSubstitutions: JSON.stringify({ name: 'Jane' }),
  };
  await twilio().verifications.create({ to, channel: 'sms', ...options });
  assert.equal(await lastCode(to), options.customCode);
});

test('Twilio: mistakes are answered as the vendor does', async () => {
  const { verifications, verificationChecks } = twilio();
  const sms = { to: freshPhone(), channel: 'sms' };
  await twilioRefusal(twilio({ token: 'wrong' }).verifications.create(sms), 401, 20003, /^Authenticate$/);
  await twilioRefusal(twilio({ account: `AC${'0'.repeat(32)}` }).verifications.create(sms), 401, 20003, /^Authenticate$/);
  const service = `VA${'0'.repeat(32)}`;
  const path = `/v2/Services/${service}/Verifications`;
  await twilioRefusal(twilio({ service }).verifications.create(sms), 404, 20404, new RegExp(`^The requested resource ${path} was not found$`));
  await twilioRefusal(verifications.create({ ...sms, to: '027' }), 400, 60200, /^Invalid parameter `To`: 027$/);
  await twilioRefusal(verifications.create({ ...sms, to: 'jane@doe.com' }), 400, 60200, /`To`/);
  await twilioRefusal(verifications.create({ ...sms, channel: 'pigeon' }), 400, 60200, /`Channel`/);
  await twilioRefusal(verificationChecks.create({ to: sms.to, code: '1' }), 400, 60200, /`Code`/);
  await twilioRefusal(verificationChecks.create({ code: '123456' }), 400, 60200, /`To`/);
  await twilioRefusal(verificationChecks.create({ to: sms.to, code: '123456' }), 404, 20404, /VerificationCheck was not found$/);
  await twilioRefusal(verifications(`VE${'0'.repeat(32)}`).fetch(), 404, 20404, /was not found$/);
  await command('POST', '/faults', { provider: 'twilio', fault: 'rate_limited', retry_after_s: 2 });
  await twilioRefusal(verifications.create(sms), 429, 20429, /^Too many requests$/);
});
