/* journey.test.js - the main job, as a person does it in the browser. */
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const test = require('node:test');
const { start, person, login, focused, customers, shot, bringIn } = require('./house.js');

let house;
test.before(async () => { house = await start(); });
test.after(async () => { await house?.stop(); });

test('a second click while the first is on its way makes nothing twice', async () => {
        const { page } = await person(house);
        const sent = [];
        let gate;

        await login(page, house);
        page.on('request', (request) => request.method() === 'POST' && sent.push(new URL(request.url()).pathname));
        await page.route('**/*', async (route) => {
                if (route.request().method() === 'POST')
                        await gate;
                await route.continue();
        });
        /* what is sent is on its way until both clicks are done */
        const twice = async () => {
                let open;
                gate = new Promise((resolve) => { open = resolve; });
                await page.locator('main form[hx-post] button[type="submit"]').last().dblclick();
                open();
        };
        await page.goto('/registers/customers/exports/new');
        await twice();
        await page.waitForURL(/\/jobs\/\d+/);
        assert.deepEqual(sent, ['/registers/customers/exports']);
        /* after a refusal it can be sent again */
        await page.goto('/registers/customers/records/new');
        sent.length = 0;
        for (let i = 0; i < 2; i++) {
                await twice();
                await page.locator('#problems [data-problems]').waitFor();
        }
        assert.equal(sent.length, 2);
});

test('a CP932 file is brought in, a customer found by two characters, corrected, exported, and the log tells it all', async () => {
        const { context, page, trouble } = await person(house);
        const file = customers('customers_cp932.csv', '--rows', '3000', '--encoding', 'cp932', '--eol', 'crlf', '--bad', '0.01', '--quirk', '0');

        await login(page, house);
        await page.goto('/registers/customers/records');
        await page.getByRole('link', { name: 'ファイルを取り込む' }).click();
        await page.setInputFiles('#f-file', file);
        assert.match(await page.textContent('[data-file-name]'), /customers_cp932\.csv/);
        await page.getByRole('button', { name: '取り込む' }).click();
        await page.waitForURL(/\/jobs\/\d+/);
        await page.getByRole('link', { name: '内容を確認する' }).click({ timeout: 60000 });
        await page.getByText('まだ何も書き込んでいません').first().waitFor();
        assert.match(await page.textContent('.tabs'), /新規\s*2,9\d\d/);
        await shot(page, 'journey-import-look');
        await page.getByRole('button', { name: 'この内容で書き込む' }).click();
        await page.waitForURL(/\/jobs\/\d+/);
        await page.getByText('完了', { exact: true }).first().waitFor({ timeout: 60000 });
        const job = await page.textContent('#job');
        assert.match(job, /シフトJIS/);
        assert.match(job, /3,000/);
        await page.getByRole('heading', { name: '取り込めなかった行' }).waitFor();
        await shot(page, 'journey-import');
        const [refusedFile] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '取り込めなかった行をダウンロード' }).click()]);
        assert.ok(fs.statSync(await refusedFile.path()).size > 100);

        /* find her by two characters */
        await page.goto('/registers/customers/records');
        const name = (await page.locator('.rows tbody th a').first().textContent()).trim();
        await page.fill('#search', name.slice(0, 2));
        await page.press('#search', 'Enter');
        await page.waitForURL(/q=/);
        const found = page.locator('.rows tbody th a', { hasText: name }).first();
        await found.click();
        await page.getByRole('heading', { level: 1, name }).waitFor();
        assert.match(await page.textContent('.timeline'), /取り込みによる登録/);

        /* correct her */
        await page.getByRole('link', { name: '編集' }).click();
        await page.fill('#f-points', 'たくさん');
        await page.getByRole('button', { name: '保存する' }).click();
        await page.locator('#problems [data-problems]').waitFor();
        assert.equal(await page.inputValue('#f-points'), 'たくさん');
        assert.equal(await page.getAttribute('#f-points', 'aria-invalid'), 'true');
        await page.locator('#problems a[data-item="points"]').click();
        await focused(page, 'f-points');
        await page.fill('#f-points', '4321');
        await page.fill('#f-address', '港区芝4-5-6');
        await page.getByRole('button', { name: '保存する' }).click();
        await page.getByText('保存しました').waitFor();
        const history = await page.textContent('.timeline');
        assert.match(history, /4,321/);
        assert.match(history, /港区芝4-5-6/);
        await shot(page, 'journey-record');

        /* export what a condition means */
        await page.goto('/registers/customers/records?build=1');
        await page.getByLabel('項目').first().selectOption({ label: '都道府県' });
        await page.getByLabel('比べ方').first().selectOption('in');
        await page.locator('.picks').getByLabel('東京都').check();
        await shot(page, 'journey-builder');
        await page.getByRole('button', { name: 'この条件で絞り込む' }).click();
        await page.waitForURL(/condition=/);
        await page.getByText('都道府県が東京都').first().waitFor();
        for (const cell of await page.locator('td[data-c="prefecture"]').allTextContents())
                assert.equal(cell.trim(), '東京都');
        await page.getByRole('link', { name: '書き出し' }).click();
        await page.getByText('都道府県が東京都').first().waitFor();
        await page.getByLabel('シフトJIS').check();
        await page.getByRole('button', { name: '書き出す' }).click();
        await page.waitForURL(/\/jobs\/\d+/);
        const [exported] = await Promise.all([
                page.waitForEvent('download'),
                page.getByRole('link', { name: 'ファイルをダウンロード' }).click({ timeout: 60000 }),
        ]);
        const text = new TextDecoder('shift_jis').decode(fs.readFileSync(await exported.path()));
        const lines = text.trim().split(/\r?\n/);
        assert.match(lines[0], /メールアドレス/);
        assert.ok(lines.length > 50);
        assert.ok(lines.slice(1).every((line) => line.includes('東京都')));

        /* the log shows it */
        await page.goto('/log');
        const log = await page.textContent('.rows');
        for (const word of ['ログイン', '取り込み', '検索', '変更', '書き出し', 'ダウンロード'])
                assert.ok(log.includes(word), `the log says ${word}`);
        await page.locator('.rows tbody tr', { hasText: '変更' }).first().click();
        await page.waitForURL(/\/log\/\d+/);
        assert.match(await page.textContent('main'), /変更 · 顧客/);
        await shot(page, 'journey-log');
        await page.locator('dd a').click();
        await page.getByRole('heading', { level: 1, name }).waitFor();
        assert.match(await page.textContent('.timeline'), /4,321/);
        assert.deepEqual(trouble.filter((t) => !/422/.test(t)), []);
        await context.close();
});

