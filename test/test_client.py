"""A program in TypeScript: its types come from the contract's own document, it compiles under the strictest rules, and it works."""
import json, os, subprocess

from house import ROOT

BIN = ROOT / 'node_modules/.bin'


def run(*command, cwd, **env):
    done = subprocess.run([str(part) for part in command], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_generated_client_compiles_and_works(house, tmp_path):
    shop = house.tenant(registers=('customers',))
    (tmp_path / 'openapi.json').write_text(json.dumps(shop.api('GET', '/openapi.json').json()))
    (tmp_path / 'journey.ts').write_text((ROOT / 'test/client/journey.ts').read_text())
    (tmp_path / 'node_modules').symlink_to(ROOT / 'node_modules')
    (tmp_path / 'tsconfig.json').write_text(json.dumps({'compilerOptions': {
        'strict': True, 'noEmit': True, 'target': 'es2022', 'module': 'es2022', 'moduleResolution': 'bundler', 'skipLibCheck': True, 'types': ['node'],
        'noUncheckedIndexedAccess': True}, 'files': ['journey.ts']}))
    run(BIN / 'openapi-typescript', 'openapi.json', '-o', 'daicho.d.ts', cwd=tmp_path)
    run(BIN / 'tsc', '-p', '.', cwd=tmp_path)
    run(BIN / 'esbuild', 'journey.ts', '--bundle', '--platform=node', '--outfile=journey.js', cwd=tmp_path)
    said = run('node', 'journey.js', cwd=tmp_path, DAICHO_URL=f'{house.url}/api/v1', DAICHO_KEY=shop.key, NODE_EXTRA_CA_CERTS=str(house.dir / 'tls/ca.crt'))
    assert said.strip() == 'ok'
