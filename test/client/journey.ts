/* journey.ts - a program as a customer of Daicho writes it: types from the contract's own OpenAPI document, calls by openapi-fetch. */
import createClient from 'openapi-fetch';
import type { components, paths } from './daicho';

type Customer = components['schemas']['record_customers'];

const client = createClient<paths>({ baseUrl: process.env.DAICHO_URL!, headers: { Authorization: `Bearer ${process.env.DAICHO_KEY}` } });

function check(what: unknown, sentence: string): asserts what {
        if (!what)
                throw new Error(sentence);
}

async function journey(): Promise<void> {
        const made = await client.POST('/registers/customers/records', { body: { email: 'ts@example.jp', family_name: '高橋', points: 3 } });
        check(made.data, `create: ${JSON.stringify(made.error)}`);
        const customer: Customer = made.data;
        check(customer.points === 3 && customer.given_name === null, 'what is empty is null');

        const changed = await client.PATCH('/registers/customers/records/{id}', { params: { path: { id: customer.id } }, body: { version: customer.version, points: 4 } });
        check(changed.data?.version === 2, `update: ${JSON.stringify(changed.error)}`);
        const stale = await client.PATCH('/registers/customers/records/{id}', { params: { path: { id: customer.id } }, body: { version: 1, points: 9 } });
        check(stale.response.status === 409 || stale.response.status === 412, 'a stale change is refused');
        check(stale.error?.detail, 'with a sentence');

        const batch = await client.POST('/registers/customers/batch', {
                body: { upsert: true, rows: [{ email: 'ts@example.jp', points: 5 }, { email: 'ts2@example.jp', family_name: '髙橋' }, { email: 'no address' }] },
        });
        check(batch.data && batch.data.changed === 1 && batch.data.created === 1 && batch.data.refused === 1, `batch: ${JSON.stringify(batch)}`);

        const found = await client.GET('/registers/customers/records', { params: { query: { q: '高橋', count: 'exact' } } });
        check(found.data, 'list');
        const names: (string | null)[] = found.data.records.map((record) => record.family_name);
        check(names.length === 2 && names.includes('髙橋'), `search finds both ways of writing a name: ${names.join()}`);

        for (const record of found.data.records) {
                const gone = await client.DELETE('/registers/customers/records/{id}', { params: { path: { id: record.id } }, headers: { 'If-Match': `"${record.version}"` } });
                check(gone.response.status === 204, 'delete');
        }
        console.log('ok');
}

journey().catch((error) => {
        console.error(error);
        process.exit(1);
});
