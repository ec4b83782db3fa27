/* cmd_log.c - see cmd_log.h. */
#include "base/house.h"

#include "cli/cmd_log.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/archive.h"
#include "cli/cosigner.h"
#include "cli/front.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "log/commitment.h"
#include "log/head.h"
#include "log/keyring.h"
#include "log/leaf.h"
#include "log/log.h"
#include "log/proof.h"
#include "log/receipt.h"
#include "log/walk.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DETAIL_FILE_MAX = 64 << 20, BAR = 30, ENTRY_MAX = TILE_ENTRY_MAX };

/* What a verification was asked to do, and what it found. */
struct check {
        struct trust *trust;
        bool own_key; /* nobody named a key: the one that came with the log */
        struct checkpoint older[VERIFY_OLDER_MAX];
        size_t older_count;
        bool details;
        const char *directory;
        struct checkpoint checkpoint;
        struct note_seal seal[TRUST_MAX];
        int64_t details_right, details_missing;
        /* details of the bundle that is being walked */
        int64_t detail_n;
        json_t *detail;
};

/* --- what everybody says --- */

static void bar(void *data, int64_t done, int64_t total)
{
        static msec told;
        msec now = clock_tick();
        int full = total > 0 ? (int)(done * BAR / total) : 0;

        if (!isatty(STDERR_FILENO) || (now - told < 100 && done < total))
                return;
        told = now;
        (void)fprintf(stderr, "\r[%.*s%.*s] %lld/%lld %s", full, "##############################", BAR - full, "..............................",
                      (long long)done, (long long)total, done == total ? "\n" : "");
}

static str base64(struct cx *cx, const struct merkle_hash *hash)
{
        return crypto_base64(cx->mem, hash->b, MERKLE_SIZE);
}

static void tell(struct cx *cx, const struct check *c)
{
        json_t *model = json_object(), *witnesses = json_array();
        const struct checkpoint *head = &c->checkpoint;

        json_set(model, "origin", json_str(head->origin));
        json_set(model, "entries", json_integer(head->size));
        json_set(model, "root", json_str(base64(cx, &head->root)));
        for (size_t i = 0; i < c->trust->witness_count; i++)
                if (c->seal[i].signed_) {
                        json_t *one = json_object();

                        json_set(one, "name", json_str(c->trust->witness[i].key.name));
                        json_set(one, "at", json_str(clock_rfc3339(cx->mem, c->seal[i].time * 1000)));
                        must(json_array_append_new(witnesses, one) == 0);
                }
        json_set(model, "witnesses", witnesses);
        json_set(model, "key_from_bundle", json_boolean(c->own_key));
        json_set(model, "details", json_integer(c->details_right));
        json_set(model, "details_missing", json_integer(c->details_missing));
        if (command_json()) {
                print_json(cx, model);
                return;
        }
        print_line(cx, "log of %.*s", STR_ARG(head->origin));
        print_line(cx, "root %.*s", STR_ARG(base64(cx, &head->root)));
        for (size_t i = 0; i < json_array_size(witnesses); i++) {
                const json_t *one = json_array_get(witnesses, i);

                print_line(cx, "witnessed by %.*s, %.*s", STR_ARG(json_get_text(one, "name")), STR_ARG(json_get_text(one, "at")));
        }
        if (c->details)
                print_line(cx, "details: %lld fit their entries, %lld are not there (erased, or not handed over)", (long long)c->details_right,
                           (long long)c->details_missing);
        if (c->own_key)
                print_line(cx, "the key came with the log itself: compare it with the one you were given, or name that with --key");
        print_line(cx, "all %lld entries are those that were signed", (long long)head->size);
}

/* --- options --- */

static rc text_file(struct cx *cx, str path, size_t size_max, str *ret)
{
        return file_read(cx, str_z(cx->mem, path), size_max, ret);
}

