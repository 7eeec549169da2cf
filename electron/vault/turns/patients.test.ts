import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogFixture, type LogFixture } from '../log/log-fixture.ts';
import { patientIdFor } from './patients.ts';

let fixture: LogFixture;
beforeEach(() => {
  fixture = createLogFixture();
});
afterEach(() => {
  fixture.dispose();
});

it('gives one id to one record number, however it is typed', () => {
  const id = patientIdFor(fixture.database, 'SYN-0042');
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(
    [' syn-0042 ', 'SYN‑0042'.normalize('NFC').replace('‑', '-'), 'ＳＹＮ-0042'].map((typed) =>
      patientIdFor(fixture.database, typed),
    ),
  ).toEqual([id, id, id]);
});

it('gives different ids to different record numbers, and other ids in another installation', () => {
  const id = patientIdFor(fixture.database, 'SYN-0042');
  expect(patientIdFor(fixture.database, 'SYN-0043')).not.toBe(id);
  const other = createLogFixture();
  try {
    expect(patientIdFor(other.database, 'SYN-0042')).not.toBe(id);
  } finally {
    other.dispose();
  }
});
