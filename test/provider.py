"""provider.py - sign-on providers for the tests (test/provider/op.mjs), and a person who goes to one and comes back.

    with Providers(house) as p:
        google = p.add(shop, 'oidc', p.real)             a provider of the contract, with its secret in place
        answer = p.sign_on(browser, shop, google, 'yamada')   to the provider, through its pages, back to the callback: what the house answered
        p.plan(p.crooked, alg='none')                    what the crooked one is to sign next
"""
import html, json, os, pathlib, re, subprocess, urllib.error, urllib.parse, urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **more):
        return None


class Outside:
    """A browser at the providers: cookies, no redirects of its own accord."""

    def __init__(self):
        self.jar = urllib.request.HTTPCookieProcessor()
        self.opener = urllib.request.build_opener(self.jar, NoRedirect)

    def ask(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            answer = self.opener.open(urllib.request.Request(url, data=data), timeout=20)
        except urllib.error.HTTPError as e:
            answer = e
        return answer.status, answer.headers.get('Location'), answer.read().decode(errors='replace')


class Providers:
    def __init__(self, house):
        self.house = house
        self.process = subprocess.Popen(['node', str(ROOT / 'test/provider/op.mjs'), f'{house.url}/sso/callback'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        said = json.loads(self.process.stdout.readline())
        self.client, self.client_secret = said['id'], said['secret']
        self.real, self.crooked, self.other, self.github = said['real'], said['crooked'], said['other'], said['github']

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def plan(self, issuer, **plan):
        request = urllib.request.Request(f'{issuer}/plan', data=json.dumps(plan).encode(), method='POST')
        return json.loads(urllib.request.urlopen(request, timeout=10).read())

    def secret(self, shop, name='idp', value=None):
        """As the operator puts it in place."""
        folder = self.house.dir / 'secret/provider' / shop.name
        folder.mkdir(exist_ok=True, mode=0o700)
        (folder / name).write_text((value or self.client_secret) + '\n')
        (folder / name).chmod(0o600)
        if os.geteuid() == 0:
            owner = (self.house.dir / 'secret').stat()
            os.chown(folder, owner.st_uid, owner.st_gid)
            os.chown(folder / name, owner.st_uid, owner.st_gid)

    def add(self, shop, kind, issuer, secret_name='idp', **more):
        """The number of a new provider. google and line have fixed issuers: the tests' own is put in afterwards, where nobody else could."""
        self.secret(shop, secret_name)
        body = {'kind': kind, 'name': more.pop('name', kind.title()), 'client_id': self.client, 'secret_name': secret_name, **more}
        if kind in ('oidc', 'github'):
            body['issuer'] = issuer
        made = shop.api('POST', '/providers', json=body)
        assert made.status == 201, made
        id = made.json()['provider']['id']
        self.house.sql('update daicho.provider set issuer = %s where id = %s', args=(issuer, id))
        return id

    def link(self, shop, provider, account, subject):
        """As if it had been linked long ago."""
        self.house.sql('insert into daicho.identity (tenant, provider_id, subject, account_id) values (%s, %s, %s, %s)',
                       args=(shop.name, provider, subject, account))

    def start(self, browser, shop, provider, **query):
        return browser.get(f'/sso/{provider}/start?' + urllib.parse.urlencode({'tenant': shop.name, **query}))

    def outside(self, url, login='yamada', person=None):
        """From the address the house sent the browser to, through the provider's pages, to the address it sends the browser back to."""
        person = person or Outside()
        for _ in range(14):
            if url.startswith(f'{self.house.url}/'):
                return url[len(self.house.url):]
            status, location, text = person.ask(url)
            if location is None:
                assert status == 200, (status, text[:500])
                action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', text).group(1))
                prompt = re.search(r'name="prompt" value="(\w+)"', text).group(1)
                status, location, text = person.ask(urllib.parse.urljoin(url, action), {'prompt': prompt, 'login': login, 'password': 'x'})
            url = urllib.parse.urljoin(url, location)
        raise AssertionError(url)

    def sign_on(self, browser, shop, provider, login='yamada', **query):
        begun = self.start(browser, shop, provider, **query)
        assert begun.status == 303, begun
        return browser.get(self.outside(begun.headers['Location'], login))