/* --key VKEY or --policy FILE; neither: ret stays NULL. */
static rc trust_option(struct cx *cx, struct args *args, struct trust **ret)
{
        str vkey = STR_NONE, policy = STR_NONE, text;
        struct note_key key;

        TRY(args_text(cx, args, "--key", &vkey));
        TRY(args_text(cx, args, "--policy", &policy));
        if (!str_absent(vkey) && !str_absent(policy))
                return fail(cx, RC_USAGE, NULL, "give --key or --policy, not both");
        if (!str_absent(policy)) {
                TRY(text_file(cx, policy, TRUST_FILE_MAX, &text));
                return trust_read(cx, text, ret);
        }
        if (str_absent(vkey))
                return RC_OK;
        TRY(note_key_read(cx, vkey, &key));
        *ret = trust_of(cx->mem, &key);
        return RC_OK;
}

/* Each --older FILE: a checkpoint that was kept. Its signature is checked when the log's key is known. */
static rc older_option(struct cx *cx, struct args *args, str paths[VERIFY_OLDER_MAX], size_t *ret_count)
{
        *ret_count = 0;
        for (;;) {
                str path = STR_NONE;

                TRY(args_text(cx, args, "--older", &path));
                if (str_absent(path))
                        return RC_OK;
                if (*ret_count == VERIFY_OLDER_MAX)
                        return fail(cx, RC_USAGE, NULL, "--older can be given %d times at most", VERIFY_OLDER_MAX);
                paths[(*ret_count)++] = path;
        }
}

static rc older_read(struct cx *cx, struct check *c, const str *paths, size_t count)
{
        struct trust logs = *c->trust; /* an older checkpoint needs no witnesses */
        struct note *note;

        logs.quorum = -1;
        for (size_t i = 0; i < count; i++) {
                str bytes;

                TRY(text_file(cx, paths[i], NOTE_MAX, &bytes));
                TRY(trust_open(cx, &logs, bytes, &c->older[i], &note, NULL));
                if (!str_equal(c->older[i].origin, c->checkpoint.origin))
                        return fail(cx, RC_INVALID, NULL, "%.*s is a checkpoint of another log", STR_ARG(paths[i]));
        }
        c->older_count = count;
        return RC_OK;
}

/* --- a bundle: a directory that holds a log (doc/log.md) --- */

static const char *in(struct cx *cx, const char *directory, const char *name)
{
        return str_format(cx->mem, "%s/%s", directory, name).p;
}

/* The keys a bundle brings along, one a line. */
static rc own_keys(struct cx *cx, struct check *c)
{
        struct trust *t = NEW(cx->mem, struct trust);
        str text, rest;
        rc result = file_read(cx, in(cx, c->directory, "vkey"), TRUST_FILE_MAX, &text);

        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                return fail(cx, RC_USAGE, NULL, "whose log is this? name its key with --key VKEY or --policy FILE");
        }
        TRY(result);
        t->quorum = -1;
        for (rest = text; rest.n > 0 && t->log_count < TRUST_MAX;) {
                str line = str_cut(rest, '\n', &rest);

                if (line.n > 0)
                        TRY(note_key_read(cx, line, &t->log[t->log_count++].key));
        }
        c->own_key = true;
        c->trust = t;
        return RC_OK;
}

/* detail/N, N as in the path of a bundle: {"INDEX": {"salt": BASE64, "detail": TEXT}, …}. */
static rc detail_load(struct cx *cx, struct check *c, int64_t n)
{
        struct tile tile = { TILE_ENTRIES, n, TILE_WIDTH };
        str path = tile_path(cx->mem, tile), text;
        rc result = file_read(cx, str_format(cx->mem, "%s/detail%.*s", c->directory, (int)(path.n - 12), path.p + 12).p, DETAIL_FILE_MAX, &text);

        c->detail_n = n;
        c->detail = NULL;
        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                return RC_OK;
        }
        TRY(result);
        return json_read(cx, text, &c->detail);
}

