"""factors.py - a passkey in software, as people have them. The authenticator app stands in house.py: every administrator needs one."""
import base64, hashlib, json, struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from house import App  # noqa: F401 - both come from here


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip('=')


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def cbor(v):
    def head(major, n):
        return bytes([major << 5 | n]) if n < 24 else bytes([major << 5 | 24, n]) if n < 256 else bytes([major << 5 | 25, n >> 8, n & 255])
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    return head(5, len(v)) + b''.join(cbor(a) + cbor(b) for a, b in v.items())


class Passkey:
    """A device with one key. What a member says wrong on purpose stands in `more`: party, origin, type, challenge, flags."""

    def __init__(self, house, id=b'credential of a test'):
        self.house, self.id, self.key, self.count = house, id, ec.generate_private_key(ec.SECP256R1()), 0

    def client(self, kind, challenge, more):
        return json.dumps({'type': more.get('type', f'webauthn.{kind}'), 'challenge': more.get('challenge', challenge),
                           'origin': more.get('origin', self.house.url), 'crossOrigin': False}).encode()

    def report(self, more, attested=b''):
        party = more.get('party', 'localhost').encode()
        flags = more.get('flags', 5) | (0x40 if attested else 0)
        return hashlib.sha256(party).digest() + bytes([flags]) + struct.pack('>I', more.get('count', self.count)) + attested

    def make(self, asked, name='鍵', **more):
        numbers = self.key.public_key().public_numbers()
        cose = cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, 'big'), -3: numbers.y.to_bytes(32, 'big')})
        attested = bytes(16) + struct.pack('>H', len(self.id)) + self.id + cose
        return {'name': name, 'client_data': b64(self.client('create', asked['challenge'], more)),
                'attestation': b64(cbor({'fmt': 'none', 'attStmt': {}, 'authData': self.report(more, attested)}))}

    def answer(self, asked, **more):
        if 'count' not in more:
            self.count += 1
        client, report = self.client('get', asked['challenge'], more), self.report(more)
        signature = self.key.sign(report + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {'credential': b64(self.id), 'client_data': b64(client), 'authenticator': b64(report), 'signature': b64(signature)}
