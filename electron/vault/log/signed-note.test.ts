import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openNote, parseVerifierKey, signNote, verifierKeyFor } from './signed-note.ts';

/** The key and the note of Go's golang.org/x/mod/sumdb/note package. */
const verifierKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const seed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
const text =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const signature =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const note = `${text}\n${signature}`;

describe('the vectors of Go’s note package', () => {
  it('give the verifier key, the signature and the text', () => {
    expect(verifierKeyFor('PeterNeumann', seed)).toBe(verifierKey);
    expect(signNote(text, 'PeterNeumann', seed)).toBe(note);
    expect(openNote(note, verifierKey)).toEqual({ ok: true, value: text });
  });

  it('pass over the signatures of others', () => {
    const other = signNote(text, 'EnochRoot', randomBytes(32)).slice(text.length + 1);
    expect(openNote(`${text}\n${other}${signature}`, verifierKey)).toEqual({ ok: true, value: text });
    expect(openNote(`${text}\n${other}`, verifierKey)).toEqual({ ok: false, error: 'unknown-signer' });
  });
});

describe('the example of C2SP signed-note', () => {
  const key = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
  const example =
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

  it('is opened, and its key is read', () => {
    expect(openNote(example, key)).toEqual({ ok: true, value: 'This is an example message.\n' });
    expect(parseVerifierKey(key)?.id.toString('hex')).toBe('530d903a');
    expect(openNote(example.replace('an', 'no'), key)).toEqual({ ok: false, error: 'bad-signature' });
  });
});

describe('a note is refused', () => {
  it.each([
    ['with another text', note.replace('answer', 'Answer'), 'bad-signature'],
    ['with another signature', note.replace('BwJnAM', 'BwJnAN'), 'malformed'],
    ['with a flipped bit in the signature', note.replace('x08go/Z', 'x08go/a'), 'bad-signature'],
    ['signed twice by one key', `${note}${signature}`, 'malformed'],
    ['without a signature', text, 'malformed'],
    ['without its last newline', note.slice(0, -1), 'malformed'],
    ['with a hyphen for the dash', note.replace('—', '-'), 'malformed'],
    ['with a space behind the signature', note.replace('nAM=\n', 'nAM= \n'), 'malformed'],
    ['with a tab in the text', note.replace('If you', 'If\tyou'), 'malformed'],
    ['with a carriage return in the text', note.replace('problem,\n', 'problem,\r\n'), 'malformed'],
    ['that is empty', '', 'malformed'],
  ])('%s', (_, changed, error) => {
    expect(openNote(changed, verifierKey)).toEqual({ ok: false, error });
  });

  it('for a key that is none', () => {
    expect(openNote(note, 'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')).toEqual({
      ok: false,
      error: 'malformed-key',
    });
  });
});

describe('a verifier key is refused', () => {
  it.each([
    ['with another id', verifierKey.replace('c74f20a3', 'c74f20a2')],
    ['with another name', verifierKey.replace('Peter', 'Piter')],
    ['of another algorithm', verifierKey.replace('+ARpc', '+Ahpc')],
    ['with capital digits', verifierKey.replace('c74f20a3', 'C74F20A3')],
    ['with something behind it', `${verifierKey}\n`],
    ['without a name', verifierKey.replace('PeterNeumann', '')],
    ['that is cut off', verifierKey.slice(0, -4)],
  ])('%s', (_, changed) => {
    expect(parseVerifierKey(changed)).toBeNull();
  });
});

it('a text that a note cannot hold is never signed', () => {
  for (const bad of ['no newline', 'tab\there\n', '\ud800\n', 'del\u007f\n'])
    expect(() => signNote(bad, 'name', seed)).toThrow(RangeError);
  for (const name of ['', 'a b', 'a+b']) expect(() => signNote('text\n', name, seed)).toThrow(RangeError);
});