static rc detail_entry(struct cx *cx, void *data, int64_t index, str entry)
{
        struct check *c = data;
        uint8_t again[COMMITMENT_SIZE];
        str salt, detail;
        const json_t *one;
        struct leaf leaf;

        if (c->detail_n != index / TILE_WIDTH)
                TRY(detail_load(cx, c, index / TILE_WIDTH));
        if (leaf_read(cx, entry, &leaf) != RC_OK || str_absent(leaf.commitment)) {
                fail_clear(cx); /* a leaf of another kind: it has no detail */
                return RC_OK;
        }
        one = json_object_get(c->detail, str_format(cx->mem, "%" PRId64, index).p);
        if (one == NULL) {
                c->details_missing++;
                return RC_OK;
        }
        detail = json_get_text(one, "detail");
        if (str_absent(detail) || !crypto_base64_read(cx->mem, json_get_text(one, "salt"), &salt))
                return fail(cx, RC_FORGED, NULL, "the detail of entry %ld is not the one it was sealed with", (long)index);
        commitment_of(cx->mem, salt, detail, again);
        if (!str_equal(leaf.commitment, (str){ (const char *)again, sizeof(again) }))
                return fail(cx, RC_FORGED, NULL, "the detail of entry %ld is not the one it was sealed with", (long)index);
        c->details_right++;
        return RC_OK;
}

static rc bundle_get(struct cx *cx, void *data, int64_t n, int width, str *ret)
{
        const struct check *c = data;

        return verify_directory_bundle(cx, (void *)(uintptr_t)c->directory, n, width, ret);
}

static rc tile_get(struct cx *cx, void *data, struct tile tile, str *ret)
{
        const struct check *c = data;

        return tile_file_get(cx, (void *)(uintptr_t)c->directory, tile, ret);
}

static rc checkpoint_read_in(struct cx *cx, struct check *c, const char *name)
{
        struct note *note;
        str bytes;

        TRY(file_read(cx, in(cx, c->directory, name), NOTE_MAX, &bytes));
        return trust_open(cx, c->trust, bytes, &c->checkpoint, &note, c->seal);
}

static rc verify_directory(struct cx *cx, struct check *c, const str *older, size_t older_count)
{
        struct verify_source source = { .bundle = bundle_get, .tile = tile_get, .progress = bar, .data = c };

        if (c->trust == NULL)
                TRY(own_keys(cx, c));
        /* what witnesses have seen stands beside it */
        TRY(checkpoint_read_in(cx, c, access(in(cx, c->directory, "cosigned"), F_OK) == 0 && c->trust->quorum >= 0 ? "cosigned" : "checkpoint"));
        TRY(older_read(cx, c, older, older_count));
        c->details = access(in(cx, c->directory, "detail"), F_OK) == 0;
        c->detail_n = -1;
        if (c->details)
                source.entry = detail_entry;
        TRY(verify_log(cx, &source, &c->checkpoint, c->older, c->older_count));
        tell(cx, c);
        return RC_OK;
}

/* --- a receipt --- */

static rc verify_receipt(struct cx *cx, struct check *c, str bytes, str entry_path)
{
        struct receipt *r;
        str entry;

        if (c->trust == NULL)
                return fail(cx, RC_USAGE, NULL, "whose log is this? name its key with --key VKEY or --policy FILE");
        TRY(receipt_read(cx, bytes, &r));
        entry = r->extra;
        if (!str_absent(entry_path))
                TRY(text_file(cx, entry_path, ENTRY_MAX, &entry));
        if (str_absent(entry))
                return fail(cx, RC_USAGE, NULL, "this receipt does not hold its entry; name the file with --entry FILE");
        TRY(receipt_check(cx, r, c->trust, entry, &c->checkpoint, c->seal));
        if (command_json()) {
                json_t *model = json_object();

                json_set(model, "origin", json_str(c->checkpoint.origin));
                json_set(model, "index", json_integer(r->index));
                json_set(model, "size", json_integer(c->checkpoint.size));
                json_set(model, "entry", json_str(entry));
                print_json(cx, model);
                return RC_OK;
        }
        (void)fwrite(entry.p, 1, entry.n, stdout);
        print_line(cx, "this entry stands at index %lld of the log %.*s, which had %lld entries when that was signed", (long long)r->index,
                   STR_ARG(c->checkpoint.origin), (long long)c->checkpoint.size);
        return RC_OK;
}

