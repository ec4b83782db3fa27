/* lock.test.js - the lock screen in the browser: nothing can be seen or reached, what was typed is still there afterwards. */
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { start, person, login, nextCode, focused, going, axe, shot } = require('./house.js');

let house;
test.before(async () => { house = await start(); });
test.after(async () => { await house?.stop(); });

const unlock = async (page, password) => {
        await page.fill('#lock-password', password);
        await page.press('#lock-password', 'Enter');
};
const shut = (page) => page.locator('#lock[open]').waitFor();
const open = (page) => page.locator('.frame').waitFor();

for (const [lang, width, dark] of [['ja', 1440, false], ['en', 360, true]]) {
        test(`the screen locks and unlocks, ${lang}, ${width} px`, async () => {
                const { context, page, trouble, expected } = await person(house, { lang, width, dark });

                await login(page, house, 'staff');
                await page.goto('/me');
                await page.selectOption('#f-lang', lang);
                await going(page, /done=saved/, () => page.locator('form[action="/me"] button[type="submit"]').first().click());
                await page.selectOption('#f-theme', dark ? 'dark' : 'light');
                await page.evaluate(() => document.querySelector('[data-lock]').click());
                await shut(page);
                assert.equal(await page.locator('.frame').isVisible(), false);
                await focused(page, 'lock-password');
                assert.match(await page.title(), lang === 'ja' ? /ロック/ : /locked/);
                assert.deepEqual(await axe(page), []);
                await shot(page, `lock-${lang}-${width}`);
                await page.keyboard.press('Escape');
                await page.keyboard.press('Escape');
                await shut(page);
                assert.equal(await page.locator('.frame').isVisible(), false);
                for (let i = 0; i < 6; i++) {
                        await page.keyboard.press('Tab');
                        assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('#lock') !== null));
                }
                /* the server says so, too */
                assert.equal((await context.request.get('/api/v1/me')).status(), 401);
                expected.statuses.push(422);
                await unlock(page, 'not-the-password');
                await page.locator('#lock-wrong', { hasText: lang === 'ja' ? '今のパスワードが違います' : 'not the current password' }).waitFor();
                assert.equal(await page.locator('.frame').isVisible(), false);
                await shot(page, `lock-wrong-${lang}-${width}`);
                await unlock(page, house.accounts.staff.password);
                await open(page);
                assert.equal(await page.inputValue('#f-theme'), dark ? 'dark' : 'light');
                assert.deepEqual(trouble, []);

                /* opened anew while locked: the page that asks, and the way back */
                await page.evaluate(() => document.querySelector('[data-lock]').click());
                await shut(page);
                await page.goto('/me');
                assert.equal(new URL(page.url()).pathname, '/login/unlock');
                assert.deepEqual(await axe(page), []);
                await shot(page, `lock-page-${lang}-${width}`);
                await page.fill('#f-password', house.accounts.staff.password);
                await page.press('#f-password', 'Enter');
                await page.waitForURL((url) => !url.pathname.startsWith('/login'));
                assert.deepEqual(trouble, []);
                await context.close();
        });
}

test('with a second factor the page goes on when it was given in another tab', async () => {
        const { context, page, trouble } = await person(house);

        await login(page, house, 'admin');
        await page.goto('/me');
        await page.keyboard.press('g');
        await page.keyboard.press('x');
        await shut(page);
        await unlock(page, house.accounts.admin.password);
        const [other] = await Promise.all([context.waitForEvent('page'), page.locator('#lock [data-factor] a').click()]);
        assert.equal(await page.locator('.frame').isVisible(), false);
        await other.fill('#p-code', await nextCode(house, 'admin'));
        await other.locator('form[action="/login/factor"] button[type="submit"]').click();
        await other.waitForURL(/\/me$/);
        await page.bringToFront();
        await page.evaluate(() => window.dispatchEvent(new Event('focus')));
        await open(page);
        /* the forms of this page carry the new token */
        await going(page, /\/me\?done=saved/, () => page.locator('form[action="/me"] button[type="submit"]').first().click());
        assert.deepEqual(trouble, []);
        await context.close();
});

test('without scripts the button leads to the page that asks', async () => {
        const { context, page } = await person(house, { js: false });

        await login(page, house, 'viewer');
        await page.goto('/me');
        await page.locator('details.menu summary').last().click();
        await going(page, (url) => url.pathname === '/login/unlock', () => page.locator('[data-lock]').click());
        await page.fill('#f-password', house.accounts.viewer.password);
        await page.press('#f-password', 'Enter');
        await page.waitForURL(/\/me$/);
        await context.close();
});
