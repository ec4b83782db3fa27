/* factor.test.js - second factors as people meet them: an app set up from its picture, passkeys by Chromium's virtual authenticator on the house's own
 * address (WebAuthn needs a secure context; localhost is one whatever its certificate), recovery codes, and what stands there when it does not work. */
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const jsqr = require('jsqr');
const { start, person, totp, halfMinute, axe, shot, sql } = require('./house.js');

let house;
let printed;          /* recovery codes of staff, as they were shown */
test.before(async () => { house = await start(); });
test.after(async () => { await house?.stop(); });

/* A device as the browser sees it: a fingerprint reader inside, or a security key at the USB. */
async function device(context, page, transport = 'internal') {
        const session = await context.newCDPSession(page);
        await session.send('WebAuthn.enable');
        const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options: {
                protocol: 'ctap2', transport, hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
        } });
        const about = (more) => ({ authenticatorId, ...more });
        return {
                keys: async () => (await session.send('WebAuthn.getCredentials', about({}))).credentials,
                holds: (credential) => session.send('WebAuthn.addCredential', about({ credential })),
                empty: () => session.send('WebAuthn.clearCredentials', about({})),
                rest: () => session.send('WebAuthn.setAutomaticPresenceSimulation', about({ enabled: false })),
                finger: (isUserVerified) => session.send('WebAuthn.setUserVerified', about({ isUserVerified })),
                away: () => session.send('WebAuthn.removeVirtualAuthenticator', about({})),
        };
}

/* The first half of a log-in. */
async function password(page, who) {
        await page.context().clearCookies();
        await page.goto('/login');
        await page.fill('#f-tenant', house.tenant);
        await page.fill('#f-login', house.accounts[who].login);
        await page.fill('#f-password', house.accounts[who].password);
        await page.press('#f-password', 'Enter');
        await page.waitForURL((url) => url.pathname !== '/login');
}

/* After the second half. A session left elsewhere is given up. */
async function inside(page) {
        await page.waitForURL((url) => url.pathname !== '/login/factor');
        if (new URL(page.url()).pathname === '/login/confirm')
                await page.getByRole('button', { name: /ここで続ける|go on here/ }).click();
        await page.waitForURL((url) => !url.pathname.startsWith('/login'));
}

async function give(page, code) {
        await page.fill('#p-code', code);
        await page.press('#p-code', 'Enter');
}

/* As if the half minute of the last code were over. */
function later(who) {
        sql(house, `update daicho.factor f set last_step = last_step - 10 from daicho.account a where a.id = f.account_id and a.tenant = '${house.tenant}' and a.login = '${who}'`);
}

/* What a camera would read. The picture is drawn on a page of its own: the house's pages let no foreign picture in. */
async function scan(context, locator) {
        const png = (await locator.screenshot()).toString('base64');
        const page = await context.newPage();
        const { data, width, height } = await page.evaluate(async (url) => {
                const image = Object.assign(new Image(), { src: url });
                await image.decode();
                const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
                const pen = canvas.getContext('2d');
                pen.drawImage(image, 0, 0);
                return { data: [...pen.getImageData(0, 0, image.width, image.height).data], width: image.width, height: image.height };
        }, `data:image/png;base64,${png}`);
        await page.close();
        return jsqr(Uint8ClampedArray.from(data), width, height)?.data;
}

/* Tab until there. */
async function tabTo(page, text) {
        for (let i = 0; i < 80; i++) {
                await page.keyboard.press('Tab');
                const at = await page.evaluate(() => {
                        const e = document.activeElement;
                        return { text: e.matches('a, button, input, summary') ? `${e.textContent.trim()} ${e.id}` : '', outline: getComputedStyle(e).outlineStyle };
                });
                if (at.text.includes(text)) {
                        assert.notEqual(at.outline, 'none', `the focus on ${text} can be seen`);
                        return;
                }
        }
        assert.fail(`no key leads to ${text}`);
}

