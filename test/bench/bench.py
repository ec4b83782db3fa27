#!/usr/bin/python3
"""bench.py - every figure as a ratio against its floor, measured in the same run: make bench.

    bench NAME ratio=R bound=B goal=G floor=FLOOR ... ok|BELOW

ratio > 1 is better than the floor where the figure is a speed; "x faster" figures say so. Starts a house of its own in a temporary
directory, loads 1 000 000 customers (ROWS=… for another size), stops it, removes it. Exit status 1 when a bound is missed.
A name as argument runs that part only: read create list search import bulk segment_count duplicates item_change export storm sizes log_verify
entry_and_sealing seal_rate log_viewer.
"""
import concurrent.futures, csv, hashlib, json, os, pathlib, random, re, resource, shutil, socket, statistics, subprocess, sys, tempfile, threading, time, urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import house as house_module

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('BUILD', ROOT / 'build'))
ROWS = int(os.environ.get('ROWS', 1_000_000))
SECONDS = int(os.environ.get('SECONDS', 8))
CLIENTS = 64
ITEMS = ['email', 'family_name', 'given_name', 'family_kana', 'given_kana', 'gender', 'birthday', 'postal_code', 'prefecture', 'address',
         'telephone', 'points']
missed = []


def line(name, ratio, bound, goal, floor, **more):
    ok = ratio >= bound
    if not ok:
        missed.append(name)
    print(f'bench {name} ratio={ratio:.2f} bound={bound} goal={goal} floor={floor} ' +
          ' '.join(f'{k}={v}' for k, v in more.items()) + (' ok' if ok else ' BELOW'), flush=True)


def info(name, **more):
    print(f'bench {name} ' + ' '.join(f'{k}={v}' for k, v in more.items()), flush=True)


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, capture_output=True, text=True, **kw).stdout


