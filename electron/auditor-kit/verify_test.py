#!/usr/bin/env python3
"""What verify.py does itself and the standard library does not, on the vectors of the specifications.

    python3 verify_test.py
"""

import struct
import unittest

import verify


class Ed25519(unittest.TestCase):
    # RFC 8032 section 7.1, tests 1 to 3: public key, message, signature.
    VECTORS = (
        (
            'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
            '',
            'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b'
            'd25bf5f0595bbe24655141438e7a100b',
        ),
        (
            '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
            '72',
            '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c'
            '387b2eaeb4302aeeb00d291612bb0c00',
        ),
        (
            'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
            'af82',
            '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659'
            '4a7c15e9716ed28dc027beceea1ec40a',
        ),
    )

    def test_vectors(self):
        for key, message, signature in self.VECTORS:
            key, message, signature = map(bytes.fromhex, (key, message, signature))
            self.assertTrue(verify.is_signed_by(message, signature, key))
            self.assertFalse(verify.is_signed_by(message + b'x', signature, key))
            self.assertFalse(verify.is_signed_by(message, signature[:-1], key))
            for at in range(64):
                flipped = bytearray(signature)
                flipped[at] ^= 1 << at % 8
                self.assertFalse(verify.is_signed_by(message, bytes(flipped), key))

    def test_second_form_of_a_signature(self):
        """Section 5.1.7: s is smaller than the order of the group, or everybody could write a signature in another way."""
        key, message, signature = (bytes.fromhex(part) for part in self.VECTORS[1])
        s = int.from_bytes(signature[32:], 'little') + verify.ORDER
        self.assertFalse(verify.is_signed_by(message, signature[:32] + s.to_bytes(32, 'little'), key))

    def test_a_key_that_is_no_point(self):
        self.assertFalse(verify.is_signed_by(b'', bytes(64), b'\x02' + bytes(31)))


class CanonicalJson(unittest.TestCase):
    # RFC 8785 appendix B: the bits of a double, and its text.
    NUMBERS = (
        (0x0000000000000000, '0'),
        (0x8000000000000000, '0'),
        (0x0000000000000001, '5e-324'),
        (0x8000000000000001, '-5e-324'),
        (0x7FEFFFFFFFFFFFFF, '1.7976931348623157e+308'),
        (0xFFEFFFFFFFFFFFFF, '-1.7976931348623157e+308'),
        (0x4340000000000000, '9007199254740992'),
        (0xC340000000000000, '-9007199254740992'),
        (0x4430000000000000, '295147905179352830000'),
        (0x44B52D02C7E14AF5, '9.999999999999997e+22'),
        (0x44B52D02C7E14AF6, '1e+23'),
        (0x44B52D02C7E14AF7, '1.0000000000000001e+23'),
        (0x444B1AE4D6E2EF4E, '999999999999999700000'),
        (0x444B1AE4D6E2EF4F, '999999999999999900000'),
        (0x444B1AE4D6E2EF50, '1e+21'),
        (0x3EB0C6F7A0B5ED8C, '9.999999999999997e-7'),
        (0x3EB0C6F7A0B5ED8D, '0.000001'),
        (0x41B3DE4355555553, '333333333.3333332'),
        (0x41B3DE4355555554, '333333333.33333325'),
        (0x41B3DE4355555555, '333333333.3333333'),
        (0x41B3DE4355555556, '333333333.3333334'),
        (0x41B3DE4355555557, '333333333.33333343'),
        (0xBECBF647612F3696, '-0.0000033333333333333333'),
        (0x43143FF3C1CB0959, '1424953923781206.2'),
    )

    def test_numbers(self):
        for bits, text in self.NUMBERS:
            (value,) = struct.unpack('>d', bits.to_bytes(8, 'big'))
            self.assertEqual(verify.number_text(value), text)
            self.assertIsNot(verify.parse_canonical(text.encode()), verify.NOT_CANONICAL)

    def test_order_of_the_members(self):
        """Section 3.2.3: by UTF-16 code units, in which the face comes before the Hebrew letter."""
        text = '{"\\r":1,"1":2,"\u0080":3,"\u00f6":4,"\u20ac":5,"\U0001f600":6,"\ufb33":7}'
        self.assertEqual(list(verify.parse_canonical(text.encode()).values()), [1, 2, 3, 4, 5, 6, 7])

    def test_what_is_refused(self):
        for text in (
            '{"a": 1}',
            '{"a":1}\n',
            '{"b":1,"a":2}',
            '{"a":1,"a":1}',
            '{"\ufb33":1,"\U0001f600":2}',
            '1.0',
            '1e2',
            '1e-07',
            '-0',
            '1e999',
            '12345678901234567890',
            '"\\u0061"',
            '"\\u00e4"',
            '"\\/"',
            '"\\ud800"',
            '\ufeff{}',
            'NaN',
            '',
            '[' * 101 + ']' * 101,
            '[' * 100_000 + ']' * 100_000,
        ):
            self.assertIs(verify.parse_canonical(text.encode()), verify.NOT_CANONICAL, text[:40])
        for content in (b'"\xff"', b'"\xed\xa0\x80"'):
            self.assertIs(verify.parse_canonical(content), verify.NOT_CANONICAL)
        self.assertIsNot(
            verify.parse_canonical(b'[' * 100 + b']' * 100), verify.NOT_CANONICAL, 'a hundred is not too deep'
        )