test('two people edit the same customer: the second sees both versions and loses nothing', async () => {
        const one = await person(house);
        const two = await person(house);
        await login(one.page, house);
        await login(two.page, house, 'staff');
        await one.page.goto('/registers/customers/records');
        await one.page.locator('.rows tbody th a').nth(3).click();
        await one.page.waitForURL(/records\/\d+$/);
        const url = new URL(one.page.url()).pathname;
        await one.page.goto(`${url}/edit`);
        await two.page.goto(`${url}/edit`);
        await one.page.fill('#f-address', '千代田区一番町1');
        await one.page.getByRole('button', { name: '保存する' }).click();
        await one.page.waitForURL(/records\/\d+\?|records\/\d+$/);
        two.expected.statuses.push(412);
        await two.page.fill('#f-address', '千代田区二番町2');
        await two.page.getByRole('button', { name: '保存する' }).click();
        await two.page.getByText('ほかの人が先に変更しました').first().waitFor();
        assert.match(await two.page.textContent('main'), /千代田区一番町1/);
        assert.equal(await two.page.inputValue('#f-address'), '千代田区二番町2');
        await shot(two.page, 'journey-stale');
        assert.deepEqual(two.trouble, []);
        await one.context.close();
        await two.context.close();
});

test('whoever may not see personal data sees that it is hidden, and cannot search by it', async () => {
        const { context, page, trouble } = await person(house);
        await login(page, house, 'viewer');
        await page.goto('/registers/customers/records');
        assert.ok(await page.locator('.masked').count() > 0);
        assert.doesNotMatch(await page.textContent('main'), /@.*example/);
        await page.locator('.rows tbody th a').first().click();
        await page.waitForURL(/records\/\d+/);
        assert.ok(await page.locator('dd .masked').count() > 3);
        assert.equal(await page.getByRole('link', { name: '編集' }).count(), 0);
        await shot(page, 'journey-masked');
        assert.deepEqual(trouble, []);
        await context.close();
});

