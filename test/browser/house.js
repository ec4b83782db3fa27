/* house.js - what the browser tests share: a real house (test/house.py --serve), Debian's Chromium, and a page that notes everything it should not see. */
'use strict';
const { execFileSync, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { chromium } = require('playwright-core');

const ROOT = path.resolve(__dirname, '../..');
const ARTEFACTS = path.join(ROOT, 'test/artefacts');
const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

async function start() {
        const child = spawn('/usr/bin/python3', [path.join(ROOT, 'test/house.py'), '--serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
        const line = await new Promise((resolve, reject) => {
                readline.createInterface({ input: child.stdout }).once('line', resolve);
                child.once('exit', (code) => reject(new Error(`the house did not start: status ${code}`)));
        });
        const house = JSON.parse(line);
        const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
        fs.mkdirSync(ARTEFACTS, { recursive: true });
        return {
                ...house,
                browser,
                async stop() {
                        await browser.close();
                        child.stdin.end();
                        await new Promise((resolve) => { child.once('exit', resolve); });
                },
        };
}

/* A context as a person has it. Everything that should not happen is noted in `trouble`. */
async function person(house, { lang = 'ja', dark = false, width = 1440, height = 900, js = true } = {}) {
        const context = await house.browser.newContext({
                ignoreHTTPSErrors: true, baseURL: house.url, viewport: { width, height }, locale: lang === 'ja' ? 'ja-JP' : 'en-GB', timezoneId: 'Asia/Tokyo',
                colorScheme: dark ? 'dark' : 'light', javaScriptEnabled: js, acceptDownloads: true, permissions: ['clipboard-read', 'clipboard-write'],
        });
        const trouble = [];
        const bytes = new Map();
        const expected = { statuses: [] };
        const origin = new URL(house.url).origin;

        context.setDefaultTimeout(45000);
        context.on('request', (request) => {
                const url = request.url();
                if (!url.startsWith(`${origin}/`) && !url.startsWith('data:') && !url.startsWith('blob:'))
                        trouble.push(`request to another host: ${url}`);
        });
        const page = await context.newPage();
        page.on('console', (message) => {
                const text = message.text();
                const refused = /status of (\d+)/.exec(text) || /Response Status Error Code (\d+)/.exec(text);
                if (['error', 'warning'].includes(message.type()) && !(refused && expected.statuses.includes(Number(refused[1]))))
                        trouble.push(`console ${message.type()}: ${text}`);
        });
        page.on('pageerror', (error) => trouble.push(`page error: ${error.message}`));
        page.on('response', async (response) => {
                if (response.status() >= 400 && !expected.statuses.includes(response.status()))
                        trouble.push(`${response.status()} ${response.request().method()} ${response.url()}`);
                try {
                        const sizes = await response.request().sizes();
                        const key = new URL(response.url()).pathname;
                        bytes.set(key, sizes.responseBodySize + sizes.responseHeadersSize);
                } catch { /* the page went on */ }
        });
        return { context, page, trouble, bytes, expected };
}

async function login(page, house, who = 'admin') {
        await page.goto('/login');
        await page.fill('#f-tenant', house.tenant);
        await page.fill('#f-login', house.accounts[who].login);
        await page.fill('#f-password', house.accounts[who].password);
        await page.press('#f-password', 'Enter');
        await page.waitForURL((url) => url.pathname !== '/login');
        await second(page, house, who);
        if (new URL(page.url()).pathname === '/login/confirm')
                await page.getByRole('button', { name: /ここで続ける|go on here/ }).click();
        await page.waitForURL((url) => !url.pathname.startsWith('/login'));
}

/* RFC 6238, as an authenticator app does it. */
function totp(secret, step) {
        const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
        const seed = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
        const counter = Buffer.alloc(8);
        counter.writeBigUInt64BE(BigInt(step));
        const digest = crypto.createHmac('sha1', seed).update(counter).digest();
        return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

/* The half minute now; not its last seconds, for a code of the half minute before is refused. */
async function halfMinute() {
        const left = 30000 - Date.now() % 30000;
        if (left < 6000)
                await new Promise((resolve) => { setTimeout(resolve, left + 100); });
        return Math.floor(Date.now() / 30000);
}

/* What somebody whose app `second` has set up types next. */
async function nextCode(house, who) {
        const mine = house.second[who];
        const step = await halfMinute();
        const code = step > mine.step ? totp(mine.secret, step) : mine.codes.pop();
        mine.step = step;
        return code;
}

/* Who administers needs a second factor: set up at the first log-in, given at the next. A code is taken once: within its half minute a recovery code
 * stands in. */
async function second(page, house, who) {
        house.second ??= {};
        const path = new URL(page.url()).pathname;
        if (path === '/login/enroll') {
                await page.getByRole('button', { name: /認証アプリを追加する|Add an app/ }).click();
                const secret = (await page.locator('#the-secret').textContent()).replaceAll(' ', '');
                const step = await halfMinute();
                await page.fill('#f-code', totp(secret, step));
                await page.getByRole('button', { name: /確認して有効にする|Check and switch on/ }).click();
                await page.locator('#the-codes li').first().waitFor();
                house.second[who] = { secret, step, codes: await page.locator('#the-codes li').allTextContents() };
                await page.getByRole('link', { name: /続ける|Continue/ }).click();
        } else if (path === '/login/factor') {
                await page.fill('#p-code', await nextCode(house, who));
                await page.locator('form[action="/login/factor"] button[type="submit"]').click();
        } else {
                return;
        }
        await page.waitForURL((url) => !/^\/login\/(factor|enroll)/.test(url.pathname) && !url.pathname.startsWith('/me/factors/totp'));
}

/* axe over the whole page, or only the rules named (`rules`: { name: { enabled } } as axe takes them); returns one line a finding. Run through the debugger: the
 * page's policy lets no foreign script in. Its session stays open: when one of a page's sessions ends, Chromium takes away the virtual authenticators the others
 * have made. */
const debuggers = new WeakMap();
async function axe(page, options = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) {
        if (!debuggers.has(page))
                debuggers.set(page, await page.context().newCDPSession(page));
        if (!await page.evaluate(() => Boolean(window.axe)))
                await debuggers.get(page).send('Runtime.evaluate', { expression: axeSource });
        return page.evaluate(async (how) => {
                const result = await window.axe.run(document, { resultTypes: ['violations'], ...how });
                return result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${(n.any[0] || n.all[0] || n.none[0] || {}).message || v.help}`));
        }, options);
}

/* A file as the generator of invented customers makes it. */
function customers(name, ...args) {
        const generator = path.join(process.env.BUILD ? path.resolve(process.env.BUILD) : path.join(ROOT, 'build'), 'gen_customers');
        const file = path.join(ARTEFACTS, name);
        fs.mkdirSync(ARTEFACTS, { recursive: true });
        fs.writeFileSync(file, execFileSync(generator, args, { maxBuffer: 1 << 28 }));
        return file;
}

async function shot(page, name, options = {}) {
        await page.screenshot({ path: path.join(ARTEFACTS, `${name}.png`), ...options });
}

/* Import a file through the page and wait until the job is over. */
async function bringIn(page, register, file) {
        await page.goto(`/registers/${register}/imports/new`);
        await page.setInputFiles('#f-file', file);
        await page.check('[name="review"][value="false"]');
        await page.click('form[data-upload] button[type="submit"]');
        await page.waitForURL(/\/jobs\/\d+/);
        await page.waitForSelector('#job .figures, #job .notice.bad', { timeout: 60000 });
}

/* A statement as the operator's superuser. */
function sql(house, text) {
        return execFileSync('psql', ['-h', `${house.dir}/run`, '-U', 'postgres', '-d', 'daicho', '-Atc', text],
                { env: { ...process.env, PGPASSWORD: fs.readFileSync(`${house.dir}/secret/postgres`, 'utf8').trim() } }).toString().trim();
}

/* As if somebody had logged in so many minutes ago and not been asked since. */
function age(house, login, minutes) {
        sql(house, `update daicho.session set proven_at = daicho.clock() - interval '${minutes} minutes' where account_id = (select id from daicho.account
                where tenant = '${house.tenant}' and login = '${login}')`);
}

/* The element has the focus, as soon as the page has settled. */
async function focused(page, id) {
        await page.waitForFunction((wanted) => document.activeElement.id === wanted, id);
}

/* What leads to another address is done and that address reached. Waiting begins before: `?done=` is taken from the address as soon as the page has loaded. */
async function going(page, where, act) {
        await Promise.all([page.waitForURL(where), act()]);
}

module.exports = { start, sql, age, person, login, nextCode, second, totp, halfMinute, focused, going, axe, customers, shot, bringIn, ROOT, ARTEFACTS };