/* --- the running house --- */

struct house_check {
        struct check check;
        struct walk walk;
        const str *older;
        size_t older_count;
};

/* The keys that sign now, of the house itself. */
static rc house_keys(struct cx *cx, str origin, struct trust **ret)
{
        const struct place *place;
        struct trust *t = NEW(cx->mem, struct trust);
        struct keyring *ring;
        size_t count;
        str *vkeys;

        TRY(command_place(cx, &place));
        TRY(keyring_read(cx, place_path(cx, place->dir, "secret/log"), &ring));
        vkeys = keyring_vkeys(cx->mem, ring, origin, cx->now / 1000, &count);
        t->quorum = -1;
        for (size_t i = 0; i < count && i < TRUST_MAX; i++)
                TRY(note_key_read(cx, vkeys[i], &t->log[t->log_count++].key));
        *ret = t;
        return RC_OK;
}

static rc verify_work(struct cx *cx, void *data)
{
        struct house_check *h = data;
        struct check *c = &h->check;
        struct note *note;

        TRY(head_open(cx, &h->walk.log));
        if (c->trust == NULL)
                TRY(house_keys(cx, h->walk.log.head.origin, &c->trust));
        if (c->trust->quorum >= 0) {
                struct published cosigned;

                published_cosigned(cx, &h->walk.log, &cosigned);
                if (!str_absent(cosigned.note))
                        h->walk.log = cosigned;
        }
        TRY(trust_open(cx, c->trust, h->walk.log.note, &c->checkpoint, &note, c->seal));
        TRY(older_read(cx, c, h->older, h->older_count));
        h->walk.details = true;
        h->walk.progress = bar;
        TRY(walk_log(cx, &h->walk, c->older, c->older_count));
        c->details = true;
        c->details_right = h->walk.details_right;
        c->details_missing = h->walk.details_erased;
        log_subject(cx, S("log"), 0);
        return RC_OK;
}

static rc verify_run(struct cx *cx, struct args *args)
{
        struct house_check *h = NEW(cx->mem, struct house_check);
        str path = STR_NONE, tenant = STR_NONE, entry = STR_NONE, older[VERIFY_OLDER_MAX], bytes;
        size_t older_count;
        struct stat st;

        TRY(args_text(cx, args, "--tenant", &tenant));
        TRY(args_text(cx, args, "--entry", &entry));
        TRY(trust_option(cx, args, &h->check.trust));
        TRY(older_option(cx, args, older, &older_count));
        if (str_absent(tenant))
                TRY(args_word(cx, args, "PATH", &path));
        TRY(args_end(cx, args));
        h->older = older;
        h->older_count = older_count;
        if (str_absent(path)) {
                TRY(operator_do(cx, tenant, LOG_VERIFY, verify_work, h));
                tell(cx, &h->check);
                return RC_OK;
        }
        h->check.directory = str_z(cx->mem, path);
        if (stat(h->check.directory, &st) != 0)
                return file_failed(cx, h->check.directory, errno);
        if (S_ISDIR(st.st_mode))
                return verify_directory(cx, &h->check, older, older_count);
        if (st.st_size <= RECEIPT_MAX) {
                TRY(text_file(cx, path, RECEIPT_MAX, &bytes));
                if (str_starts(bytes, S("c2sp.org/tlog-proof@")))
                        return verify_receipt(cx, &h->check, bytes, entry);
        }
        if (archive_unpack(cx, h->check.directory, &h->check.directory) != RC_OK) {
                fail_clear(cx);
                return fail(cx, RC_INVALID, NULL, "%.*s is neither a log in a tar archive nor a receipt (.tlog-proof)", STR_ARG(path));
        }
        return verify_directory(cx, &h->check, older, older_count);
}

/* --- a bundle is made --- */

struct bundle {
        const char *to; /* DIR/tmp/… */
        bool no_details;
        struct walk walk;
};

