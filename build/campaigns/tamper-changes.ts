import { randomBytes } from 'node:crypto';
import { signNote } from '../../electron/vault/log/signed-note.ts';
import {
  checkpointRow,
  cut,
  nodeRow,
  textRow,
  type Change,
  type Hands,
  type TextRow,
} from './tamper-rows.ts';
import { below, flipped, pick } from './tampering-verdict.ts';

/** Each as somebody with the key of the file does it, who knows what the rows mean. */
export function changesOf({
  size,
  origin,
}: {
  readonly size: number;
  readonly origin: string;
}): readonly Change[] {
  const leafOf = ({ one }: Hands, seq: number): Buffer =>
    one<{ leaf: Buffer }>('SELECT leaf FROM leaves WHERE seq = ?', seq).leaf;
  const renumber = ({ run }: Hands, from: number, by: 1 | -1): void => {
    run('UPDATE leaves SET seq = -seq WHERE seq >= ?', from);
    run('UPDATE leaves SET seq = -seq + ? WHERE seq < 0', by);
  };
  const copiesFrom = 3;
  return [
    {
      what: 'one bit of an entry',
      make(hands) {
        const seq = below(hands.random, size);
        hands.run('UPDATE leaves SET leaf = ? WHERE seq = ?', flipped(hands.random, leafOf(hands, seq)), seq);
        return { entry: seq };
      },
    },
    {
      what: 'an entry says something else, in canonical form',
      make(hands) {
        const seq = copiesFrom + below(hands.random, size - copiesFrom);
        const text = leafOf(hands, seq)
          .toString()
          .replace(/"characters":\d+/, `"characters":${100 + below(hands.random, 9000)}`);
        hands.run('UPDATE leaves SET leaf = ? WHERE seq = ?', Buffer.from(text), seq);
        return { entry: seq };
      },
    },
    {
      what: 'an entry removed',
      make(hands) {
        const seq = below(hands.random, size - 1);
        hands.run('DELETE FROM leaves WHERE seq = ?', seq);
        return { entry: seq };
      },
    },
    {
      what: 'an entry removed, the later ones moved up',
      make(hands) {
        const seq = below(hands.random, size - 1);
        hands.run('DELETE FROM leaves WHERE seq = ?', seq);
        renumber(hands, seq + 1, -1);
        return { entry: seq };
      },
    },
    {
      what: 'an entry inserted, the later ones moved down',
      make(hands) {
        const seq = 1 + below(hands.random, size - 1);
        const other = leafOf(hands, below(hands.random, size));
        if (other.equals(leafOf(hands, seq))) return { entry: seq, ...this.make(hands) };
        renumber(hands, seq, 1);
        hands.run('INSERT INTO leaves (seq, leaf) VALUES (?, ?)', seq, other);
        return { entry: seq };
      },
    },
    {
      what: 'an entry twice',
      make(hands) {
        const seq = below(hands.random, size - 1);
        const leaf = leafOf(hands, seq);
        renumber(hands, seq + 1, 1);
        hands.run('INSERT INTO leaves (seq, leaf) VALUES (?, ?)', seq + 1, leaf);
        return { entry: seq + 1 };
      },
    },
    {
      what: 'two entries exchanged',
      make(hands) {
        const first = below(hands.random, size - 1);
        const second = first + 1 + below(hands.random, size - first - 1);
        const [a, b] = [leafOf(hands, first), leafOf(hands, second)];
        hands.run('UPDATE leaves SET leaf = ? WHERE seq = ?', b, first);
        hands.run('UPDATE leaves SET leaf = ? WHERE seq = ?', a, second);
        return { entry: first };
      },
    },
    {
      what: 'the end cut off',
      make(hands) {
        const left = 1 + below(hands.random, size - 1);
        cut(hands, left);
        return {};
      },
    },
    {
      what: 'the end cut off, back to a checkpoint that is stored',
      make(hands) {
        const left = pick(hands.random, [3, 17, 40]);
        cut(hands, left);
        hands.run('DELETE FROM checkpoints WHERE size > ?', left);
        return {};
      },
    },
    {
      what: 'one bit of a text',
      make(hands) {
        const { id, seq, text } = textRow(hands);
        const changed = text.replace(/./u, (letter) => (letter === 'x' ? 'y' : 'x'));
        hands.run('UPDATE payloads SET text = ? WHERE id = ?', changed, id);
        return { entry: seq };
      },
    },
    {
      what: 'one bit of a salt',
      make(hands) {
        const { id, seq, salt } = textRow(hands);
        hands.run('UPDATE payloads SET salt = ? WHERE id = ?', flipped(hands.random, salt), id);
        return { entry: seq };
      },
    },
    {
      what: 'a text removed',
      make(hands) {
        const { id, seq } = textRow(hands);
        hands.run('DELETE FROM payloads WHERE id = ?', id);
        return { entry: seq };
      },
    },
    {
      what: 'a text that no entry commits to',
      make(hands) {
        const seq = copiesFrom + below(hands.random, size - copiesFrom);
        hands.run(
          'INSERT INTO payloads (id, seq, field, salt, text) VALUES (?, ?, ?, ?, ?)',
          64 * seq + 9,
          seq,
          'diff',
          randomBytes(32),
          'made up',
        );
        return { entry: seq };
      },
    },
    {
      what: 'the texts of two entries exchanged, with their salts',
      make(hands) {
        const first = copiesFrom + below(hands.random, size - copiesFrom - 1);
        const second = first + 1 + below(hands.random, size - first - 1);
        const [a, b] = [first, second].map((seq) =>
          hands.one<TextRow>('SELECT id, seq, salt, text FROM payloads WHERE seq = ?', seq),
        );
        if (a === undefined || b === undefined) throw new Error('no text');
        for (const [to, from] of [
          [a, b],
          [b, a],
        ] as const)
          hands.run('UPDATE payloads SET salt = ?, text = ? WHERE id = ?', from.salt, from.text, to.id);
        return { entry: first };
      },
    },
    {
      what: 'one bit of a node of the tree',
      make(hands) {
        const { id, hash } = nodeRow(hands);
        hands.run('UPDATE tree_nodes SET hash = ? WHERE id = ?', flipped(hands.random, hash), id);
        return { entry: Math.floor(id / 64) };
      },
    },
    {
      what: 'a node of the tree removed',
      make(hands) {
        const { id } = nodeRow(hands);
        hands.run('DELETE FROM tree_nodes WHERE id = ?', id);
        return { entry: Math.floor(id / 64) };
      },
    },
    {
      what: 'one letter of a checkpoint',
      make(hands) {
        const { note, of } = checkpointRow(hands);
        const at = below(hands.random, note.length);
        const letter = note[at] === 'A' ? 'B' : 'A';
        hands.run(
          'UPDATE checkpoints SET note = ? WHERE size = ?',
          note.slice(0, at) + letter + note.slice(at + 1),
          of,
        );
        return {};
      },
    },
    {
      what: 'a checkpoint signed by another key',
      make(hands) {
        const { note, of } = checkpointRow(hands);
        const body = note.slice(0, note.indexOf('\n\n') + 1);
        hands.run(
          'UPDATE checkpoints SET note = ? WHERE size = ?',
          signNote(body, origin, randomBytes(32)),
          of,
        );
        return {};
      },
    },
    {
      what: 'the newest checkpoint removed',
      make(hands) {
        hands.run('DELETE FROM checkpoints WHERE size = ?', size);
        return {};
      },
    },
  ];
}
