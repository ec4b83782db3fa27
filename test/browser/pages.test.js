/* pages.test.js - every page in ja and en, light and dark, wide and narrow: axe clean, nothing from outside, nothing untranslated, nothing cut off. */
'use strict';
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const test = require('node:test');
const { start, person, login, axe, customers, shot, bringIn, sql } = require('./house.js');

let house;
let pages;
test.before(async () => {
        house = await start();
        const { context, page } = await person(house);
        await login(page, house);
        await bringIn(page, 'customers', customers('pages.csv', '--rows', '400', '--bad', '0.02', '--quirk', '0'));
        const job = new URL(page.url()).pathname;
        await page.goto('/registers/customers/imports/new');
        await page.setInputFiles('#f-file', customers('waiting.csv', '--rows', '60', '--start', '380', '--variant', '1', '--quirk', '0'));
        await page.click('form[data-upload] button[type="submit"]');
        await page.getByRole('link', { name: '内容を確認する' }).waitFor({ timeout: 60000 });
        const waiting = new URL(page.url()).pathname.split('/').pop();
        await page.goto('/registers/customers/records');
        const record = await page.locator('.rows tbody th a').first().getAttribute('href');
        await page.goto('/log');
        const entry = await page.locator('.rows tbody th a').first().getAttribute('href');
        await page.goto('/accounts');
        const account = await page.locator('.rows tbody th a').first().getAttribute('href');
        await page.goto('/people');
        const one = await page.locator('.rows tbody th a').first().getAttribute('href');
        await page.goto('/groups');
        const group = await page.locator('.rows tbody th a').first().getAttribute('href');
        const condition = encodeURIComponent('{"all":[{"item":"prefecture","op":"in","value":["東京都","大阪府"]},{"any":[{"item":"points","op":"ge","value":1000}]}]}');
        await page.goto('/keys');
        const key = await page.locator('.rows tbody th a').first().getAttribute('href');
        const made = await page.evaluate(async () => {
                const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRF-Token'] };
                const body = JSON.stringify({ kind: 'oidc', name: 'Midori', issuer: 'https://login.midori.example/', client_id: 'daicho', secret_name: 'oidc', active: true });
                return (await fetch('/api/v1/providers', { method: 'POST', headers, body })).headers.get('Location');
        });
        const post = (path, body) => page.evaluate(async ([to, what]) => {
                const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRF-Token'] };
                const answer = await fetch(`/api/v1${to}`, { method: 'POST', headers, body: JSON.stringify(what) });
                return answer.status < 300 ? answer.json() : Promise.reject(new Error(`${to}: ${answer.status}`));
        }, [path, body]);
        const segment = (await post('/registers/customers/segments', { name: '首都圏', shared: true, condition: { all: [{ item: 'prefecture', op: 'in', value: ['東京都', '神奈川県'] },
                { any: [{ item: 'points', op: 'ge', value: 1000 }, { history: { register: 'orders', count: { '>=': 2 }, within_days: 90 } }] }] } })).id;
        const past = encodeURIComponent(`{"all":[{"segment":${segment}},{"history":{"register":"orders","count":{">=":2},"within_days":90,"has":[{"item":"product","op":"contains","value":"茶"}]}}]}`);
        const { department } = await post('/departments', { name: '営業部' });
        await post('/departments', { name: '経理部' });
        const sole = (await post('/groups', { name: '特権ID', permissions: ['record.read'], department: '営業部', held_by_one: true })).group.id;
        for (const login of ['eigyo.hanako', 'eigyo.taro'])
                await post('/accounts/new', { login, name: login, password: 'long-enough-0-and-odd', department: '営業部' });
        await post(`/groups/${sole}/hand-over`, { login: 'eigyo.hanako' });
        const review = await page.evaluate(async () => {
                const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRF-Token'] };
                return (await fetch('/api/v1/reviews', { method: 'POST', headers, body: '{}' })).headers.get('Location');
        });
        const attested = { kind: 'laptop', name: 'ThinkPad X1', os: 'windows', os_version: '10.0.26100', lock_method: 'biometric', lock_minutes: 6, malware: 'Defender', malware_on: true, malware_scan: true, malware_update: true, firewall: true };
        const { device } = await post('/me/devices', attested);
        await post('/me/devices', { ...attested, name: 'iPhone', kind: 'phone', own: true, os: 'ios', os_version: '18.1', lock_method: 'none', serial: 'F2LX' });
        sql(house, "update daicho.device set state = 'lost' where name = 'iPhone'");       /* nobody sits at it: files are handed out */
        /* two who leave: one is gone, and somebody has signed for one of her devices */
        const gone = (await post('/accounts/new', { login: 'taishoku', name: '退職した人', password: 'long-enough-0-and-odd' })).account.person_id;
        const [left, declared] = sql(house, `insert into daicho.device (tenant, person_id, kind, own, name, os, os_version, lock_method, malware_on, malware_scan, malware_update, encrypted, firewall)
                select '${house.tenant}', ${gone}, 'phone', true, x, 'ios', '18.1', 'none', false, false, false, true, false from unnest(array['私物のスマートフォン', '私物のタブレット']) x
                returning id`).trim().split(/\s+/);
        await post(`/people/${gone}/stop`, { reason: 'leaver' });
        await post(`/devices/${declared}/declare`, { data_removed: true, accounts_removed: true, nothing_kept: true, reason: '書面を受け取った', version: 1 });
        /* something the operator has told; what it takes to get there is in test_change.py */
        sql(house, `with c as (insert into daicho.change default values returning id), v as (insert into daicho.change_version (change_id, no, kind, impact, title_ja, title_en,
                text_ja, text_en, effect_ja, effect_en, from_at, to_at, author_person, author) select id, 1, 'stop', 'normal', '定期メンテナンス', 'Maintenance', '入れ替えます。', 'It is replaced.',
                '使えません。', 'Not available.', now() + interval '5 days', now() + interval '5 days 2 hours', 1, 'sato' from c) select 1`);
        sql(house, `insert into daicho.change_notice (change_id, no, tenant, about, channel) select id, 1, '${house.tenant}', 'told', 'console' from daicho.change;
                set session_replication_role = replica; update daicho.change set state = 'scheduled'`);
        const merges = await page.evaluate(async () => {
                const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRF-Token'] };
                const at = '/registers/customers', ask = async (path, body) => (await fetch(`/api/v1${at}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
                const ids = [];
                for (const one of [{ family_name: '齋藤', telephone: '03-1234-5678', points: 5 }, { family_name: '斉藤', telephone: '0312345678', birthday: '1990-01-01' }, { family_name: '斉藤', telephone: '0312345678', address: '本町1' }])
                        ids.push((await ask('/records', { email: `twin${ids.length}@example.jp`, given_name: '双葉', ...one })).id);
                const made = await ask('/merges', { survivor: ids[0], gone: ids[2], survivor_version: 1, gone_version: 1 });
                await ask('/duplicates', {});
                return { look: `${at}/merges/new?survivor=${ids[0]}&gone=${ids[1]}`, one: `${at}/merges/${made.id}` };
        });
        const { folder } = await post('/mail-folders', { name: 'キャンペーン' });
        await post('/mail-folders', { name: '8月', parent: folder.id });
        const { mail } = await post('/mails', { subject: '夏の大感謝祭のお知らせ', from_name: 'みどり商事', body: 'いつもありがとうございます。\n', folder: folder.id });
        const { mail: thrown } = await post('/mails', { subject: '捨てたメール' });
        await post('/mails/trash', { mails: [thrown.id] });
        /* a record whose state changes by moves, one of which waits for approvals */
        const moving = await page.evaluate(async () => {
                const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRF-Token'] };
                const ask = async (path, body) => (await fetch(`/api/v1/registers${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
                const title = (ja, en) => ({ ja, en }), choice = (value, en) => ({ value, title: title(value, en) });
                await ask('', { definition: { name: 'expenses', title: title('経費', 'Expenses'), key: 'code', state: 'status', items: [
                        { name: 'code', type: 'text', title: title('番号', 'Number'), required: true, unique: true, list: true }, { name: 'amount', type: 'integer', title: title('金額', 'Amount') },
                        { name: 'status', type: 'choice', title: title('状態', 'Status'), required: true, list: true, choices: [choice('下書き', 'Draft'), choice('申請中', 'Asked'), choice('支払済', 'Paid')] }],
                moves: [{ name: 'submit', title: title('申請する', 'Submit'), from: ['下書き'], to: '申請中', required: ['amount'] },
                        { name: 'pay', title: title('支払う', 'Pay'), from: ['申請中'], to: '支払済', approvals: [{ who: ['group:管理者'], count: 2 }] }] } });
                for (let i = 0; i < 100 && !(await fetch('/api/v1/registers/expenses')).ok; i++)
                        await new Promise(next => setTimeout(next, 100));
                const ids = [];
                for (const one of [{ code: 'E1' }, { code: 'E2', amount: 1200 }])
                        ids.push((await ask('/expenses/records', one)).id);
                await ask(`/expenses/records/${ids[1]}/moves`, { move: 'submit', version: 1 });
                await ask(`/expenses/records/${ids[1]}/moves`, { move: 'pay', version: 2 });
                return ids.map(id => `/registers/expenses/records/${id}`);
        });
        const { id: mapped } = await post('/registers/customers/mappings', { name: '受注ファイル', columns: { 'ご連絡先': 'email', 'お名前(姓)': 'family_name', '備考': null } });
        /* webhooks: one that works and one that was switched off; nothing is sent from here */
        const [hook, hook_off, sent, failed] = sql(house, `with w as (insert into daicho.webhook (tenant, handle, address, description, events, registers, content, secret, owner_kind, owner_id, owner,
                        answered_at, active, off_at, off_why) select '${house.tenant}', md5(n::text), 'https://stock.example.jp/hooks/' || n, '倉庫の在庫', '{record.created,record.changed,import.finished}',
                        case n when 1 then '{customers}'::text[] else '{}' end, 'names', 'x', 'account', (select min(id) from daicho.account where tenant = '${house.tenant}'), 'admin', daicho.clock(), n = 1,
                        case n when 2 then daicho.clock() end, case n when 2 then 'failed' end from generate_series(1, 2) n returning id),
                d as (insert into daicho.webhook_delivery (tenant, webhook_id, event, register, record, personal, body, state, created_at, ended_at, status, took_ms) select '${house.tenant}', (select min(id) from w),
                        case when n % 5 = 0 then 'import.finished' else 'record.changed' end, 'customers', case when n % 5 <> 0 then n end, false,
                        '{"type" : "record.changed", "timestamp" : "2026-11-23T04:05:06.789Z", "data" : {"tenant" : "demo", "register" : "customers", "record" : 7, "version" : 2, "items" : ["memo"]}}',
                        case when n % 7 = 3 then 'failed' else 'sent' end, daicho.clock() - (n % 13) * interval '1 day', daicho.clock(), case when n % 7 = 3 then 503 else 200 end, n * 7
                        from generate_series(1, 40) n returning id, state),
                a as (insert into daicho.webhook_attempt (tenant, delivery_id, at, status, took_ms, said, answer) select '${house.tenant}', d.id, daicho.clock() - n * interval '1 hour',
                        case when n = 2 then null when d.state = 'failed' then 503 else 200 end, 120, case when n = 2 then 'slow' end, case when n = 1 then '{"ok": true}' else '' end
                        from d, generate_series(1, 2) n)
                select min(id)::text || ' ' || max(id)::text || ' ' || (select max(id) from d where state = 'sent') || ' ' || (select max(id) from d where state = 'failed') from w`).trim().split(/\s+/);
        pages = {
                moves_none: moving[0], moves_waiting: moving[1], moves_rules: '/registers/expenses',
                mappings: '/registers/customers/mappings', mappings_none: '/registers/orders/mappings', mapping: `/registers/customers/mappings/${mapped}`, mapping_new: '/registers/customers/mappings/new?line=%E5%A7%93%2C%E3%83%9D%E3%82%A4%E3%83%B3%E3%83%88',
                webhooks: '/webhooks', webhook_new: '/webhooks/new', webhook: `/webhooks/${hook}`, webhook_off: `/webhooks/${hook_off}`, webhook_deliveries: `/webhooks/${hook}/deliveries`,
                webhook_none: `/webhooks/${hook_off}/deliveries`, webhook_sent: `/webhook-deliveries/${sent}`, webhook_failed: `/webhook-deliveries/${failed}`,
                mails: '/mails', mails_trash: '/mails?folder=trash', mail: `/mails/${mail.id}`, mail_edit: `/mails/${mail.id}/edit`, mail_folders: '/mail-folders', mail_folder: `/mail-folders/${folder.id}`,
                postal: '/postal', postal_found: '/postal?code=1000001', postal_two: '/postal?code=618-0000', postal_none: '/postal?code=9999999', changes: '/changes', change: '/changes/1', calendars: '/calendars', calendar: '/calendars/1?year=2026', duties: '/duties', duties_done: '/duties?which=done', rounds: '/registers/customers/rounds', duties_calendar: '/duties/calendar', feed: '/me/feed',
                devices: '/devices', device: `/devices/${device.id}`, device_left: `/devices/${left}`, device_declared: `/devices/${declared}`, person_left: `/people/${gone}`, devices_undeclared: '/devices?state=undeclared', devices_none: '/devices?q=%E9%BE%98', incidents: '/incidents', my_devices: '/me/devices', my_device: `/me/devices/${device.id}`, device_new: '/me/devices/new',
                duplicates: '/registers/customers/duplicates', duplicates_near: `${record}/duplicates`, merge_new: merges.look, merge: merges.one, merges: '/registers/customers/merges',
                departments: '/departments', department: `/departments/${department.id}`, group_new: '/groups/new', group_sole: `/groups/${sole}`, people_department: '/people?department=%E5%96%B6%E6%A5%AD%E9%83%A8',
                home: '/', registers: '/registers', register: '/registers/customers', records: '/registers/customers/records',
                builder: `/registers/customers/records?build=1&condition=${condition}`, search: '/registers/customers/records?q=%E6%9D%B1%E4%BA%AC',
                segments: '/registers/customers/segments', segments_none: '/registers/orders/segments', segment: `/registers/customers/segments/${segment}`, segment_new: `/registers/customers/segments/new?condition=${condition}`,
                segment_why: `/registers/customers/segments/${segment}/why?record=${record.split('/').pop()}`, segments_of: `${record}/segments`, builder_past: `/registers/customers/records?build=1&condition=${past}`,
                nothing: '/registers/customers/records?q=%E9%BE%98%E9%BE%98', empty: '/registers/orders/records',
                record, edit: `${record}/edit`, create: '/registers/customers/records/new', import: '/registers/customers/imports/new', import_diff: `/registers/customers/imports/${waiting}`, import_undo: `/registers/customers/imports/${job.split('/').pop()}/undo`,
                export: '/registers/customers/exports/new', definition: '/registers/customers/definition', deleted: '/registers/customers/deleted', bulk: '/registers/customers/bulk/new', bulk_delete: '/registers/customers/bulk/new?action=delete', batches: '/registers/customers/bulk', help_bulk: '/help/bulk', jobs: '/jobs', job, log: '/log', entry, log_path: `${entry}/proof`, log_proof: '/log/proof', log_check: '/log/check', log_found: '/log?result=refused&source=127.0.0.1', log_empty: '/log?actor=nobody', log_reviews: '/log-reviews', log_holds: '/log/holds', log_erase: '/log/erase?kind=account&subject=1', accounts: '/accounts', people: '/people', dormant: '/people?state=dormant', person_new: '/people/new', access: '/access', access_own: '/access/new', access_account: '/access/new?form=account', access_other: '/access/new?form=other', one, users: '/help/users', account, account_new: '/accounts/new',
                providers: '/providers', provider_new: '/providers/new?kind=google', applicants: '/applicants', links: `${account}/links`, my_links: '/me/links',
                groups: '/groups', group, permissions: '/permissions', keys: '/keys', key, provider: made.replace('/api/v1', ''), certificates: '/certificates', addresses: '/addresses', notices: '/notices', support: '/support', me: '/me', password: '/me/password',
                my_factors: '/me/factors', prove: '/me/prove', policy: '/policy', reviews: '/reviews', review: review.replace('/api/v1', '').replace(/\?.*/, ''), review_undecided: review.replace('/api/v1', '').replace(/\?.*/, '?show=undecided'), sessions: '/sessions', accounts_none: '/accounts?q=%E9%BE%98', people_none: '/people?q=%E9%BE%98',
                help: '/help', unknown: '/registers/customers/records/999999999',
        };
        await context.close();
});
test.after(async () => { await house?.stop(); });

/* What people read on the page without the data in it: tables' cells, values, names of registers and items may be in any language. */
function words() {
        const skip = 'script, style, template, code, pre, td, tbody th, dd, option, input, textarea, kbd, .mono, .tenant-name, .brand small, .who, [data-file-name], .sentence, .rows, .japan, .picks, .timeline, .menu > summary, [lang]:not(html), [translate="no"]';
        const clone = document.body.cloneNode(true);
        for (const node of clone.querySelectorAll(skip))
                node.remove();
        for (const dialog of clone.querySelectorAll('dialog'))
                dialog.setAttribute('open', '');
        return [...clone.querySelectorAll('h1, h2, h3, p, a, button, summary, label, legend, dt, th, li, span, small, .chip')]
                .flatMap((node) => [...node.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.replace(/“[^”]*”|「[^」]*」/g, '').trim())).filter(Boolean);
}

/* The page as it comes, wide and light: everything is looked at. Then the same page with other colours: what depends on colours; narrow: what depends on
 * width; in other words: what depends on words. Pictures of each are kept when SHOTS is set, for somebody who wants to look. */
const COLOURS = { runOnly: ['color-contrast', 'link-in-text-block'] };
const SHAPE = { runOnly: ['target-size', 'scrollable-region-focusable', 'aria-hidden-focus', 'nested-interactive', 'label', 'link-name', 'button-name', 'region', 'meta-viewport', 'css-orientation-lock'] };
const WORDS = { runOnly: ['label-content-name-mismatch', 'link-name', 'button-name', 'label', 'image-alt', 'document-title', 'html-has-lang', 'html-lang-valid', 'valid-lang', 'empty-heading', 'input-button-name'] };
const LOOKS = [
        { tag: '1440', width: 1440, height: 900, dark: false, lang: 'ja' },
        { tag: '1440', width: 1440, height: 900, dark: false, rules: WORDS, lang: 'en' },
        { tag: '360', width: 360, height: 740, dark: false, rules: SHAPE, lang: 'ja' },
        { tag: '360', width: 360, height: 740, dark: false, rules: null, lang: 'en' }, /* the same shape: only that nothing is cut off */
        { tag: '360-dark', width: 360, height: 740, dark: true, rules: COLOURS, lang: 'ja' },
];

async function look(p, name, lang) {
        const found = [];
        for (const { tag, width, height, dark, rules } of LOOKS.filter((one) => one.lang === lang)) {
                await p.page.setViewportSize({ width, height });
                await p.page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
                if (process.env.SHOTS)
                        await shot(p.page, `${name}-${lang}-${tag}`, { fullPage: width === 360 });
                if (rules !== null)
                        found.push(...(await axe(p.page, rules)).map((line) => `${tag}: axe ${line}`));
                const over = await p.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
                if (over > 0)
                        found.push(`${tag}: ${over} px too wide`);
        }
        await p.page.setViewportSize({ width: 1440, height: 900 });
        await p.page.emulateMedia({ colorScheme: 'light' });
        return found;
}

async function visit(p, name, url, lang) {
        p.trouble.length = 0;
        p.bytes.clear();
        await p.cold?.();
        p.expected.statuses = name === 'unknown' ? [404] : [];
        await p.page.goto(url, { waitUntil: 'load' });
        await p.page.waitForTimeout(60);
        const found = await look(p, name, lang);
        found.push(...p.trouble);
        if (await p.page.getAttribute('html', 'lang') !== lang)
                found.push('the language of the page is wrong');
        for (const text of await p.page.evaluate(words)) {
                if (lang === 'ja' && /[A-Za-z]{3,} [A-Za-z]{2,} [A-Za-z]{2,}/.test(text))
                        found.push(`English in a Japanese page: ${text}`);
                if (lang === 'en' && /[ぁ-んァ-ヶ一-龠]/.test(text) && !/台帳|顧客|購入|会社/.test(text))
                        found.push(`Japanese in an English page: ${text}`);
        }
        return found.map((line) => `${name} ${lang}: ${line}`);
}

for (const lang of ['ja', 'en'])
        test(`every page is accessible, complete and at home, wide and narrow, light and dark: ${lang}`, async (t) => {
                const p = await person(house, { lang });
                const found = [];
                if (lang === 'ja') {
                        const session = await p.context.newCDPSession(p.page);
                        p.cold = () => session.send('Network.clearBrowserCache');
                }
                await p.page.goto('/login');
                await p.page.waitForTimeout(60);
                found.push(...(await look(p, 'login', lang)).map((line) => `login ${lang}: ${line}`), ...p.trouble);
                const language = async (to) => {
                        await p.page.goto('/me');
                        await p.page.selectOption('#f-lang', to);
                        await p.page.locator('form', { has: p.page.locator('#f-lang') }).locator('button[type="submit"]').click();
                        await p.page.waitForURL(/me\?done|me$/);
                        await p.page.waitForTimeout(300);
                };
                await login(p.page, house);
                if (lang === 'en')
                        await language('en');
                for (const [name, url] of Object.entries(pages)) {
                        found.push(...await visit(p, name, url, lang));
                        if (lang === 'ja') {
                                const own = p.bytes.get(new URL(url, house.url).pathname);
                                const all = [...p.bytes.values()].reduce((a, b) => a + b, 0);
                                t.diagnostic(`bytes ${name}: page ${own}, with all it needs and nothing in the cache ${all}`);
                        }
                }
                if (lang === 'en')
                        await language('ja');
                await p.context.close();
                assert.deepEqual(found, []);
        });

test('a shifted clock is told above every page, wide and narrow, and stays there', async () => {
        const rehearse = (shift) => sql(house, `select daicho.rehearse('${shift}')`);
        const { context, page } = await person(house, { width: 1440 });
        await login(page, house); /* before the clock moves: codes of the second factor go by the real one */
        rehearse('1 minute');
        try {
                for (const [width, url] of [[1440, '/registers/customers/records'], [360, '/registers/customers/records'], [1440, '/registers/customers']]) {
                        await page.setViewportSize({ width, height: 900 });
                        await page.goto(url);
                        assert.deepEqual(await axe(page), []);
                        await page.mouse.wheel(0, 5000);
                        await page.waitForTimeout(200);
                        const box = await page.locator('.banner:not(.calm)').boundingBox();
                        assert.ok(Math.abs(box.y) < 1 && box.width >= width - 20 && box.height > 20, `${url} at ${width}: ${JSON.stringify(box)}`);
                        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 0);
                        await shot(page, `rehearsal-${width}`);
                }
        } finally {
                rehearse('0');
        }
        await context.close();
});

test('the policy of every page lets nothing foreign or inline in', async () => {
        const { context, page } = await person(house);
        await login(page, house);
        for (const url of ['/', '/registers/customers/records', '/login']) {
                const answer = await page.goto(url);
                const policy = answer.headers()['content-security-policy'];
                assert.match(policy, /default-src 'none'/);
                assert.match(policy, /script-src 'self'/);
                assert.doesNotMatch(policy, /unsafe|\*|https?:/);
                assert.doesNotMatch(await answer.text(), /<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=/, `${url} has nothing inline`);
        }
        await context.close();
});

test('the operator asks, the contract approves, and both see it: pages and banner', async () => {
        const password = 'Kx9!vRq2-Lm7#Tz';
        const cli = (...args) => execFileSync(`${house.build}/daicho`, [...args, '--dir', house.dir, '--json'], { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent' } });
        cli('tenant', 'create', 'unei', '--title', '運営', '--operators', '--no-admin', '--no-certificate', '--approved-by', 'tests', '--reason', 'tests');
        cli('account', 'create', '--tenant', 'unei', 'sato', '--name', '佐藤', '--group', '運営担当者', '--password', password);
        const there = { ...house, tenant: 'unei', accounts: { operator: { login: 'sato', password } } };
        const { context, page, trouble } = await person(there);
        await login(page, there, 'operator');
        await page.goto('/operator');
        await page.fill('#f-tenant', house.tenant);
        await page.fill('#f-reason', '問い合わせ 12 の確認');
        await page.getByRole('button', { name: '依頼する' }).click();
        await page.getByRole('rowheader', { name: '問い合わせ 12 の確認' }).waitFor();
        assert.deepEqual(await axe(page), []);
        const other = await person(house, { width: 360 });
        await login(other.page, house);
        await other.page.goto('/support');
        assert.deepEqual(await axe(other.page), []);
        await other.page.getByRole('button', { name: '承認する' }).click();
        await other.page.locator('#confirm button[value="go"]').click();
        await other.page.getByText('許可中').waitFor();
        await other.context.close();
        await page.reload();
        await page.getByRole('button', { name: '契約に入る' }).click();
        await page.locator('.banner:not(.calm)').waitFor();
        for (const width of [1440, 360]) {
                await page.setViewportSize({ width, height: 800 });
                await page.goto('/registers/customers/records');
                assert.match(await page.textContent('.banner'), /株式会社みどり商事/);
                assert.match(await page.textContent('.rows'), /非表示/);
                assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 0);
                assert.deepEqual(await axe(page), []);
                await shot(page, `acting-${width}`);
        }
        await page.getByRole('button', { name: 'サポートを終える' }).click();
        await page.waitForURL(/\/operator/);
        for (const width of [1440, 360]) {
                await page.setViewportSize({ width, height: 800 });
                assert.deepEqual(await axe(page), []);
                assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 0);
                await shot(page, `operator-${width}`);
        }
        assert.deepEqual(trouble, []);
        await context.close();
});

test('how the house is maintained: walls, sessions and accounts of the VDI, in both languages', async () => {
        const password = 'Kx9!vRq2-Lm7#Tz';
        const cli = (args, input) => JSON.parse(execFileSync(`${house.build}/daicho`, [...args, '--tenant', 'unei', '--dir', house.dir, '--json'],
                { cwd: '/', input, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent' } }).toString());
        const report = (kind, ...attempts) => cli(['maintenance', 'observe', '-'], JSON.stringify({ daicho: 'probe', kind, place: 'vdi.example.jp', tried_at: new Date().toISOString(),
                attempts: attempts.map(([how, target, found, tls]) => ({ how, target, found, tls: tls || null })) }));
        cli(['account', 'create', 'itou', '--name', '伊藤', '--group', '運営担当者', '--password', password]);
        cli(['account', 'create', 'kato', '--name', '加藤', '--group', '運営担当者', '--password', password]);
        const people = { ja: await person({ ...house, tenant: 'unei' }), en: await person({ ...house, tenant: 'unei' }, { lang: 'en' }) };
        const there = { ...house, tenant: 'unei', accounts: { ja: { login: 'itou', password }, en: { login: 'kato', password } } };
        await login(people.ja.page, there, 'ja');
        await people.ja.page.goto('/maintenance');
        assert.match(await people.ja.page.textContent('.empty h2'), /計画がありません/);
        assert.deepEqual(await axe(people.ja.page), []);
        cli(['maintenance', 'set', `${__dirname}/../../deploy/nftables/maintenance.yaml`]);
        report('outside', ['shut', '10.20.0.5:3389', 'silent'], ['open', '192.0.2.80:443', 'connected']);
        report('egress', ['shut', '192.0.2.80:443', 'connected'], ['open', '198.51.100.10:443', 'connected']);
        report('plain', ['shut', '198.51.100.20:80', 'unreachable'], ['shut', '198.51.100.20:23', 'unreachable'], ['tls', '198.51.100.20:443', 'connected', 'TLSv1.3']);
        fs.writeFileSync(`${house.dir}/tmp/vdi`, 'v.itou\nv.unknown\n');
        cli(['maintenance', 'import-vdi', `${house.dir}/tmp/vdi`]);
        await login(people.en.page, there, 'en');                       // from where no office is: flagged
        await people.en.page.goto('/me');
        await people.en.page.selectOption('#f-lang', 'en');
        await people.en.page.locator('form', { has: people.en.page.locator('#f-lang') }).locator('button[type="submit"]').click();
        await people.en.page.getByText('Saved').first().waitFor();
        await people.ja.page.reload();
        await people.ja.page.getByText('アカウントを申請する').click();
        await people.ja.page.fill('#f-name', 'v.itou');
        await people.ja.page.selectOption('#f-person', { label: '伊藤' });
        await people.ja.page.fill('#f-purpose', '月次の保守とバックアップの確認');
        await people.ja.page.getByRole('button', { name: '申請する' }).click();
        await people.ja.page.getByText('申請しました。ほかの人の承認をお待ちください').waitFor();
        await people.ja.page.getByText('説明する').first().click();
        await people.ja.page.fill('details[open] textarea', '出張先での障害対応');
        await people.ja.page.getByRole('button', { name: '説明を記録する' }).click();
        await people.ja.page.getByText('説明済み').waitFor();
        for (const lang of ['ja', 'en']) {
                const p = people[lang];
                await p.page.goto('/maintenance');
                assert.deepEqual(await look(p, 'maintenance', lang), []);
                const japanese = (await p.page.evaluate(words)).filter((text) => /[ぁ-んァ-ヶ一-龠]/.test(text));
                assert.ok(lang === 'ja' ? japanese.length > 20 : japanese.length === 0, japanese.join(' | '));
                assert.deepEqual(p.trouble, []);
                await p.context.close();
        }
});

test('a receipt is saved, brought back and found genuine with the keyboard alone', async () => {
        const { context, page, trouble, expected } = await person(house);
        await login(page, house);
        await page.goto('/log?verb=create');
        await page.locator('.rows tbody th a').first().focus();
        await page.keyboard.press('Enter');
        const link = page.getByRole('link', { name: /証明書\(.tlog-proof\)を保存/ });
        for (let i = 0; i < 20 && await link.count() === 0; i++) {
                await page.waitForTimeout(1500);        // not sealed yet
                await page.reload();
        }
        const [file] = await Promise.all([page.waitForEvent('download'), link.press('Enter')]);
        const path = `${house.dir}/tmp/browser.tlog-proof`;
        await file.saveAs(path);
        await page.getByRole('link', { name: '証明書を確かめる' }).press('Enter');
        await page.waitForURL(/log\/check/);
        expected.statuses = [422];
        await page.getByRole('button', { name: '確かめる' }).press('Enter');
        await page.locator('#f-file[aria-invalid="true"]').waitFor();
        await page.setInputFiles('#f-file', path);
        await page.getByRole('button', { name: '確かめる' }).press('Enter');
        await page.locator('.notice.good').waitFor();
        assert.match(await page.textContent('.notice.good'), /本物です/);
        assert.deepEqual(await axe(page), []);
        assert.deepEqual(trouble, []);
        await context.close();
});