class Bench:
    def __init__(self):
        started = time.monotonic()
        self.house = house_module.House.start(bench=True)
        info('start', seconds=f'{time.monotonic() - started:.2f}', note='first_start_with_initdb')
        # the floors need as many connections as the load has; the house itself needs few
        self.sql('alter system set max_connections = 200')
        self.sql('alter role daicho_web connection limit 100')
        self.house.restart()
        self.tenant = self.house.tenant(name='bench', registers=['customers'])
        # pgbench prepares a whole pipeline before it runs: parsing asks for the schema before the role is taken. Tables stay refused.
        self.sql('grant usage on schema t_bench to daicho_web')
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix='daicho-bench-'))
        os.chmod(self.tmp, 0o777)
        self.key = self.tenant.key
        self.sockets = sorted(str(p) for p in (self.house.dir / 'run').glob('web.*.sock'))

    # tools ---------------------------------------------------------------------------------------------------------------------------
    def sql(self, text):
        return self.house.sql(text)

    def request_file(self, name, text):
        path = self.tmp / name
        path.write_bytes(text.replace('\n', '\r\n').encode())
        return path

    def load(self, request, *, clients=CLIENTS, first=0, seconds=SECONDS, numbers=ROWS):
        out = run(BUILD / 'load', '-c', clients, '-d', seconds, '-r', request, '-m', numbers, '-s', first, *self.sockets)
        return {k: float(v) for k, v in (p.split('=') for p in out.split())}

    def pgbench(self, script, clients=CLIENTS, seconds=SECONDS):
        """Transactions a second as the login role of the workers, extended protocol, prepared."""
        path = self.tmp / 'script.sql'
        path.write_text(script)
        os.chmod(path, 0o644)
        out = self.house.client('pgbench', '-n', '-M', 'prepared', '-c', str(clients), '-j', '2', '-T', str(seconds), '-f', str(path),
                                role='daicho_web')
        return float(re.search(r'tps = ([0-9.]+) \(without', out).group(1))

    # parts ---------------------------------------------------------------------------------------------------------------------------
    # the same statements as gate/enter.sql and log/log.sql
    ENTER = ("select e.tenant, e.masked, e.kind, e.id, e.actor, e.groups, e.permissions, e.lang, e.theme, e.session_id, e.must_change, e.now_ms, e.stage, e.proven_ms, "
             "pg_catalog.set_config('role', e.role, true) as role, "
             "pg_catalog.set_config('daicho.actor', e.kind || ':' || e.id || ':' || e.actor, true) || pg_catalog.set_config('daicho.groups', e.groups, true) "
             "|| pg_catalog.set_config('daicho.source', '127.0.0.1', true) as told from daicho.key_enter('\\x{hash}', '127.0.0.1') e;\n")
    LOG = "insert into t_bench.log (verb, kind, subject_id, result) values ('{verb}', 'customers', :id, 'OK');\n"

    def floor_script(self, statement, verb, head):
        import hashlib
        digest = hashlib.sha256(self.key.encode()).hexdigest()
        return (head + '\\startpipeline\nbegin;\n' + self.ENTER.format(hash=digest) + statement + self.LOG.format(verb=verb) +
                'commit;\n\\endpipeline\n')

    def read(self):
        columns = ', '.join(ITEMS)
        script = self.floor_script(f'select id, version, created_at, created_by, updated_at, updated_by, {columns} from t_bench.r_customers where id = :id;\n',
                                   'view', f'\\set id random(1, {self.rows})\n')
        request = self.request_file('read', f'GET /api/v1/registers/customers/records/%RANDOM% HTTP/1.1\nHost: localhost\nX-Real-IP: 127.0.0.1\n'
                                            f'Authorization: Bearer {self.key}\n\n')
        self.load(request, seconds=2, numbers=self.rows)
        before = self.pgbench(script)
        direct = self.load(request, numbers=self.rows)
        after = self.pgbench(script)
        floor = (before + after) / 2
        line('api_read_direct', direct['per_second'] / floor, 0.4, 0.6, 'pgbench_one_pipeline', per_second=int(direct['per_second']),
             floor_per_second=int(floor), p50_us=int(direct['p50_us']), p99_us=int(direct['p99_us']), workers=len(self.sockets), connections=CLIENTS)
        tls = self.wrk()
        again = self.load(request, numbers=self.rows)
        mean = (direct['per_second'] + again['per_second']) / 2
        line('api_read_tls', tls / mean, 0.6, 0.8, 'direct', per_second=int(tls), floor_per_second=int(mean))

    def wrk(self):
        script = self.tmp / 'read.lua'
        script.write_text('math.randomseed(1)\nrequest = function()\n'
                          f'  return wrk.format("GET", "/api/v1/registers/customers/records/" .. math.random(1, {self.rows}), '
                          f'{{ ["Authorization"] = "Bearer {self.key}" }})\nend\n')
        out = run('wrk', '-t2', f'-c{CLIENTS}', f'-d{SECONDS}', '-s', script, self.house.url)
        if 'Non-2xx' in out:
            raise SystemExit('bench: nginx gave answers that are not 2xx:\n' + out)
        return float(re.search(r'Requests/sec:\s+([0-9.]+)', out).group(1))

    def create(self):
        values = dict(family_name='試験', given_name='花子', family_kana='シケン', given_kana='ハナコ', gender=self.gender, birthday='1990-01-02',
                      postal_code='100-0001', prefecture='東京都', address='千代田区丸の内1-1', telephone='03-0123-4567', points=10)
        body = json.dumps({'email': 'bench%COUNTER%@mail.example', **values}, ensure_ascii=False)
        size = len(body.encode()) - 1            # the mark is one byte longer than its number
        request = self.request_file('create', 'POST /api/v1/registers/customers/records HTTP/1.1\nHost: localhost\nX-Real-IP: 127.0.0.1\n'
                                    f'Authorization: Bearer {self.key}\nContent-Type: application/json\nContent-Length: {size}\n\n' + body)
        row = ', '.join("'" + str(v) + "'" for v in values.values())
        columns = ', '.join(['email', *values])
        statement = (f"insert into t_bench.r_customers ({columns}, created_by, updated_by) values ('floor' || :client_id || '-' || :n || '@mail.example', {row}, "
                     "'bench', 'bench') returning id;\n")
        script = lambda seed: self.floor_script(statement, 'create', f'\\set n {seed} + random(1, 2000000000)\n\\set id 1\n')
        self.load(request, seconds=1, first=1)
        before = self.pgbench(script(10 ** 10))
        ours = self.load(request, first=10_000_000)
        after = self.pgbench(script(2 * 10 ** 10))
        floor = (before + after) / 2
        line('api_create', ours['per_second'] / floor, 0.5, 0.7, 'pgbench_one_pipeline', per_second=int(ours['per_second']), floor_per_second=int(floor),
             p50_us=int(ours['p50_us']), p99_us=int(ours['p99_us']))
        self.sql("delete from t_bench.r_customers where email like 'bench%' or email like 'floor%'")

    def list(self):
        base = '/api/v1/registers/customers/records?limit=50'
        after = None
        for _ in range(min(999, self.rows // 50 - 1)):
            page = self.house.api('GET', base.removeprefix('/api/v1') + (f'&after={after}' if after else ''), key=self.key).json()
            after = page['next']
        head = f'HTTP/1.1\nHost: localhost\nX-Real-IP: 127.0.0.1\nAuthorization: Bearer {self.key}\n\n'
        one = self.request_file('list1', f'GET {base} {head}')
        far = self.request_file('list1000', f'GET {base}&after={after} {head}')
        rates = {one: [], far: []}
        for _ in range(3):
            for request in rates:
                rates[request].append(self.load(request, clients=8, seconds=max(2, SECONDS // 3))['per_second'])
        a, b = statistics.median(rates[one]), statistics.median(rates[far])
        line('list_page_1000', b / a, 0.9, 1, 'page_1', per_second=int(b), floor_per_second=int(a))

    def search(self):
        terms = ['佐藤', '髙橋', '美咲', 'さい', '03', '渋谷', '龍之', '北海']
        worst, ratios = 0, []
        from urllib.parse import quote
        for term in terms:
            url = f'/registers/customers/records?limit=50&q={quote(term)}'
            times = []
            for _ in range(5):
                t = time.monotonic()
                answer = self.house.api('GET', url, key=self.key)
                times.append(time.monotonic() - t)
            ours = statistics.median(times)
            found = len(answer.json()['records'])
            t = time.monotonic()
            self.sql("set max_parallel_workers_per_gather = 0; set enable_indexscan = off; set enable_bitmapscan = off; "
                     f"select count(*) from t_bench.r_customers where search_text like '%' || daicho.fold('{term}') || '%'")
            scan = time.monotonic() - t
            ratios.append(scan / ours)
            worst = max(worst, ours)
            info('search_term', term=term, milliseconds=f'{ours * 1000:.1f}', scan_milliseconds=f'{scan * 1000:.0f}', times_faster=f'{scan / ours:.0f}', found=found)
        line('search_two_characters', statistics.median(ratios), 30, 100, 'sequential_like', slowest_ms=f'{worst * 1000:.1f}', lowest=f'{min(ratios):.0f}')

    def make_files(self):
        self.cp932 = self.tmp / 'customers.csv'
        self.truth = self.tmp / 'truth.tsv'
        with open(self.cp932, 'wb') as f:
            subprocess.run([str(BUILD / 'gen_customers'), '--rows', str(ROWS), '--seed', '1', '--encoding', 'cp932', '--eol', 'crlf', '--bad', '0.01',
                            '--truth', str(self.truth)], stdout=f, check=True)

    def bulk(self):
        """100 000 records set to one value: the whole job with its history, against the plain UPDATE of the same rows (history included)."""
        count = min(100_000, self.rows)
        condition = {'item': 'id', 'op': 'le', 'value': int(self.sql(f'select id from t_bench.r_customers order by id offset {count - 1} limit 1')[0][0])}

        def floor(points):
            began = time.monotonic()
            self.sql(f"update t_bench.r_customers set points = {points}, version = version + 1, updated_at = now() where id <= {condition['value']}")
            return time.monotonic() - began

        before = floor(900_001)
        query = urllib.parse.urlencode({'action': 'set', 'condition': json.dumps(condition), 'set': json.dumps({'points': 900_002})})
        seen = self.house.api('GET', f'/registers/customers/bulk/new?{query}', key=self.key).json()
        answer = self.house.api('POST', '/registers/customers/bulk', key=self.key, json={
            'action': 'set', 'condition': condition, 'set': {'points': 900_002}, 'count': seen['count'], 'digest': seen['digest']})
        job = answer.json()['id']
        done = self.house.wait_job(job, tenant=self.tenant, seconds=900)
        assert done['state'] == 'done' and done['result']['changed'] == count, done
        seconds = float(self.sql(f'select extract(epoch from finished_at - started_at) from daicho.job where id = {job}')[0][0])
        after = floor(900_003)
        undo = self.house.api('POST', f'/registers/customers/bulk/{job}/undo', key=self.key, json={}).json()['id']
        self.house.wait_job(undo, tenant=self.tenant, seconds=900)
        line('bulk_update', (before + after) / 2 / seconds, 0.4, 0.6, 'plain_update', rows=count, seconds=f'{seconds:.2f}',
             floor_seconds=f'{(before + after) / 2:.2f}')

    def segment_count(self):
        """Numbers of saved conditions, each right after 100 writes, against counting the records anew; and what they cost those who write many."""
        path = '/registers/customers/segments'
        conditions = {'choice': {'all': [{'item': 'prefecture', 'op': 'in', 'value': ['東京都', '大阪府']}, {'item': 'points', 'op': 'ge', 'value': 1000}]},
                      'birthday': {'item': 'birthday', 'op': 'anniversary_month'},
                      'text': {'all': [{'item': 'address', 'op': 'contains', 'value': '丸の内'}, {'item': 'gender', 'op': 'not_empty'}]}}
        wheres = {'choice': "prefecture in ('東京都', '大阪府') and points >= 1000",
                  'birthday': "extract(month from birthday) = extract(month from (daicho.clock() at time zone 'Asia/Tokyo')::date)",
                  'text': "strpos(daicho.fold(address), daicho.fold('丸の内')) > 0 and gender is not null"}
        extra = self.tmp / 'segment.csv'
        many = min(100_000, self.rows)

        def bring(start):
            with open(extra, 'wb') as f:
                subprocess.run([str(BUILD / 'gen_customers'), '--rows', str(many), '--start', str(start), '--quirk', '0'], stdout=f, check=True)
            job = self.house.import_file('customers', extra, tenant=self.tenant)
            assert self.house.wait_job(job, tenant=self.tenant, seconds=900)['state'] == 'done'
            self.sql(f'delete from t_bench.r_customers where origin = {job}')
            return float(self.sql(f'select extract(epoch from finished_at - started_at) from daicho.job where id = {job}')[0][0])

        def get(id):
            return self.house.api('GET', f'{path}/{id}', key=self.key).json()['segment']

        def known(id):
            while get(id)['counting']:
                time.sleep(0.2)
            return get(id)['count']
        before = [bring(50_000_001), bring(50_200_001)]
        ids = {name: self.house.api('POST', path, key=self.key, json={'name': name, 'condition': condition}).json()['id'] for name, condition in conditions.items()}
        for id in ids.values():
            known(id)
        during = [bring(50_400_001), bring(50_600_001)]
        for id in ids.values():
            known(id)
        line('import_with_three_segments', min(before) / min(during), 0.8, 0.95, 'import_without', rows=many, seconds=f'{min(during):.2f}', floor_seconds=f'{min(before):.2f}')
        some = [row[0] for row in self.sql('select id from t_bench.r_customers order by id limit 100')]
        ratios = {}
        for name, id in ids.items():
            for record in some:
                answer = self.house.api('GET', f'/registers/customers/records/{record}', key=self.key).json()
                assert self.house.api('PATCH', f'/registers/customers/records/{record}', key=self.key, json={
                    'version': answer['version'], 'points': random.randint(0, 2000), 'prefecture': '東京都', 'address': random.choice(['千代田区丸の内', '港区'])}).status == 200
            shown = get(id)
            self.sql('set max_parallel_workers_per_gather = 0')
            t = time.monotonic()
            scanned = int(self.sql(f'select count(*) from t_bench.r_customers where {wheres[name]}')[0][0])
            scan = time.monotonic() - t
            assert (shown['count'], shown['counting']) == (scanned, False), (name, shown, scanned)
            request = self.request_file('segment', f'GET /api/v1{path}/{id} HTTP/1.1\nHost: localhost\nX-Real-IP: 127.0.0.1\nAuthorization: Bearer {self.key}\n\n')
            shown_us = self.load(request, clients=1, seconds=2)['p50_us']
            ratios[name] = scan * 1e6 / shown_us
            info('segment_shown', segment=name, records=scanned, microseconds=int(shown_us), scan_milliseconds=f'{scan * 1000:.0f}', times_faster=f'{ratios[name]:.0f}')
        line('segment_count', min(ratios.values()), 100, 200, 'full_scan', rows=self.rows, **{name: f'{ratio:.0f}' for name, ratio in ratios.items()})
        for id in ids.values():
            self.house.api('DELETE', f'{path}/{id}', key=self.key, headers={'If-Match': '"1"'})

    def item_change(self):
        """The longest wait of somebody who reads while items are added, converted and deleted; the floor is what they may wait, one second."""
        path = '/registers/customers'
        definition = self.house.api('GET', path, key=self.key).json()['definition']
        waits, over = {'calm': 0.0}, []
        now, refused = ['calm'], [0]

        def read(seed):
            random_ = random.Random(seed)
            while not over:
                for target in (f'{path}/records/{random_.randint(1, self.rows)}', f'{path}/records?limit=20'):
                    begun, during = time.monotonic(), now[0]
                    answer = self.house.api('GET', target, key=self.key)
                    waits[during] = max(waits.get(during, 0.0), time.monotonic() - begun)
                    refused[0] += answer.status not in (200, 404)

        def apply(name, items, **more):
            now[0] = name
            job = self.house.api('PUT', path, key=self.key, json={'definition': {**definition, 'items': items}, **more}).json()['job']
            done = self.house.wait_job(job, tenant=self.tenant, seconds=1800)
            assert done['state'] == 'done', done
            spent[name] = float(self.sql(f'select extract(epoch from finished_at - started_at) from daicho.job where id = {job}')[0][0])

        spent = {}
        readers = [threading.Thread(target=read, args=(n,)) for n in range(2)]
        for reader in readers:
            reader.start()
        time.sleep(3)
        items = definition['items']
        more = items + [{'name': 'rank', 'type': 'text', 'title': 'ランク', 'indexed': True, 'max': 20}]
        other = [{**i, 'type': 'decimal', 'scale': 2} if i['name'] == 'points' else i for i in more]
        try:
            apply('add', more)
            apply('retype', other)
            apply('delete', [i for i in other if i['name'] != 'rank'], drop=['rank'])
        finally:
            over.append(True)
            for reader in readers:
                reader.join()
        worst = max(w for name, w in waits.items() if name != 'calm')
        line('item_change_blocks_readers', 1 / worst, 1, 2, 'one_second', rows=self.rows, refused=refused[0], **{f'{n}_longest_ms': int(w * 1000) for n, w in waits.items()},
             **{f'{n}_seconds': f'{s:.1f}' for n, s in spent.items()})

    def duplicates(self):
        """A search of the whole register by every rule, against a plain group by of the same keys, one a rule."""
        fold = lambda *names: " || E'\\x1f' || ".join(f"nullif(daicho.fold({n}), '')" for n in names)
        phone = "nullif(ltrim(translate(telephone, '-() +', ''), '0'), '')"
        keys = ['lower(email)', f"{fold('family_name', 'given_name')} || {phone}", f"{fold('family_kana', 'given_kana')} || {phone}",
                f"{fold('family_name', 'given_name')} || postal_code", f"{fold('family_kana', 'given_kana')} || birthday::text"]
        began = time.monotonic()
        for key in keys:
            self.sql(f'select count(*) from (select ({key}) as k from t_bench.r_customers group by 1 having count(*) > 1) d')
        floor = time.monotonic() - began
        job = self.house.api('POST', '/registers/customers/duplicates', key=self.key, json={}).json()['id']
        done = self.house.wait_job(job, tenant=self.tenant, seconds=1800)
        assert done['state'] == 'done' and done['result']['looked'] == self.rows, done
        seconds = float(self.sql(f'select extract(epoch from finished_at - started_at) from daicho.job where id = {job}')[0][0])
        line('duplicates_find', floor / seconds, 0.5, 1, 'plain_group_by', rows=self.rows, groups=done['result']['groups'], seconds=f'{seconds:.1f}', floor_seconds=f'{floor:.1f}')

    def import_job(self):
        job = self.house.import_file('customers', self.cp932, tenant=self.tenant)
        done = self.house.wait_job(job, tenant=self.tenant, seconds=900)
        seconds = float(self.sql(f'select extract(epoch from finished_at - started_at) from daicho.job where id = {job}')[0][0])
        return done, seconds

    def import_(self):
        first, ours = self.import_job()
        self.rows = int(self.sql('select count(*) from t_bench.r_customers')[0][0])
        again, ours_again = self.import_job()
        # floor: the rows that went in, as a file, into a table of the same columns and indexes
        columns = ', '.join(ITEMS)
        plain = self.tmp / 'plain.csv'
        self.sql(f"copy (select {columns} from t_bench.r_customers order by id) to '{plain}' (format csv)")
        self.sql('create table t_bench.floor (like t_bench.r_customers including all); alter table t_bench.floor alter created_by set default \'x\', alter updated_by set default \'x\'')
        # the floor works with the settings of the jobs' role
        self.sql("alter role postgres set gin_pending_list_limit = '64MB'")
        self.sql("alter role postgres set work_mem = '64MB'")
        self.sql('checkpoint')
        t = time.monotonic()
        self.house.client('psql', '-qc', f"\\copy t_bench.floor ({columns}) from '{plain}' (format csv)", role='superuser')
        floor = time.monotonic() - t
        self.sql('drop table t_bench.floor')
        line('import_cp932', floor / ours, 0.5, 0.8, 'copy_into_final_table', seconds=f'{ours:.1f}', floor_seconds=f'{floor:.1f}', rows=self.rows,
             created=first['result']['created'], refused=first['result']['refused'], rows_per_second=int(ROWS / ours))
        line('import_again_unchanged', floor / ours_again, 2, 4, 'copy_into_final_table', seconds=f'{ours_again:.1f}', floor_seconds=f'{floor:.1f}',
             unchanged=again['result']['unchanged'])
        self.import_undo()
        info('memory_jobs', peak_mib=self.peak('jobs'), bound_mib=64)

    def import_undo(self):
        """Records an import made, taken back (the whole job, with its history), against the plain DELETE of as many (history included)."""
        extra = self.tmp / 'extra.csv'
        count = min(100_000, self.rows)

        def bring(start):
            with open(extra, 'wb') as f:
                subprocess.run([str(BUILD / 'gen_customers'), '--rows', str(count), '--start', str(start), '--quirk', '0'], stdout=f, check=True)
            job = self.house.import_file('customers', extra, tenant=self.tenant)
            assert self.house.wait_job(job, tenant=self.tenant, seconds=900)['state'] == 'done'
            return job

        def floor(start):
            job = bring(start)
            began = time.monotonic()
            self.sql(f'delete from t_bench.r_customers where origin = {job}')
            return time.monotonic() - began

        before = floor(20_000_001)
        batch = bring(30_000_001)
        undo = self.house.api('POST', f'/registers/customers/imports/{batch}/undo', key=self.key, json={}).json()['id']
        done = self.house.wait_job(undo, tenant=self.tenant, seconds=900)
        assert done['state'] == 'done' and done['result']['removed'] == count, done
        seconds = float(self.sql(f'select extract(epoch from finished_at - started_at) from daicho.job where id = {undo}')[0][0])
        after = floor(40_000_001)
        line('import_undo', (before + after) / 2 / seconds, 0.3, 0.6, 'plain_delete', rows=count, seconds=f'{seconds:.2f}', floor_seconds=f'{(before + after) / 2:.2f}')

    def export(self):
        columns = ', '.join(ITEMS)
        out = self.tmp / 'floor.copy'
        floors, ours = [], []
        for _ in range(2):
            t = time.monotonic()
            self.house.client('psql', '-qc', f"\\copy (select {columns} from t_bench.r_customers) to '{out}'", role='superuser')
            floors.append(time.monotonic() - t)
            job = self.house.export('customers', tenant=self.tenant, encoding='cp932')
            self.house.wait_job(job, tenant=self.tenant, seconds=600)
            ours.append(float(self.sql(f'select extract(epoch from finished_at - started_at) from daicho.job where id = {job}')[0][0]))
        floor, mine = min(floors), min(ours)
        line('export_cp932', floor / mine, 0.5, 0.8, 'copy_to_stdout', seconds=f'{mine:.2f}', floor_seconds=f'{floor:.2f}', rows=self.rows)
        info('memory_jobs_after_export', peak_mib=self.peak('jobs'), bound_mib=64)

    def peak(self, kind):
        """Highest VmHWM of the workers of a kind, MiB."""
        top = 0
        for pid in self.house.workers(kind):
            status = pathlib.Path(f'/proc/{pid}/status').read_text()
            top = max(top, int(re.search(r'VmHWM:\s+(\d+)', status).group(1)))
        return round(top / 1024, 1)

    def storm(self):
        """50 people log in at the same moment (full cost of bcrypt): what do those notice who are working?"""
        account = self.tenant.admin
        body = json.dumps({'tenant': self.tenant.name, 'login': account.login, 'password': account.password}).encode()
        sockets = sorted(str(p) for p in (self.house.dir / 'run').glob('auth.*.sock'))
        request = self.request_file('storm', f'GET /api/v1/registers/customers/records/%RANDOM% HTTP/1.1\nHost: localhost\nX-Real-IP: 127.0.0.1\n'
                                             f'Authorization: Bearer {self.key}\n\n')

        def login(number):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(120)
                s.connect(sockets[number % len(sockets)])
                s.sendall(b'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nX-Real-IP: 127.0.0.1\r\nConnection: close\r\n'
                          b'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
                return s.recv(12)

        self.load(request, clients=32, seconds=2, numbers=self.rows)
        before = self.load(request, clients=32, numbers=self.rows)
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            started = time.monotonic()
            logins = [pool.submit(login, i) for i in range(50)]
            during = self.load(request, clients=32, seconds=4, numbers=self.rows)
            answers = [f.result() for f in logins]
        last = time.monotonic() - started
        after = self.load(request, clients=32, numbers=self.rows)
        if set(answers) != {b'HTTP/1.1 200'}:
            raise SystemExit(f'bench: not everybody could log in: {set(answers)}')
        quiet = (before['p99_us'] + after['p99_us']) / 2
        speed = (before['per_second'] + after['per_second']) / 2
        line('read_p99_in_login_storm', quiet / during['p99_us'], 0.33, 0.5, 'quiet_p99', p99_us=int(during['p99_us']), quiet_p99_us=int(quiet),
             speed_kept=f'{during["per_second"] / speed:.2f}', last_login_seconds=f'{last:.1f}')

    def sizes(self):
        info('memory_web', peak_mib=self.peak('web'))
        info('binary', bytes=os.path.getsize(BUILD / 'daicho'), stripped_bytes=self.stripped())
        for path in ('/', '/registers/customers/records'):
            body = self.tenant.browser().get(path).content
            info('page', path=path, bytes=len(body))
        self.house.stop()
        t = time.monotonic()
        self.house.restart()
        info('start_again', seconds=f'{time.monotonic() - t:.2f}')

    def entry_and_sealing(self):
        """What the log costs a mutating request: the create of above, and the same transaction without its entry and with the sealer stopped."""
        import signal
        row = "'試験', '花子', 'シケン', 'ハナコ', '" + self.gender + "', '1990-01-02'"
        statement = ("insert into t_bench.r_customers (email, family_name, given_name, family_kana, given_kana, gender, birthday, created_by, updated_by) values "
                     f"('entry' || :client_id || '-' || :n || '@mail.example', {row}, 'bench', 'bench') returning id;\n")
        head = lambda seed: f'\\set n {seed} + random(1, 2000000000)\n\\set id 1\n'
        whole = lambda seed: self.floor_script(statement, 'create', head(seed))
        bare = lambda seed: whole(seed).replace(self.LOG.format(verb='create'), '')
        sealer, = self.house.workers('sealer')
        seeds = iter(range(3 * 10 ** 10, 10 ** 12, 10 ** 10))

        def without():
            os.kill(sealer, signal.SIGSTOP)
            try:
                return self.pgbench(bare(next(seeds)))
            finally:
                os.kill(sealer, signal.SIGCONT)

        # each between two of the floor: disks are faster at one minute than at the next
        ratios, before = [], without()
        for _ in range(5):
            told, after = self.pgbench(whole(next(seeds))), without()
            ratios.append(told / ((before + after) / 2))
            before = after
        self.sql("delete from t_bench.r_customers where email like 'entry%'")
        line('entry_and_sealing', statistics.median(ratios), 0.8, 0.9, 'the_same_transaction_without_entry_and_sealer', low=f'{min(ratios):.2f}', high=f'{max(ratios):.2f}')

    def seal_rate(self):
        """Entries a second of one core that the sealer reads, hashes, writes as tiles and bundles and notes in the database."""
        count = int(os.environ.get('ENTRIES', 200_000))
        pid, = self.house.workers('sealer')
        sealed = lambda: int(self.sql("select size from daicho.seal_tree where tenant = 'bench'")[0][0])
        cpu = lambda: sum(map(int, pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[11:13])) / os.sysconf('SC_CLK_TCK')
        self.sql("insert into t_bench.log (actor_kind, actor, groups, source, verb, kind, subject_id, result, commitment) select 'account', 'hanako', '営業', "
                 f"'192.0.2.7', 'update', 'customers', n, 'OK', sha256(n::text::bytea) from generate_series(1, {count}) n")
        first, used, started = sealed(), cpu(), time.monotonic()
        until = started + 120
        while sealed() - first < count and time.monotonic() < until:
            time.sleep(0.01)
        done, used = sealed() - first, cpu() - used
        # reading them is PostgreSQL's part of the work, timed by itself
        t = time.monotonic()
        self.sql(f"select count(*) from (select * from t_bench.log order by xid, id limit {count}) x")
        info('seal_read_floor', seconds=f'{time.monotonic() - t:.2f}')
        line('seal_rate', done / max(used, 0.01) / 20_000, 1, 5, '20000_entries_per_second_of_one_core', entries=done, cpu_seconds=f'{used:.2f}',
             per_second_of_core=int(done / max(used, 0.01)), waited=f'{time.monotonic() - started:.1f}')

    def log_viewer(self):
        """Each filter of the viewer on a long log, worst of five: ENTRIES (2 000 000) entries over ten years, in one contract."""
        import signal
        count = int(os.environ.get('ENTRIES', 2_000_000))
        sealer, = self.house.workers('sealer')
        os.kill(sealer, signal.SIGSTOP)         # its work is the part seal_rate
        known = []                              # what an index or a window of numbers leads to at once
        self.sql("insert into t_bench.log (at, actor_kind, actor, groups, source, verb, kind, subject_id, result) "
                 f"select now() - interval '10 years' * (1 - n::float8 / {count}), 'account', 'user' || (n::bigint * 7919 % 200), '営業', '192.0.2.' || n % 250, "
                 "(array['view','list','search','update'])[1 + n % 4], 'customers', n % 100000, case when n % 500 = 0 then 'FORBIDDEN' else 'OK' end "
                 f"from generate_series(1, {count}) n")
        self.sql('analyze t_bench.log')
        for name, query in [('newest', ''), ('deep_page', f'?after={count // 3}'), ('actor', '?actor=user7'), ('actor_deep', f'?actor=user7&after={count // 3}'),
                            ('verb', '?verb=search'), ('actor_unknown', '?actor=nobody'), ('refused', '?result=refused'),
                            ('subject', '?kind=customers&subject=4711'), ('verb_rare', '?verb=define'), ('source', '?source=192.0.2.77'),
                            ('day_years_ago', '?from=2020-05-05&to=2020-05-05'), ('actor_years_ago', '?actor=user7&from=2019-01-01&to=2019-02-01'),
                            ('group', '?group=' + urllib.parse.quote('営業')), ('text_nowhere', '?text=nowhere')]:
            took = []
            for _ in range(5):
                t = time.monotonic()
                answer = self.house.api('GET', '/log' + query, key=self.key)
                took.append(time.monotonic() - t)
                assert answer.status == 200, answer
            told = answer.json()
            if name not in ('actor_unknown', 'verb_rare', 'text_nowhere'):
                known.append(statistics.median(took))
            info('log_viewer', filter=name, worst_ms=f'{max(took) * 1000:.1f}', median_ms=f'{statistics.median(took) * 1000:.1f}', found=len(told['entries']),
                 broken_off='searched_to' in told, entries=count)
        os.kill(sealer, signal.SIGCONT)
        line('log_viewer', 0.1 / max(known), 1, 3, '100_ms_for_the_slowest_that_finds_something', slowest_ms=f'{max(known) * 1000:.1f}', entries=count)

    def log_verify(self):
        """A bundle of 300 000 entries, checked by one process on one core: entries, tiles, root, signature. Floor: the entries through SHA-256 once, nothing else."""
        count, log = 300_000, self.tmp / 'log'
        run(BUILD / 'log_make', log, count)
        data = b''.join(p.read_bytes() for p in sorted(log.glob('tile/entries/**/*')) if p.is_file())
        floor = min(self.timed(lambda: hashlib.sha256(data).digest()) for _ in range(5))
        key = (log / 'vkey').read_text().strip()
        took = min(self.timed(lambda: run(BUILD / 'daicho', 'log', 'verify', log, '--key', key)) for _ in range(5))
        speed = count / took
        line('log_verify', floor / took, 0.1, 0.25, 'sha256_of_the_same_bytes', entries_per_second=int(speed), megabytes=len(data) >> 20)
        line('log_verify_speed', speed / 300_000, 1, 3, '300000_entries_per_second', seconds=f'{took:.2f}')

    @staticmethod
    def timed(work):
        """Seconds of one core that the work took, ours and those of the programs it ran."""
        def spent():
            return sum(resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        begun = spent()
        work()
        return spent() - begun

    def stripped(self):
        copy = self.tmp / 'daicho.stripped'
        shutil.copy(BUILD / 'daicho', copy)
        run('strip', copy)
        return os.path.getsize(copy)


def main():
    chosen = sys.argv[1:] or ['import', 'read', 'create', 'list', 'search', 'export', 'bulk', 'segment_count', 'duplicates', 'item_change', 'storm', 'sizes', 'log_verify', 'entry_and_sealing', 'seal_rate', 'log_viewer']
    bench = Bench()
    try:
        bench.gender = '女'
        bench.make_files()
        if 'import' in chosen:
            bench.import_()
        else:
            bench.import_job()
            bench.rows = int(bench.sql('select count(*) from t_bench.r_customers')[0][0])
        bench.sql('vacuum analyze t_bench.r_customers')
        for part in chosen:
            if part != 'import':
                getattr(bench, part)()
    finally:
        bench.house.close()
        shutil.rmtree(bench.tmp, ignore_errors=True)
    if missed:
        print('bench: below the bound: ' + ', '.join(missed))
    sys.exit(1 if missed else 0)


if __name__ == '__main__':
    try:
        main()
    except subprocess.CalledProcessError as e:
        sys.exit(f'bench: {e}\n{e.stderr}')