static rc put(struct cx *cx, const struct bundle *b, const char *name, str bytes)
{
        char *path = str_z(cx->mem, str_format(cx->mem, "%s/%s", b->to, name)), *slash = strrchr(path, '/');

        *slash = '\0';
        TRY(file_directory(cx, path, 0700));
        *slash = '/';
        return file_write(cx, path, bytes, 0600);
}

static rc put_tile(struct cx *cx, const struct bundle *b, struct tile tile)
{
        const void *from = b->walk.log.directory;
        str bytes;

        if (tile.level == TILE_ENTRIES)
                TRY(verify_directory_bundle(cx, (void *)(uintptr_t)from, tile.n, tile.width, &bytes));
        else
                TRY(tile_file_get(cx, (void *)(uintptr_t)from, tile, &bytes));
        return put(cx, b, str_z(cx->mem, tile_path(cx->mem, tile)), bytes);
}

static rc put_tiles(struct cx *cx, const struct bundle *b)
{
        int64_t size = b->walk.log.head.size;
        int width;

        for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++)
                for (int64_t n = 0; (width = tile_width(level, n, size)) > 0; n++) {
                        struct arena_mark mark = arena_mark(cx->mem);

                        TRY(put_tile(cx, b, (struct tile){ level, n, width }));
                        arena_rewind(cx->mem, mark);
                        if (level == TILE_ENTRIES)
                                bar(NULL, n * TILE_WIDTH + width, size);
                }
        return RC_OK;
}

/* What stands beside the entries of one bundle, as walk_log() passes by. */
static rc put_details(struct cx *cx, void *data, int64_t n, const struct walk_detail *list, size_t count)
{
        const struct bundle *b = data;
        json_t *model = json_object();
        str path = tile_path(cx->mem, (struct tile){ TILE_ENTRIES, n, TILE_WIDTH });

        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "salt", json_str(crypto_base64(cx->mem, list[i].salt.p, list[i].salt.n)));
                json_set(one, "detail", json_str(list[i].detail));
                json_set(model, str_format(cx->mem, "%" PRId64, list[i].index).p, one);
        }
        return put(cx, b, str_format(cx->mem, "detail%.*s", (int)(path.n - 12), path.p + 12).p, json_write(cx->mem, model));
}

static rc put_keys(struct cx *cx, const struct bundle *b)
{
        struct buf text = buf_open(cx->mem, TRUST_FILE_MAX);
        struct trust *trust;

        TRY(house_keys(cx, b->walk.log.head.origin, &trust));
        for (size_t i = 0; i < trust->log_count; i++) {
                buf_add(&text, note_key_write(cx->mem, &trust->log[i].key));
                buf_char(&text, '\n');
        }
        return put(cx, b, "vkey", buf_str(&text));
}

static rc bundle_work(struct cx *cx, void *data)
{
        struct bundle *b = data;
        const struct place *place;
        str cosigned;

        TRY(command_place(cx, &place));
        TRY(archive_scratch(cx, place_path(cx, place->dir, "tmp"), &b->to));
        TRY(head_open(cx, &b->walk.log));
        TRY(put(cx, b, "checkpoint", b->walk.log.note));
        TRY(put_keys(cx, b));
        if (file_read(cx, in(cx, b->walk.log.directory, "cosigned"), NOTE_MAX, &cosigned) == RC_OK)
                TRY(put(cx, b, "cosigned", cosigned));
        fail_clear(cx);
        TRY(put_tiles(cx, b));
        log_subject(cx, S("log"), 0);
        log_detail(cx, "rows", json_integer(b->walk.log.head.size));
        log_detail(cx, "details", json_boolean(!b->no_details));
        if (b->no_details)
                return RC_OK;
        b->walk.details = true;
        b->walk.take = put_details;
        b->walk.take_data = b;
        return walk_log(cx, &b->walk, NULL, 0);
}

