"""factors.py - people with second factors, and a passkey in software as they have them. The authenticator app stands in house.py: every administrator
needs one."""
import base64, hashlib, json, re, struct, subprocess

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from house import DAICHO, App

ROUTES = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)


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
                           'origin': more.get('origin', self.house.url), 'crossOrigin': more.get('cross', False)}).encode()

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


class Person:
    """An account of a fresh contract, by password through the API, with its cookie."""

    def __init__(self, shop, login, group='担当者'):
        self.shop, self.house = shop, shop.house
        self.account = shop.account(login, group=group)
        self.id, self.app, self.browser = self.account.id, None, shop.house.browser()
        shop.house.sql("update daicho.account set lang = 'en' where id = %s", args=(self.id,))

    def call(self, method, path, body=None, lang='en', **more):
        return self.browser.request(method, '/api/v1' + path, json_body=body if body is not None else {} if method != 'GET' else None,
                                    headers={'Accept-Language': lang, 'Accept': 'application/json', **more})

    def password(self, take_over=True):
        """The first half; gives the stage."""
        answer = self.call('POST', '/login', {'tenant': self.shop.name, 'login': self.account.login, 'password': self.account.password,
                                              'take_over': take_over})
        assert answer.status == 200, answer
        return answer.json()['stage']

    def enroll(self, name='電話'):
        """An app; the answer of the confirmation."""
        begun = self.call('POST', '/me/factors/totp', {'name': name})
        assert begun.status == 201, begun
        self.app = App(self.house, begun.json()['secret'])
        done = self.call('POST', f'/me/factors/totp/{begun.json()["id"]}', {'code': self.app.code()})
        assert done.status == 201, done
        self.codes = done.json().get('codes')
        self.forget_step()
        return done

    def forget_step(self):
        """As if the half minute of the last code were over."""
        self.house.sql('update daicho.factor set last_step = last_step - 10 where account_id = %s', args=(self.id,))

    def give(self, **body):
        return self.call('POST', '/login/factor', body)

    def log_in(self):
        assert self.password() == 'factor'
        answer = self.give(code=self.app.code(), take_over=True)
        assert answer.status == 200 and answer.json()['stage'] == 'full', answer
        self.forget_step()
        return self

    def failures(self):
        return self.house.sql('select factor_failures + failures from daicho.account where id = %s', args=(self.id,))[0][0]

    def require(self):
        self.house.sql("update daicho.account_group set factor_required = true where tenant = %s and name = %s", args=(self.shop.name, self.account.group))


def refused(answer, status, code, text=None):
    assert (answer.status, answer.json()['code']) == (status, code), answer
    assert text is None or text in answer.json()['detail'], answer.json()
    return answer.json()


def addresses():
    for route in ROUTES:
        if route['permission'] == 'public':
            continue
        path = re.sub(r'\{register\}', 'customers', re.sub(r'\{[a-z]+\}', '1', route['path']))
        for face, prefix in ('API', '/api/v1'), ('console', ''):
            if face in route['face']:
                yield route, prefix + path, face
