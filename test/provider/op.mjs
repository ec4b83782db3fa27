/* op.mjs - sign-on providers for the tests, each on a port of 127.0.0.1:
 *   a real OpenID provider (npm oidc-provider, certified), which people log in to with a form;
 *   a crooked one, which signs with real keys whatever the test asks for: wrong nonce, wrong audience, alg none …  It is told by POST /plan {…};
 *   a stand-in for GitHub that answers as https://docs.github.com/en/apps/oauth-apps and /en/rest say: GitHub itself cannot be run by anybody else.
 * One JSON line with the addresses, then it stands until stdin ends. */
import crypto from 'node:crypto';
import http from 'node:http';
import { Provider } from 'oidc-provider';

const callback = process.argv[2];
const client = { id: 'daicho', secret: 'test-only-secret-0123456789abcdef' };
const listen = (handler) => new Promise((done) => { const s = http.createServer(handler).listen(0, '127.0.0.1', () => done(s)); });
const body = (req) => new Promise((done) => { let t = ''; req.on('data', (d) => { t += d; }); req.on('end', () => done(t)); });
const json = (res, status, value) => { res.writeHead(status, { 'content-type': 'application/json' }); res.end(typeof value === 'string' ? value : JSON.stringify(value)); };
const b64 = (v) => Buffer.from(typeof v === 'string' || Buffer.isBuffer(v) ? v : JSON.stringify(v)).toString('base64url');

/* the real one ------------------------------------------------------------------------------------------------------------------------- */
async function real() {
        const server = await listen((req, res) => handler(req, res));
        const issuer = `http://127.0.0.1:${server.address().port}`;
        const life = { seconds: 600 };
        const op = new Provider(issuer, {
                clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'],
                        response_types: ['code'], token_endpoint_auth_method: 'client_secret_basic' }],
                pkce: { required: () => true },
                claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], acr: null, amr: null },
                findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@example.jp`, email_verified: true, name: '山田 太郎' }) }),
                cookies: { keys: ['k1'] }, conformIdTokenClaims: false,
                issueRefreshToken: async () => life.refresh === true,
                rotateRefreshToken: true,
                ttl: { AccessToken: () => life.seconds, IdToken: () => life.seconds, RefreshToken: 86400, AuthorizationCode: 60, Session: 86400, Grant: 86400, Interaction: 600 },
                features: { devInteractions: { enabled: true } },
        });
        op.proxy = false;
        const serve = op.callback();
        const handler = async (req, res) => {
                if (req.url === '/plan' && req.method === 'POST') {
                        Object.assign(life, JSON.parse(await body(req)));
                        json(res, 200, life);
                } else {
                        serve(req, res);
                }
        };
        return issuer;
}

/* the crooked one ---------------------------------------------------------------------------------------------------------------------- */
async function crooked() {
        const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
        const other = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
        const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
        let plan = {};
        const seen = { jwks: 0, token: 0, refresh: 0 };
        const codes = new Map();
        const server = await listen(async (req, res) => {
                const url = new URL(req.url, issuer);
                if (url.pathname === '/plan') {
                        plan = JSON.parse(await body(req));
                        json(res, 200, { seen });
                } else if (url.pathname === '/.well-known/openid-configuration') {
                        json(res, 200, { issuer: plan.discovered ?? issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`,
                                userinfo_endpoint: `${issuer}/me`, scopes_supported: ['openid', 'email'], token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
                                authorization_response_iss_parameter_supported: true });
                } else if (url.pathname === '/jwks') {
                        seen.jwks++;
                        json(res, 200, { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: plan.kid_listed ?? 'one', use: 'sig', alg: plan.alg === 'PS256' ? 'PS256' : 'RS256' },
                                { ...ec.publicKey.export({ format: 'jwk' }), kid: 'two', use: 'sig' }] });
                } else if (url.pathname === '/auth') {
                        const code = crypto.randomBytes(12).toString('hex');
                        codes.set(code, Object.fromEntries(url.searchParams));
                        const back = new URL(url.searchParams.get('redirect_uri'));
                        back.searchParams.set('code', code);
                        back.searchParams.set('state', url.searchParams.get('state'));
                        if (plan.answer_iss !== null)
                                back.searchParams.set('iss', plan.answer_iss ?? issuer);
                        for (const [k, v] of Object.entries(plan.answer ?? {}))
                                back.searchParams.set(k, v);
                        res.writeHead(302, { location: back.href });
                        res.end();
                } else if (url.pathname === '/token') {
                        const form = new URLSearchParams(await body(req));
                        seen.token++;
                        const asked = codes.get(form.get('code')) ?? {};
                        if (form.get('grant_type') === 'refresh_token') {
                                seen.refresh++;
                                if (plan.refuse_refresh) {
                                        json(res, 400, { error: 'invalid_grant' });
                                        return;
                                }
                        } else {
                                codes.delete(form.get('code'));
                                const challenge = crypto.createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
                                if (asked.code_challenge !== challenge || asked.code_challenge_method !== 'S256') {
                                        json(res, 400, { error: 'invalid_grant' });
                                        return;
                                }
                        }
                        if (plan.status) {
                                json(res, plan.status, plan.raw ?? { error: 'server_error' });
                                return;
                        }
                        if (plan.redirect) {
                                res.writeHead(302, { location: plan.redirect });
                                res.end();
                                return;
                        }
                        const now = Math.floor(Date.now() / 1000);
                        const access = 'access-' + crypto.randomBytes(8).toString('hex');
                        const half = crypto.createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url');
                        const claims = { iss: issuer, aud: client.id, sub: 'subject-1', exp: now + 600, iat: now, nonce: asked.nonce, email: 'hanako@example.jp', email_verified: true,
                                name: '花子', at_hash: half, ...plan.claims };
                        for (const [k, v] of Object.entries(claims))
                                if (v === null)
                                        delete claims[k];
                        const alg = plan.alg ?? 'RS256';
                        const named = { alg, typ: 'JWT', ...(alg === 'ES256' ? { kid: 'two' } : { kid: plan.kid ?? 'one' }), ...plan.header };
                        const head = b64(Object.fromEntries(Object.entries(named).filter(([, v]) => v !== null)));
                        let text = `${plan.raw_header ? b64(plan.raw_header) : head}.${plan.raw_claims ? b64(plan.raw_claims) : b64(claims)}`;
                        let mark = Buffer.alloc(0);
                        if (alg === 'RS256')
                                mark = crypto.sign('sha256', text, plan.foreign_key ? other.privateKey : rsa.privateKey);
                        else if (alg === 'PS256')
                                mark = crypto.sign('sha256', text, { key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
                        else if (alg === 'ES256')
                                mark = crypto.sign('sha256', text, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
                        else if (alg === 'HS256')
                                mark = crypto.createHmac('sha256', plan.hmac_key === 'public' ? rsa.publicKey.export({ type: 'spki', format: 'pem' }) : plan.hmac_key ?? client.secret).update(text).digest();
                        if (plan.flip)
                                mark[5] ^= 1;
                        text += `.${b64(mark)}`;
                        json(res, 200, plan.raw ?? { access_token: access, token_type: 'Bearer', id_token: plan.id_token ?? text, ...(plan.expires_in === null ? {} : { expires_in: plan.expires_in ?? 600 }),
                                ...(plan.refresh ? { refresh_token: 'refresh-' + seen.token } : {}) });
                } else if (url.pathname === '/me') {
                        json(res, 200, plan.userinfo ?? { sub: 'subject-1', email: 'hanako@example.jp', email_verified: true });
                } else {
                        json(res, 404, {});
                }
        });
        const issuer = `http://127.0.0.1:${server.address().port}`;
        return issuer;
}