class Tree(unittest.TestCase):
    # The vectors of Certificate Transparency's reference implementation.
    LEAVES = ('', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f')
    ROOTS = (
        'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
        'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
        '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
        '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
        'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
        '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    )

    def test_roots(self):
        hashes = [verify.leaf_hash(bytes.fromhex(leaf)) for leaf in self.LEAVES]
        roots = verify.roots_of(hashes, range(10))
        self.assertEqual([roots[size].hex() for size in range(9)], list(self.ROOTS))
        self.assertNotIn(9, roots)

    def test_tile_names(self):
        """C2SP tlog-tiles."""
        self.assertEqual(verify.tile_name(0, 0, 256), 'log/tile/0/000')
        self.assertEqual(verify.tile_name(1, 1_234_067, 256), 'log/tile/1/x001/x234/067')
        self.assertEqual(verify.tile_name(0, 273, 112), 'log/tile/0/273.p/112')
        self.assertEqual(verify.tile_name('entries', 1000, 256), 'log/tile/entries/x001/000')


class SignedNote(unittest.TestCase):
    # The example of C2SP signed-note.
    KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    NOTE = b'This is an example message.\n'
    SIGNATURE = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM='

    def test_example(self):
        key = verify.parse_key(self.KEY)
        blob = verify.strict_base64(self.SIGNATURE)
        self.assertEqual(blob[:4], key.id)
        self.assertTrue(verify.is_signed_by(self.NOTE, blob[4:], key.public_key))

    def test_what_is_no_key(self):
        for line in (
            self.KEY.replace('530d903a', '530d903b'),
            self.KEY.replace('530d903a', '530D903A'),
            self.KEY.replace('foo', 'fo o'),
            self.KEY.replace('+Aek', '+Bek'),
            self.KEY + '\n',
            self.KEY[:-4],
        ):
            self.assertIsNone(verify.parse_key(line), line)


class Time(unittest.TestCase):
    def test_calendar(self):
        day = 86_400_000
        at = lambda date: verify.milliseconds(f'{date}T00:00:00.000Z')  # noqa: E731
        for before, after, days in (
            ('1970-01-01', '2000-01-01', 10_957),
            ('2024-02-28', '2024-03-01', 2),
            ('2100-02-28', '2100-03-01', 1),
            ('2000-12-31', '2001-01-01', 1),
            ('0000-02-28', '0000-03-01', 2),
            ('0000-12-31', '0001-01-01', 1),
        ):
            self.assertEqual(at(after) - at(before), days * day, before)
        for date in ('2026-02-29', '2100-02-29', '2026-13-01', '2026-00-01', '2026-04-31', '2026-01-00'):
            self.assertIsNone(at(date), date)
        self.assertIsNone(verify.milliseconds('2026-01-01T24:00:00.000Z'))
        self.assertIsNone(verify.milliseconds('2026-01-01T23:59:60.000Z'))


if __name__ == '__main__':
    unittest.main()