/* How it looks wide and narrow, and that everybody can use it. */
async function look(page, name) {
        await shot(page, `factor-${name}-1440`, { fullPage: true });
        assert.deepEqual(await axe(page), [], name);
        await page.setViewportSize({ width: 360, height: 740 });
        await shot(page, `factor-${name}-360`, { fullPage: true });
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 0, `${name} fits on a phone`);
        assert.deepEqual(await axe(page), [], `${name}, narrow`);
        await page.setViewportSize({ width: 1440, height: 900 });
}

test('an app is set up from its picture; its codes let in once each, a recovery code stands in once', async () => {
        const { context, page, trouble, expected } = await person(house);
        expected.statuses = [422];

        await password(page, 'staff');
        await inside(page);
        await page.goto('/me/factors');
        await page.getByRole('heading', { name: 'まだ設定されていません' }).waitFor();
        await look(page, 'none');
        await page.getByRole('button', { name: '認証アプリを追加する' }).click();
        const address = new URL(await scan(context, page.locator('svg.qr')));
        assert.equal(`${address.protocol}//${address.host}`, 'otpauth://totp');
        assert.equal(decodeURIComponent(address.pathname), `/Daicho:${house.tenant}/staff`);
        assert.equal(address.searchParams.get('issuer'), 'Daicho');
        const secret = address.searchParams.get('secret');
        await page.getByText('読み取れないとき').click();
        assert.equal((await page.locator('#the-secret').textContent()).replaceAll(' ', ''), secret, 'the picture and the letters say the same');
        await look(page, 'app');

        const step = await halfMinute();
        await page.fill('#f-code', totp(secret, step - 1));
        await page.press('#f-code', 'Enter');
        await page.locator('#problems').getByText('コードが違います').waitFor();
        await look(page, 'app-wrong');
        await page.fill('#f-code', totp(secret, step));
        await page.press('#f-code', 'Enter');
        await page.locator('#the-codes li').first().waitFor();
        printed = await page.locator('#the-codes li').allTextContents();
        assert.equal(new Set(printed).size, 10);
        await look(page, 'codes');
        await page.getByRole('link', { name: '控えました' }).click();
        await page.getByText('残り10個').waitFor();
        await look(page, 'one');

        /* the code of the set-up is used; so is the next one after its log-in */
        await password(page, 'staff');
        await page.waitForURL(/\/login\/factor/);
        await look(page, 'give');
        await give(page, totp(secret, step));
        await page.locator('#problems').getByText('このコードはすでに使われています').waitFor();
        await look(page, 'used');
        later('staff');
        const now = await halfMinute();
        await give(page, totp(secret, now - 1));
        await page.locator('#problems').getByText('コードが違います').waitFor();
        await give(page, totp(secret, now));
        await inside(page);
        await password(page, 'staff');
        await give(page, totp(secret, now));
        await page.locator('#problems').getByText('このコードはすでに使われています').waitFor();
        for (const path of ['/', '/me', '/me/factors', '/me/password', '/keys', '/registers/customers/records']) {
                await page.goto(path);
                assert.equal(new URL(page.url()).pathname, '/login/factor', `${path} is not reached with the password alone`);
        }

        /* as it was printed, or as somebody types it; once */
        await give(page, printed[0].toUpperCase().replaceAll('-', ' '));
        await inside(page);
        await page.goto('/me/factors');
        await page.getByText('残り9個').waitFor();
        await password(page, 'staff');
        await give(page, printed[0]);
        await page.locator('#problems').getByText('回復コードが違うか、すでに使われています').first().waitFor();
        await give(page, printed[1]);
        await inside(page);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a passkey is made and lets its owner in; cancelled, known, unknown and foreign ones are told apart where the browser lets us', async () => {
        const { context, page, trouble, expected } = await person(house);
        const inner = await device(context, page);

        await password(page, 'viewer');
        await inside(page);
        await page.goto('/me/factors');
        const make = page.getByRole('button', { name: 'パスキーを追加する' });
        const said = page.locator('section.passkey [data-say]');
        await inner.finger(false);
        await make.click();
        await said.getByText('パスキーの登録が中止されました').waitFor();
        assert.ok(await make.evaluate((e) => e === document.activeElement), 'the focus stays with the button');
        await look(page, 'cancelled');
        assert.deepEqual(await inner.keys(), []);
        await inner.finger(true);
        await make.click();
        await page.locator('#the-codes li').first().waitFor();
        assert.equal(await page.locator('#the-codes li').count(), 10);
        const [mine] = await inner.keys();
        assert.equal(mine.rpId, 'localhost');
        await page.getByRole('link', { name: '控えました' }).click();
        await page.getByText('パスキー・セキュリティキー', { exact: true }).waitFor();
        await look(page, 'passkey');
        await make.click();
        await said.getByText('すでに登録されています').waitFor();

        /* the last proof is old: the passkey is shown once more, and what was asked for goes on */
        sql(house, `update daicho.session set proven_at = proven_at - interval '20 minutes' where tenant = '${house.tenant}'`);
        expected.statuses = [401];
        await page.getByRole('button', { name: '新しい回復コードを作る' }).click();
        await page.locator('#confirm').getByRole('button', { name: '新しい回復コードを作る' }).click();
        await page.locator('#problems').getByText('この操作には本人確認が必要です').waitFor();
        const again = page.locator('#problems').getByRole('button', { name: 'パスキーで続ける' });
        await again.waitFor();
        await look(page, 'prove-ja');
        await again.click();
        await page.locator('#the-codes li').first().waitFor();

        await password(page, 'viewer');
        await page.waitForURL(/\/login\/factor/);
        await look(page, 'give-passkey');
        const go = page.getByRole('button', { name: 'パスキーで続ける' });
        await go.click();
        await inside(page);
        assert.ok((await inner.keys())[0].signCount > mine.signCount, 'it was the key that answered');

        /* not on this device; not this person's finger */
        await password(page, 'viewer');
        const why = page.locator('main [data-say]');
        await inner.finger(false);
        await go.click();
        await why.getByText('パスキーを確認できませんでした').waitFor();
        await inner.finger(true);
        const [kept] = await inner.keys();
        await inner.empty();
        await why.evaluate((e) => { e.textContent = ''; });
        await go.click();
        await why.getByText('この端末にありません').waitFor();
        await look(page, 'unknown');
        assert.equal(new URL(page.url()).pathname, '/login/factor');

        /* somebody else's, signed with the right question: the house knows whose it is */
        await inner.holds(kept);
        sql(house, `update daicho.account set factor_failures = 0 where tenant = '${house.tenant}'`);
        await password(page, 'staff');
        await page.waitForURL(/\/login\/factor/);
        assert.equal(await go.count(), 0, 'who has no passkey is not asked for one');
        expected.statuses = [409];
        const refused = await page.evaluate(async () => {
                const csrf = document.querySelector('[name="_csrf"]').value;
                const answer = await fetch('/api/v1/login/factor/options', { method: 'POST', headers: { 'X-CSRF-Token': csrf, Accept: 'application/json' } });
                return answer.status;
        });
        assert.equal(refused, 409);
        await give(page, printed[2]);
        await inside(page);
        await page.goto('/me/factors');
        await inner.empty();
        await make.click();
        await page.getByRole('cell', { name: 'パスキー・セキュリティキー', exact: true }).waitFor();
        await inner.holds(kept);
        await page.route('**/api/v1/login/factor/options', async (route) => {
                const answer = await route.fetch();
                const question = await answer.json();
                await route.fulfill({ response: answer, json: { ...question, credentials: [kept.credentialId.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')] } });
        });
        await password(page, 'staff');
        expected.statuses = [422];
        await go.click();
        await page.locator('#problems').getByText('このアカウントのパスキーではありません').waitFor();
        await look(page, 'foreign');
        assert.equal(new URL(page.url()).pathname, '/login/factor');
        await page.unroute('**/api/v1/login/factor/options');

        /* the own one; then all goes, and nobody asks any more */
        await go.click();
        await inside(page);
        await page.goto('/me/factors');
        for (let left = 2; left > 0; left--) {
                assert.equal(await page.getByRole('button', { name: '削除する' }).count(), left);
                await page.getByRole('button', { name: '削除する' }).first().click();
                await page.locator('#confirm').getByText('ログインの確認には使えなくなります').waitFor();
                if (left === 2)
                        await shot(page, 'factor-remove-1440');
                await page.locator('#confirm').getByRole('button', { name: '削除する' }).click();
                await page.locator('.toast', { hasText: '削除しました' }).waitFor();
        }
        await page.getByRole('heading', { name: 'まだ設定されていません' }).waitFor();
        await password(page, 'staff');
        await inside(page);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('an administrator, in English and by keys only: set up before anything else, proven again before something dangerous, and never without', async () => {
        const { context, page, trouble, expected } = await person(house, { lang: 'en' });
        const key = (k) => page.keyboard.press(k);
        const inner = await device(context, page);

        sql(house, `update daicho.account set lang = 'en' where tenant = '${house.tenant}' and login = 'deputy'`);
        await page.goto('/login');
        for (const text of [house.tenant, house.accounts.deputy.login, house.accounts.deputy.password]) {
                await page.keyboard.type(text);
                await key('Tab');
        }
        await page.focus('#f-password');
        await key('Enter');
        await page.waitForURL(/\/login\/enroll/);
        await page.getByRole('heading', { level: 1, name: 'Set up two-step verification' }).waitFor();
        await look(page, 'enroll');
        for (const path of ['/', '/me', '/me/factors', '/me/password', '/accounts', '/keys', '/log', '/login/factor']) {
                await page.goto(path);
                assert.equal(new URL(page.url()).pathname, '/login/enroll', `${path} is not reached`);
        }
        await tabTo(page, 'Add a passkey');
        await key('Enter');
        await page.locator('#the-codes li').first().waitFor();
        const codes = await page.locator('#the-codes li').allTextContents();
        await look(page, 'enrolled');
        await tabTo(page, 'I have kept them');
        await key('Enter');
        await page.waitForURL((url) => url.pathname === '/');

        /* the last one stays */
        await page.goto('/me/factors');
        await page.getByText('required', { exact: true }).waitFor();
        expected.statuses = [409];
        await tabTo(page, 'Remove');
        await key('Enter');
        await page.locator('#confirm').getByText('can no longer be used').waitFor();
        await tabTo(page, 'Remove');
        await key('Enter');
        await page.locator('#problems').getByText('add another one before this is removed').waitFor();
        await look(page, 'last');
        assert.equal(await page.getByRole('button', { name: 'Remove' }).count(), 1);

        /* the last proof is old: given again there, by a recovery code, then the key in the other device is made without a further word */
        const other = await device(context, page, 'usb');
        await inner.rest();
        sql(house, `update daicho.session set proven_at = proven_at - interval '20 minutes' where tenant = '${house.tenant}'`);
        expected.statuses = [401];
        await tabTo(page, 'Add a passkey');
        await key('Enter');
        await page.locator('#problems #prove').waitFor();
        await page.locator('section.passkey [data-say]').getByText('needs a fresh proof').waitFor();
        await page.locator('#problems [data-go]:focus').waitFor();
        await look(page, 'prove');
        await tabTo(page, 'p-code');
        await page.keyboard.type(codes[9]);
        await key('Enter');
        await page.locator('tbody tr').nth(1).waitFor();
        assert.equal((await other.keys()).length, 1, 'made by the device that was not known yet');
        await look(page, 'two');
        await inner.away();
        await page.locator('tbody tr').first().getByRole('button', { name: 'Remove' }).focus();
        await key('Enter');
        await tabTo(page, 'Remove');
        await key('Enter');
        await page.locator('.toast', { hasText: 'Removed' }).waitFor();
        assert.equal(await page.getByRole('button', { name: 'Remove' }).count(), 1);

        /* the log-in with it, by keys */
        await password(page, 'deputy');
        await page.waitForURL(/\/login\/factor/);
        await look(page, 'give-en');
        await tabTo(page, 'Continue with a passkey');
        await key('Enter');
        await inside(page);
        assert.deepEqual(trouble, []);
        await context.close();
});
