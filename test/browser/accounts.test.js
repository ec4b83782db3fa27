/* accounts.test.js - a new colleague comes in: her account is made, her first log-in asks for a password of her own, her devices are shown; a key is made once. */
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { start, person, login, shot, axe } = require('./house.js');

let house;
test.before(async () => { house = await start(); });
test.after(async () => { await house?.stop(); });

async function enter(page, name, password) {
        await page.goto('/login');
        await page.fill('#f-tenant', house.tenant);
        await page.fill('#f-login', name);
        await page.fill('#f-password', password);
        await page.getByRole('button', { name: 'ログイン' }).click();
}

test('an account is made with a password shown once, which its owner must change', async () => {
        const manager = await person(house), colleague = await person(house);
        const page = manager.page;

        await login(page, house);
        await page.goto('/accounts/new');
        await page.fill('#f-name', '山本一郎');
        await page.fill('#f-login', '山本');
        manager.expected.statuses.push(422);
        await page.getByRole('button', { name: '追加する' }).click();
        await page.locator('#problems a[data-item="login"]').waitFor();
        assert.equal(await page.inputValue('#f-name'), '山本一郎');
        await page.fill('#f-login', 'yamamoto');
        await page.getByLabel('担当者', { exact: true }).check();
        await page.getByRole('button', { name: '追加する' }).click();
        await page.getByRole('heading', { name: '山本一郎さんのパスワード' }).waitFor();
        const made = await page.inputValue('#the-password');
        assert.match(made, /^\w{4}-\w{4}-\w{4}-\w{4}$/);
        assert.deepEqual(await axe(page), []);
        await shot(page, 'account-made');
        await page.getByRole('button', { name: 'コピー' }).click();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), made);
        await page.getByRole('link', { name: 'アカウントを見る' }).click();
        await page.getByRole('heading', { level: 1, name: '山本一郎' }).waitFor();
        assert.ok(!(await page.content()).includes(made));

        await enter(colleague.page, 'yamamoto', made);
        await colleague.page.waitForURL(/\/me\/password/);
        assert.deepEqual(await axe(colleague.page), []);
        await colleague.page.fill('#f-current', made);
        await colleague.page.fill('#f-password', 'short');
        colleague.expected.statuses.push(422);
        await colleague.page.getByRole('button', { name: '変更する' }).click();
        await colleague.page.locator('#problems a[data-item="password"]').waitFor();
        await colleague.page.fill('#f-password', '雨の日の長い散歩');
        await colleague.page.getByRole('button', { name: '変更する' }).click();
        await colleague.page.getByText('パスワードを変更しました').waitFor();
        await colleague.page.goto('/me');
        await colleague.page.getByText('この端末', { exact: true }).waitFor();
        assert.deepEqual(await axe(colleague.page), []);
        await shot(colleague.page, 'me');

        /* suspended: out at the next click */
        await page.getByLabel('状態').selectOption('suspended');
        await page.getByRole('button', { name: '保存する', exact: true }).click();
        await page.getByText('保存しました').waitFor();
        await colleague.page.goto('/me');
        await colleague.page.waitForURL(/\/login/);
        assert.deepEqual([...manager.trouble, ...colleague.trouble], []);
        await manager.context.close();
        await colleague.context.close();
});

test('a key is shown once and can be revoked', async () => {
        const { context, page, trouble } = await person(house);

        await login(page, house);
        await page.goto('/keys');
        await page.fill('#f-name', '在庫システム');
        await page.getByLabel('すべての台帳: 台帳を見る').check();
        await page.fill('#f-days', '30');
        await page.getByRole('button', { name: '作る', exact: true }).click();
        const key = await page.inputValue('#the-key');
        assert.match(key, /^dk_[\w-]{43}$/);
        assert.deepEqual(await axe(page), []);
        await page.goto('/keys');
        assert.ok(!(await page.content()).includes(key));
        await page.getByRole('link', { name: '在庫システム' }).click();
        assert.deepEqual(await axe(page), []);
        await page.locator('details.zone summary').click();
        await page.getByRole('button', { name: '無効にする' }).click();
        await page.locator('#confirm').getByRole('button', { name: '無効にする' }).click();
        await page.getByText('APIキーを無効にしました').waitFor();
        assert.match(await page.getByRole('row', { name: /在庫システム/ }).textContent(), /無効/);
        assert.deepEqual(trouble, []);
        await context.close();
});