test('without JavaScript the same work gets done', async () => {
        const { context, page, trouble } = await person(house, { js: false });
        await login(page, house);
        await page.goto('/registers/customers/records/new');
        await page.fill('#f-email', 'nojs@example.jp');
        await page.fill('#f-family_name', '無地');
        await page.click('main form button[type="submit"]');
        await page.waitForURL(/records\/\d+/);
        assert.match(await page.textContent('h1'), /無地/);
        await page.goto('/registers/customers/records?build=1');
        await page.fill('#f-condition', '{"all":[{"item":"email","op":"eq","value":"nojs@example.jp"}]}');
        await page.click('#builder button[type="submit"]');
        assert.equal(await page.locator('.rows tbody tr').count(), 1);
        await page.locator('.rows tbody th a').first().click();
        await page.click('.zone > summary');
        await page.fill('#word', '削除');
        await page.click('.zone button[type="submit"]');
        await page.waitForURL(/records(\?|$)/);
        assert.match(await page.textContent('body'), /1件を削除しました/);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a new API key is shown once, copied with one press, and works', async () => {
        const { context, page, trouble } = await person(house);
        await login(page, house);
        await page.goto('/keys');
        await page.fill('#f-name', 'EC連携');
        await page.getByLabel('すべての台帳: 台帳を見る').check();
        await page.getByRole('button', { name: '作る', exact: true }).click();
        const key = await page.inputValue('#the-key');
        assert.match(key, /^dk_/);
        await page.getByRole('button', { name: 'コピー' }).click();
        await page.getByText('APIキーをコピーしました').waitFor();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
        const answer = await context.request.get('/api/v1/registers', { headers: { Authorization: `Bearer ${key}`, Cookie: '' } });
        assert.equal(answer.status(), 200);
        await page.goto('/keys');
        assert.doesNotMatch(await page.textContent('main'), new RegExp(key));
        await page.getByRole('link', { name: 'EC連携' }).click();
        await page.locator('details.zone summary').click();
        await page.getByRole('button', { name: '無効にする' }).click();
        await page.locator('#confirm button[value="go"]').click();
        await page.getByText('APIキーを無効にしました').waitFor();
        assert.deepEqual(trouble, []);
        await context.close();
});

test('colours are chosen once and stay with the account', async () => {
        const { context, page, trouble } = await person(house);
        await login(page, house, 'staff');
        await page.goto('/me');
        await page.selectOption('#f-theme', 'dark');
        assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
        await page.locator('form', { has: page.locator('#f-theme') }).getByRole('button', { name: '保存する' }).click();
        await page.getByText('保存しました').waitFor();
        await page.goto('/');
        assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a wrong password is told in one sentence and leaves what was typed', async () => {
        const { context, page, trouble, expected } = await person(house);
        expected.statuses.push(401);
        await page.goto('/login');
        await page.fill('#f-tenant', house.tenant);
        await page.fill('#f-login', 'admin');
        await page.fill('#f-password', 'ちがうパスワード1');
        await page.press('#f-password', 'Enter');
        await page.locator('#problems [data-problems]').waitFor();
        assert.match(await page.textContent('#problems'), /パスワード/);
        assert.equal(await page.inputValue('#f-tenant'), house.tenant);
        assert.equal(await page.inputValue('#f-login'), 'admin');
        await shot(page, 'journey-wrong-password');
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a file whose headings mean nothing here is refused with a sentence that says what to do', async () => {
        const { context, page, trouble } = await person(house);
        await login(page, house);
        await page.goto('/registers/customers/imports/new');
        await page.setInputFiles('#f-file', { name: '在庫.csv', mimeType: 'text/csv', buffer: Buffer.from('品番,数量\r\nA-1,3\r\n') });
        await page.click('form[data-upload] button[type="submit"]');
        await page.waitForURL(/\/jobs\/\d+/);
        await page.locator('#failed').waitFor();
        const said = await page.textContent('#failed');
        assert.match(said, /[ぁ-ん]/);
        assert.doesNotMatch(said, /エラーが発生/);
        await shot(page, 'journey-failed');
        assert.deepEqual(trouble, []);
        await context.close();
});

