/* keyboard.test.js - the console without a mouse. */
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { start, person, login, nextCode, focused, customers, bringIn } = require('./house.js');

let house;
test.before(async () => {
        house = await start();
        const { context, page } = await person(house);
        await login(page, house);
        await bringIn(page, 'customers', customers('keyboard.csv', '--rows', '200', '--quirk', '0'));
        await context.close();
});
test.after(async () => { await house?.stop(); });

const focus = (page) => page.evaluate(() => {
        const e = document.activeElement;
        return { tag: e.tagName, id: e.id, text: e.textContent.trim().slice(0, 60), outline: getComputedStyle(e).outlineStyle };
});

test('log in, go, search, move, open, edit and save with keys only', async () => {
        const { context, page, trouble } = await person(house);
        const key = (k) => page.keyboard.press(k);

        await page.goto('/login');
        await focused(page, 'f-tenant');
        await page.keyboard.type(house.tenant);
        await key('Tab');
        await page.keyboard.type(house.accounts.admin.login);
        await key('Tab');
        await page.keyboard.type(house.accounts.admin.password);
        await key('Enter');
        await page.waitForURL(/\/login\/factor/);
        await focused(page, 'p-code');
        await page.keyboard.type(await nextCode(house, 'admin'));
        await key('Enter');
        await page.waitForURL(/\/login\/confirm/);
        assert.match((await focus(page)).text, /ここで続ける/, 'the way on is a key away');
        await key('Enter');
        await page.waitForURL((url) => url.pathname === '/');

        await key('Tab');
        assert.match((await focus(page)).text, /本文へ移動/, 'the first stop skips to the content');

        await page.evaluate(() => document.activeElement.blur());
        await key('g');
        await key('c');
        await page.waitForURL(/registers\/customers\/records/);

        await key('/');
        await focused(page, 'search');
        await page.keyboard.type('東京');
        await key('Enter');
        await page.waitForURL(/q=/);
        await page.locator('.rows tbody tr').first().waitFor();
        await page.evaluate(() => document.activeElement.blur());
        await key('j');
        await key('j');
        const row = await focus(page);
        assert.equal(row.tag, 'A');
        assert.notEqual(row.outline, 'none', 'the focus can be seen');
        await key('k');
        await key('Enter');
        await page.waitForURL(/records\/\d+$/);
        await key('e');
        await page.waitForURL(/edit$/);
        await page.focus('#f-telephone');
        await key('Control+a');
        await page.keyboard.type('03-0000-1111');
        await key('Enter');
        await page.waitForURL(/records\/\d+/);
        await page.getByText('保存しました').waitFor();
        assert.match(await page.textContent('.timeline'), /03-0000-1111/);

        await key('?');
        await page.locator('#keys[open]').waitFor();
        await key('Escape');
        assert.equal(await page.locator('#keys[open]').count(), 0);

        await key('g');
        await key('c');
        await page.waitForURL(/registers\/customers\/records$/);
        await key('n');
        await page.waitForURL(/records\/new/);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a typed word is never taken for a shortcut', async () => {
        const { context, page } = await person(house);
        await login(page, house);
        await page.goto('/registers/customers/records/new');
        await page.focus('#f-family_name');
        await page.keyboard.type('gc/n?e');
        assert.equal(await page.inputValue('#f-family_name'), 'gc/n?e');
        assert.match(page.url(), /records\/new/);
        await context.close();
});

test('menus and dialogs give the focus back', async () => {
        const { context, page } = await person(house);
        await login(page, house);
        const summary = page.locator('.top details.menu > summary');
        await summary.focus();
        await page.keyboard.press('Enter');
        assert.equal(await page.locator('.top details.menu[open]').count(), 1);
        await page.keyboard.press('Escape');
        assert.equal(await page.locator('.top details.menu[open]').count(), 0);
        assert.ok(await summary.evaluate((e) => e === document.activeElement));
        await context.close();
});