static rc bundle_run(struct cx *cx, struct args *args)
{
        struct bundle *b = NEW(cx->mem, struct bundle);
        uint8_t hash[SHA256_SIZE];
        str tenant, path, key;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(front_key(cx, args, &key));
        b->no_details = args_flag(args, "--no-details") || str_absent(key) || str_empty(key);
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        if (!b->no_details) {
                crypto_sha256(key, hash);
                b->walk.key = (str){ (const char *)hash, sizeof(hash) };
        }
        TRY(operator_do(cx, tenant, LOG_EXPORT, bundle_work, b));
        TRY(archive_pack(cx, b->to, str_z(cx->mem, path)));
        if (!command_json())
                print_line(cx, "%lld entries of %.*s are in %.*s", (long long)b->walk.log.head.size, STR_ARG(b->walk.log.head.origin), STR_ARG(path));
        if (!command_json() && b->no_details)
                print_line(cx, "what they say exactly is not in it: that takes an API key of the contract that may read its log");
        return RC_OK;
}

/* --- one entry --- */

struct wanted {
        int64_t id;
        str text;
};

static rc receipt_work(struct cx *cx, void *data)
{
        struct wanted *w = data;

        log_subject(cx, S("log"), w->id);
        return proof_receipt(cx, w->id, &w->text);
}

static rc receipt_run(struct cx *cx, struct args *args)
{
        struct wanted w = { .id = 0 };
        str tenant, path;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_id(cx, args, "ID", &w.id));
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, tenant, LOG_DOWNLOAD, receipt_work, &w));
        if (str_is(path, "-"))
                return fwrite(w.text.p, 1, w.text.n, stdout) == w.text.n ? RC_OK : file_failed(cx, "-", errno);
        return file_write(cx, str_z(cx->mem, path), w.text, 0644);
}

/* --- keys --- */

static rc key_work(struct cx *cx, void *data)
{
        struct published log;
        struct trust **ret = data;

        TRY(head_open(cx, &log));
        return house_keys(cx, log.head.origin, ret);
}

/* The key this house cosigns others' logs with. */
static rc witness_key(struct cx *cx, struct trust **ret)
{
        const struct place *place;
        struct note_signer signer;

        TRY(command_place(cx, &place));
        if (access(place_path(cx, place->dir, "secret/witness/key"), F_OK) != 0)
                return fail(cx, RC_UNKNOWN, NULL, "this house is no witness yet; set witness_name in daicho.conf and start it again");
        TRY(cosigner_key(cx, place, &signer));
        *ret = trust_of(cx->mem, &signer.key);
        crypto_wipe(&signer, sizeof(signer));
        return RC_OK;
}

static rc key_run(struct cx *cx, struct args *args)
{
        bool of_witness = args_flag(args, "--witness");
        struct trust *trust;
        json_t *list = json_array();
        str tenant;

        if (!of_witness)
                TRY(operator_tenant(cx, args, &tenant));
        TRY(args_end(cx, args));
        if (of_witness)
                TRY(witness_key(cx, &trust));
        else
                TRY(operator_do(cx, tenant, LOG_NOTHING, key_work, &trust));
        for (size_t i = 0; i < trust->log_count; i++) {
                str vkey = note_key_write(cx->mem, &trust->log[i].key);

                if (!command_json())
                        (void)printf("%.*s\n", STR_ARG(vkey));
                must(json_array_append_new(list, json_str(vkey)) == 0);
        }
        if (command_json())
                print_json(cx, list);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_log_commands[] = {
        { "log verify", "(PATH | --tenant NAME) [--key VKEY | --policy FILE] [--older CHECKPOINT]… [--entry FILE]",
          "check a log: a bundle, a directory of tiles, a receipt, or a contract of the running house", verify_run },
        { "log bundle", "--tenant NAME [--key-file FILE | --no-details] FILE", "write the whole log of a contract to a file that anybody can check", bundle_run },
        { "log receipt", "--tenant NAME ID FILE", "write the proof that one entry stands in the log", receipt_run },
        { "log key", "(--tenant NAME | --witness)", "the keys that sign the log of a contract, or the one this house cosigns others' logs with", key_run },
        { .name = NULL },
};
/* clang-format on */
