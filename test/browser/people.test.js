/* people.test.js - somebody leaves: the next click in their own browser is thrown out; they come back only when a second administrator approves. A lost device
 * is reported by its owner, who is out as well. */
'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { start, person, login, shot, axe } = require('./house.js');

let house;
test.before(async () => { house = await start(); });
test.after(async () => { await house?.stop(); });

async function open(page, name) {
        await page.goto('/people');
        await page.getByRole('table').getByRole('link', { name, exact: true }).click();
        await page.getByRole('heading', { level: 1, name }).waitFor();
}

test('a leaver is out at the next click, and comes back by two administrators, without rights', async () => {
        const manager = await person(house), leaver = await person(house), second = await person(house), again = await person(house);
        const page = manager.page;

        await login(page, house);
        await login(leaver.page, house, 'staff');
        await leaver.page.goto('/registers/customers/records');

        await page.goto('/');
        await page.getByRole('link', { name: '利用者', exact: true }).click();
        await page.getByRole('heading', { level: 1, name: '利用者' }).waitFor();
        assert.deepEqual(await axe(page), []);
        await shot(page, 'people');
        await open(page, 'staff');
        await page.locator('#stop > summary').click();
        await page.getByLabel('退職・契約終了').check();
        await page.fill('#f-note', '3月末で退職');
        assert.deepEqual(await axe(page), []);
        await shot(page, 'person-stop', { fullPage: true });
        const go = page.getByRole('button', { name: '停止する', exact: true });
        assert.ok(await go.isDisabled(), 'the name has not been typed yet');
        await page.fill('#stop-word', 'staff');
        await go.click();
        await page.getByText('停止しました').waitFor();
        await page.getByText('引き継ぎの対象').waitFor();
        assert.match(await page.textContent('main'), /担当者/);
        assert.deepEqual(await axe(page), []);
        await shot(page, 'person-left', { fullPage: true });

        /* the other browser's next click */
        await leaver.page.getByRole('link', { name: 'ジョブ', exact: true }).click();
        await leaver.page.waitForURL(/\/login/);

        /* back: who asks does not approve */
        await page.fill('#f-why', '再雇用');
        await page.getByRole('button', { name: '復帰を依頼する' }).click();
        await page.getByText('依頼した人は承認できません').waitFor();
        assert.equal(await page.getByRole('button', { name: '復帰を承認する' }).count(), 0);
        await login(second.page, house, 'deputy');
        await second.page.goto('/people');
        await second.page.getByText('承認を待っている復帰').waitFor();
        await open(second.page, 'staff');
        await second.page.getByRole('button', { name: '復帰を承認する' }).click();
        await second.page.locator('#confirm').getByRole('button', { name: '復帰を承認する' }).click();
        await second.page.getByRole('heading', { name: 'staffさんの新しいパスワード' }).waitFor();
        const made = await second.page.inputValue('#the-password');
        assert.deepEqual(await axe(second.page), []);
        await second.page.getByRole('link', { name: '利用者を見る' }).click();
        await second.page.getByText('権限なし').waitFor();

        /* the old password is dead, the new one lives */
        again.expected.statuses.push(401);
        for (const [password, url] of [[house.accounts.staff.password, /\/login$/], [made, /\/me\/password/]]) {
                await again.page.goto('/login');
                await again.page.fill('#f-tenant', house.tenant);
                await again.page.fill('#f-login', 'staff');
                await again.page.fill('#f-password', password);
                await again.page.getByRole('button', { name: 'ログイン' }).click();
                if (password !== made)
                        await again.page.locator('#problems *').first().waitFor();
                await again.page.waitForURL(url);
        }
        assert.deepEqual([...manager.trouble, ...leaver.trouble, ...second.trouble, ...again.trouble], []);
        for (const p of [manager, leaver, second, again])
                await p.context.close();
});

test('who lost a device says so on the own page, by keyboard, and is out', async () => {
        const { context, page, trouble } = await person(house);

        await login(page, house, 'viewer');
        await page.goto('/me');
        await page.locator('#lost > summary').focus();
        await page.keyboard.press('Enter');
        await page.locator('#lost-word').waitFor({ state: 'visible' });
        assert.deepEqual(await axe(page), []);
        await shot(page, 'me-lost', { fullPage: true });
        await page.fill('#lost-device', '業務用スマートフォン');
        await page.fill('#lost-word', 'viewer');
        await page.keyboard.press('Enter');
        await page.waitForURL(/\/login/);
        await page.goto('/');
        await page.waitForURL(/\/login/);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('the how-to is reached from the list and from the help', async () => {
        const { context, page, trouble } = await person(house);

        await login(page, house);
        await page.goto('/people');
        await page.getByRole('link', { name: '登録・停止・削除の手順' }).click();
        await page.getByRole('heading', { level: 1, name: '利用者の登録・停止・削除の手順' }).waitFor();
        await page.goto('/help');
        await page.getByRole('link', { name: '利用者の登録・停止・削除の手順' }).click();
        await page.waitForURL(/\/help\/users/);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a review is decided line by line without a mouse, and the page stays where it is', async () => {
        const { context, page } = await person(house);
        const focused = () => page.evaluate(() => document.activeElement.id);

        await login(page, house);
        await page.goto('/reviews');
        assert.deepEqual(await axe(page), []);
        await page.getByRole('button', { name: '棚卸しを始める' }).click();
        await page.getByText('棚卸しを始めました').waitFor();
        const all = await page.locator('[data-undecided]').evaluateAll((lines) => lines.map((line) => line.id));
        const own = await page.locator('[data-line]:not([data-undecided])').count();
        assert.ok(all.length >= 3 && own >= 2, 'the own lines are there, without buttons');
        while (await focused() !== all[0])
                await page.keyboard.press('j');
        await page.keyboard.press('a');
        await page.locator(`#${all[0]}.kept`).waitFor();
        await page.waitForFunction((id) => document.activeElement.id === id, all[1]);
        await page.keyboard.press('k');
        assert.equal(await focused(), all[0]);
        await page.keyboard.press('u');
        await page.locator(`#${all[0]}.undecided`).waitFor();
        await page.waitForFunction((id) => document.activeElement.id === id, all[0]);
        /* taking away asks first, and is said where it stands */
        const name = (await page.locator(`#${all.at(-1)} b`).textContent()).trim();
        await page.locator(`#${all.at(-1)}`).focus();
        await page.keyboard.press('x');
        await page.locator('#confirm').getByText(name).waitFor();
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await page.locator(`#${all.at(-1)}.removed`).waitFor();
        assert.match(await page.textContent('#review-bar'), /外した 1/);
        assert.deepEqual(await axe(page), []);
        await shot(page, 'review', { fullPage: true });
        await context.close();
});