test('a condition of two kinds at once is built by hand, kept in the address and opened again as rows', async () => {
        const { context, page, trouble, expected } = await person(house);
        await login(page, house);
        await page.goto('/registers/customers/records');
        await page.keyboard.press('f');
        await page.waitForURL(/build=1/);
        const condition = page.locator('.cond');
        await condition.nth(0).getByLabel('項目').selectOption({ label: 'ポイント' });
        await condition.nth(0).locator('input').fill('1000');
        await page.getByRole('button', { name: '組み合わせを追加' }).click();
        await condition.nth(1).getByLabel('項目').selectOption({ label: '性別' });
        await condition.nth(1).locator('.picks').getByLabel('女').check();
        await page.locator('.group .group').getByRole('button', { name: '条件を追加' }).click();
        await condition.nth(2).getByLabel('項目').selectOption({ label: '都道府県' });
        await condition.nth(2).locator('.picks').getByLabel('東京都').check();
        await page.getByRole('button', { name: '条件を追加' }).last().click();         /* an unfinished row asks nothing */
        await page.getByRole('button', { name: 'この条件で絞り込む' }).click();
        await page.waitForURL(/condition=/);
        const asked = JSON.parse(new URL(page.url()).searchParams.get('condition'));
        assert.deepEqual(asked, {
                all: [{ item: 'points', op: 'ge', value: 1000 }, { any: [{ item: 'gender', op: 'in', value: ['女'] }, { item: 'prefecture', op: 'in', value: ['東京都'] }] }],
        });
        assert.match(await page.textContent('.bar'), /ポイントが1,000以上/);
        assert.ok(await page.locator('.rows tbody tr').count() > 0);
        await page.keyboard.press('f');
        await page.locator('.cond').nth(2).waitFor();
        assert.equal(await page.locator('.cond').count(), 3);
        await page.getByRole('link', { name: '条件を消す' }).click();
        await page.waitForURL((url) => !url.search.includes('condition'));
        /* a condition over a history, saved under a name; and that one as a part of another */
        await page.keyboard.press('f');
        await page.waitForURL(/build=1/);
        await page.locator('.cond').nth(0).getByLabel('項目').selectOption({ label: '購入履歴' });
        await page.getByLabel('購入履歴 の有無と件数').selectOption({ label: 'が次の件数以上' });
        await page.getByLabel('購入履歴 件').fill('2');
        await page.getByLabel('購入履歴 の期間').selectOption({ label: '過去' });
        await page.getByLabel('購入履歴 日以内').fill('30');
        await page.getByRole('button', { name: '履歴の内容で絞る' }).click();
        await page.locator('.past .group').getByLabel('項目').selectOption({ label: '商品名' });
        await page.locator('.past .group input').fill('茶');
        await page.getByRole('button', { name: 'この条件で絞り込む' }).click();
        await page.waitForURL(/condition=/);
        assert.deepEqual(JSON.parse(new URL(page.url()).searchParams.get('condition')), {
                all: [{ history: { register: 'orders', count: { '>=': 2 }, within_days: 30, has: [{ item: 'product', op: 'contains', value: '茶' }] } }],
        });
        await page.getByRole('link', { name: 'この条件を保存' }).click();
        await page.fill('#f-name', 'お茶の常連');
        await page.getByRole('button', { name: '保存する' }).click();
        await page.locator('#count', { hasText: '0件' }).waitFor();         /* counted by now, without being asked again */
        await page.getByText('名前や条件を変える').click();
        await page.locator('.past').waitFor();
        await page.getByRole('button', { name: 'この条件を外す' }).first().click();
        expected.statuses = [422];
        await page.getByRole('button', { name: '保存する' }).click();
        await page.locator('#problems', { hasText: '条件' }).waitFor();    /* what asks nothing is not saved */
        await page.goto('/registers/customers/records?build=1');
        await page.locator('.cond').nth(0).getByLabel('項目').selectOption({ label: '抽出条件' });
        await page.getByRole('button', { name: 'この条件で絞り込む' }).click();
        await page.waitForURL(/condition=/);
        assert.match(await page.textContent('.bar'), /抽出条件「お茶の常連」に当てはまる.*0件/s);
        assert.deepEqual(trouble, []);
        await context.close();
});

test('more of a list comes below, and columns that were put away stay away', async () => {
        const { context, page, trouble } = await person(house);
        await login(page, house);
        await page.goto('/registers/customers/records');
        const before = await page.locator('.rows tbody tr').count();
        await page.getByRole('link', { name: 'もっと見る' }).click();
        await page.waitForFunction((n) => document.querySelectorAll('.rows tbody tr').length > n, before);
        const ids = await page.locator('.rows tbody th a').evaluateAll((links) => links.map((a) => a.href));
        assert.equal(new Set(ids).size, ids.length, 'no record comes twice');
        await page.locator('.bar details.menu > summary').click();
        await page.locator('[data-column="email"]').uncheck();
        assert.equal(await page.locator('td[data-c="email"]:visible').count(), 0);
        await page.reload();
        assert.equal(await page.locator('td[data-c="email"]:visible').count(), 0);
        assert.deepEqual(trouble, []);
        await context.close();
});
