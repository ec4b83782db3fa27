/* prove.test.js - a session left open is not enough for what does lasting harm: the page asks once more who is there, in its place, and goes on with what was
 * asked for. Nothing typed is lost. */
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { start, person, login, focused, going, nextCode, age, sql, axe, shot, customers, bringIn } = require('./house.js');

let house;
test.before(async () => { house = await start(); });
test.after(async () => { await house?.stop(); });

for (const [lang, width] of [['ja', 1440], ['ja', 360], ['en', 1440]])
        test(`a form waits for the proof, without a mouse, and is sent as it was typed: ${lang}, ${width} px`, async (t) => {
                const { context, page, trouble, expected } = await person(house, { lang, width, dark: width === 360 });
                const length = { ja1440: '11', ja360: '12', en1440: '13' }[lang + width];

                t.after(() => sql(house, `update daicho.policy set length_min = 8 where tenant = '${house.tenant}';
                        update daicho.account set lang = null where tenant = '${house.tenant}'`));
                sql(house, `update daicho.account set lang = '${lang}' where tenant = '${house.tenant}' and login = 'admin'`);
                await login(page, house);
                await page.goto('/policy');
                age(house, 'admin', 16);
                expected.statuses.push(401, 422);
                await page.fill('#f-length_min', length);
                await page.press('#f-length_min', 'Enter');
                await page.locator('#problems #p-code').waitFor();
                await focused(page, 'p-code');
                assert.deepEqual(await axe(page), []);
                await shot(page, `prove-${lang}-${width}`, { fullPage: width === 360 });

                await page.keyboard.type('000000');
                await page.keyboard.press('Enter');
                await page.locator('#prove [data-problems]').waitFor();
                assert.equal(await page.locator('#prove .field .wrong').count(), 1, 'the sentence stands at the field');
                assert.equal(await page.locator('#p-code').getAttribute('aria-invalid'), 'true');
                assert.deepEqual(await axe(page), []);
                await shot(page, `prove-wrong-${lang}-${width}`, { fullPage: width === 360 });
                assert.equal(sql(house, `select length_min = ${length} from daicho.policy where tenant = '${house.tenant}'`), 'f');

                await page.fill('#p-code', await nextCode(house, 'admin'));
                await page.press('#p-code', 'Enter');
                await page.locator('.toast').waitFor();
                assert.equal(await page.inputValue('#f-length_min'), length);
                assert.equal(sql(house, `select length_min from daicho.policy where tenant = '${house.tenant}'`), length);
                assert.deepEqual(trouble, []);
                await context.close();
        });

test('without a second factor the password is asked for, and the button that was pressed is the one that counts', async () => {
        const { context, page, trouble, expected } = await person(house);

        await login(page, house, 'staff');
        await page.goto('/me/factors');
        age(house, 'staff', 16);
        expected.statuses.push(401, 422);
        await page.getByRole('button', { name: '認証アプリを追加する' }).click();
        await page.locator('#problems #p-password').waitFor();
        await focused(page, 'p-password');
        assert.deepEqual(await axe(page), []);
        await shot(page, 'prove-password');
        await page.keyboard.type('wrong');
        await page.keyboard.press('Enter');
        await page.locator('#prove .field .wrong').waitFor();
        await page.fill('#p-password', house.accounts.staff.password);
        await page.press('#p-password', 'Enter');
        await page.locator('svg.qr').waitFor();
        assert.deepEqual(trouble, []);
        await context.close();

        const manager = await person(house);
        await login(manager.page, house);
        sql(house, `update daicho.account set created_at = created_at - interval '400 days', last_login_at = daicho.clock() - interval '300 days'
                where tenant = '${house.tenant}' and login = 'viewer'`);
        await manager.page.goto('/people?state=dormant');
        await manager.page.getByRole('table').getByRole('link', { name: 'viewer' }).click();
        await manager.page.fill('#f-dormant', '来月から使います');
        age(house, 'admin', 16);
        manager.expected.statuses.push(401);
        await manager.page.getByRole('button', { name: '残す', exact: true }).click();
        await manager.page.fill('#p-code', await nextCode(house, 'admin'));
        await manager.page.press('#p-code', 'Enter');
        await manager.page.getByText('アカウントを残すことにしました').waitFor();
        assert.deepEqual(manager.trouble, []);
        await manager.context.close();
});

test('a file is fetched after the proof, from its own page', async () => {
        const { context, page, trouble } = await person(house);

        await login(page, house);
        await bringIn(page, 'customers', customers('prove.csv', '--rows', '20', '--quirk', '0'));
        await page.goto('/registers/customers/exports/new');
        await page.locator('form[action$="/exports"] button[type="submit"]').click();
        await page.waitForURL(/\/jobs\/\d+/);
        const file = page.locator('a[href$="/file"]');
        await file.waitFor({ timeout: 60000 });
        const job = new URL(page.url()).pathname;
        age(house, 'admin', 16);
        await file.click();
        await page.waitForURL(/\/me\/prove\?next=/);
        assert.deepEqual(await axe(page), []);
        await shot(page, 'prove-page');
        await page.fill('#p-code', await nextCode(house, 'admin'));
        await page.press('#p-code', 'Enter');
        await page.waitForURL((url) => url.pathname === job);
        await page.getByText('確認できました').waitFor();
        const download = page.waitForEvent('download');
        await file.click();
        assert.match((await download).suggestedFilename(), /\.csv$/);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a passkey is added after the proof, by the same press of the button', async () => {
        const { context, page, trouble, expected } = await person(house);
        const session = await context.newCDPSession(page);

        await session.send('WebAuthn.enable');
        await session.send('WebAuthn.addVirtualAuthenticator', { options: {
                protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
        } });
        await login(page, house, 'deputy');
        await page.goto('/me/factors');
        age(house, 'deputy', 16);
        expected.statuses.push(401);
        await page.getByRole('button', { name: 'パスキーを追加する' }).click();
        await page.locator('#problems #p-code').waitFor();
        await focused(page, 'p-code');
        await page.keyboard.type(await nextCode(house, 'deputy'));
        await page.keyboard.press('Enter');
        await page.getByText('パスキー・セキュリティキー', { exact: true }).waitFor();
        assert.deepEqual(trouble, []);
        await context.close();
});

test('without scripts the page says where to prove it', async () => {
        const { context, page } = await person(house, { js: false });

        await page.goto('/login');
        await page.fill('#f-tenant', house.tenant);
        await page.fill('#f-login', 'staff');
        await page.fill('#f-password', house.accounts.staff.password);
        await going(page, (url) => url.pathname !== '/login', () => page.press('#f-password', 'Enter'));
        if (new URL(page.url()).pathname === '/login/confirm')
                await going(page, (url) => url.pathname !== '/login/confirm', () => page.locator('form[action="/login/confirm"] button').click());
        await page.goto('/me/factors');
        age(house, 'staff', 16);
        await page.locator('form[action="/me/factors/totp"] button').click();
        await page.getByRole('link', { name: '本人確認' }).click();
        await page.fill('#p-password', house.accounts.staff.password);
        await going(page, /\/me\?done=proven/, () => page.press('#p-password', 'Enter'));
        await context.close();
});