/* like GitHub -------------------------------------------------------------------------------------------------------------------------- */
async function github() {
        let plan = {};
        const codes = new Map(), tokens = new Set();
        const server = await listen(async (req, res) => {
                const url = new URL(req.url, issuer);
                const bearer = (req.headers.authorization ?? '').replace(/^Bearer /, '');
                if (url.pathname === '/plan') {
                        plan = JSON.parse(await body(req));
                        json(res, 200, {});
                } else if (url.pathname === '/login/oauth/authorize') {
                        const code = crypto.randomBytes(10).toString('hex');
                        codes.set(code, Object.fromEntries(url.searchParams));
                        res.writeHead(302, { location: `${url.searchParams.get('redirect_uri')}?code=${code}&state=${url.searchParams.get('state')}` });
                        res.end();
                } else if (url.pathname === '/login/oauth/access_token') {
                        const form = new URLSearchParams(await body(req));
                        const asked = codes.get(form.get('code'));
                        codes.delete(form.get('code'));
                        const challenge = crypto.createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
                        if (!asked || form.get('client_id') !== client.id || form.get('client_secret') !== client.secret || asked.code_challenge !== challenge) {
                                json(res, 200, { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' });
                                return;
                        }
                        const token = 'gho_' + crypto.randomBytes(18).toString('hex');
                        tokens.add(token);
                        json(res, 200, { access_token: token, scope: 'read:org,read:user', token_type: 'bearer' });
                } else if (!tokens.has(bearer)) {
                        json(res, 401, { message: 'Bad credentials' });
                } else if (url.pathname === '/api/v3/user') {
                        json(res, 200, { login: 'octocat', id: 583231, name: 'The Octocat', email: 'octocat@example.jp', two_factor_authentication: false, ...plan.user });
                } else if (/^\/api\/v3\/user\/memberships\/orgs\//.test(url.pathname)) {
                        const org = url.pathname.split('/').pop();
                        if ((plan.orgs ?? {})[org])
                                json(res, 200, { state: plan.orgs[org], role: 'member', organization: { login: org } });
                        else
                                json(res, 404, { message: 'Not Found' });
                } else {
                        json(res, 404, { message: 'Not Found' });
                }
        });
        const issuer = `http://127.0.0.1:${server.address().port}`;
        return issuer;
}

console.log(JSON.stringify({ ...client, real: await real(), crooked: await crooked(), other: await crooked(), github: await github() }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
