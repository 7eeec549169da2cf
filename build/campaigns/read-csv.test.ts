import { expect, test } from 'vitest';
import { readCsv } from './read-csv.ts';

test('quoted fields hold commas, quotes and line ends', () => {
  expect(readCsv('id,text\n1,"a, ""b""\nc"\r\n2,\n')).toEqual([
    { id: '1', text: 'a, "b"\nc' },
    { id: '2', text: '' },
  ]);
});

test('what is no CSV is refused', () => {
  expect(() => readCsv('id,text\n1,"open')).toThrow('cannot be read at character 10');
  expect(() => readCsv('id,text\n1\n')).toThrow('1 fields, not 2');
});
