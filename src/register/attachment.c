/* attachment.c - see attachment.h. */
#include "base/house.h"

#include "register/attachment.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/kind.h"
#include "db/db.h"
#include "http/scan.h"
#include "log/log.h"
#include "register/attachment.sql.h"
#include "register/item_file.h"
#include "register/record_model.h"
#include "register/sql.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10, STRAYS_AT_ONCE = 1000, STRAY_SECONDS = 3600 };

static char taken[PATH_MAX]; /* the one this unit moved into the store; a unit takes at most one */

static void fd_close(void *fd)
{
        (void)close((int)(intptr_t)fd);
}

/* Bytes read once: how many, their hash, and what their beginning looks like (NULL: not asked). */
static rc measure(struct cx *cx, const char *path, int64_t max, int64_t *ret_size, str *ret_sha256, str *ret_kind)
{
        struct crypto_hash *hash = crypto_hash_open(cx->mem);
        uint8_t digest[SHA256_SIZE];
        char *piece = arena_alloc(cx->mem, PIECE);
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        int64_t size = 0;
        size_t filled = 0;
        ssize_t n = 1;

        if (fd < 0)
                return file_failed(cx, path, errno);
        arena_defer(cx->mem, fd_close, (void *)(intptr_t)fd);
        while (n > 0 && size <= max) {
                for (filled = 0; filled < PIECE; filled += (size_t)n) {
                        n = read(fd, piece + filled, PIECE - filled);
                        if (n < 0 && errno == EINTR)
                                n = 0;
                        else if (n < 0)
                                return file_failed(cx, path, errno);
                        else if (n == 0)
                                break;
                }
                if (size == 0 && ret_kind != NULL)
                        *ret_kind = kind_of(cx->mem, (str){ piece, filled });
                crypto_hash_add(hash, (str){ piece, filled });
                size += (int64_t)filled;
        }
        crypto_hash_end(hash, digest);
        *ret_size = size;
        *ret_sha256 = crypto_hex(cx->mem, digest, sizeof(digest));
        return RC_OK;
}

/* Taken in -------------------------------------------------------------------------------------------------------------------------- */

/* What a refusal is about: the field of the form. */
static const char *place_of(const struct attachment_order *order)
{
        return order->item != NULL ? order->item : "file";
}

static rc kind_check(struct cx *cx, const struct attachment_order *order, str mime)
{
        if (item_file_kind_of(mime) & order->accept)
                return RC_OK;
        return fail(cx, RC_MEDIA_TYPE, place_of(order), "this is a file of type %.*s by its content; taken here are: %.*s", STR_ARG(mime),
                    STR_ARG(item_file_title(cx->mem, cx->lang, order->accept)));
}

rc attachment_take(struct cx *cx, const struct attachment_order *order, int64_t *ret_id, str *ret_sha256)
{
        str name = file_name_clean(cx->mem, order->name), sha256, mime = S("application/octet-stream");
        struct attachment_added *row;
        const char *path;
        int64_t size;

        taken[0] = '\0';
        TRY(measure(cx, order->path, order->max, &size, &sha256, &mime));
        if (size == 0)
                return fail(cx, RC_INVALID, place_of(order), "this file is empty");
        if (size > order->max)
                return fail(cx, RC_TOO_LARGE, place_of(order), "this file is larger than %lld bytes, which is all that is taken here",
                            (long long)order->max);
        TRY(kind_check(cx, order, mime));
        TRY(sql_attachment_add(cx, order->register_name, str_of(order->item), name, mime, size, sha256, scan_there(), &row));
        if (row->id == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such item for files in this register");
        path = file_store_path(cx->mem, row->path);
        TRY(file_directory(cx, file_store_path(cx->mem, S("file")), 0700));
        TRY(file_move(cx, order->path, path));
        must(strlen(path) < sizeof(taken));
        (void)snprintf(taken, sizeof(taken), "%s", path);
        log_detail(cx, "file", json_str(name));
        log_detail(cx, "sha256", json_str(sha256));
        log_detail(cx, "size", json_integer(size));
        *ret_id = row->id;
        *ret_sha256 = sha256;
        return RC_OK;
}

void attachment_drop(struct cx *cx)
{
        if (taken[0] != '\0')
                (void)unlink(taken);
        taken[0] = '\0';
}

static rc item_find(struct cx *cx, const struct definition *def, str name, const struct item **ret)
{
        const struct item *item = definition_item(def, name);

        if (item == NULL || item->type != ITEM_FILE)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such item for files in this register");
        if (!sql_visible(cx, item))
                return fail(cx, RC_FORBIDDEN, item->name.p, "is a personal item, which this account may not see or write");
        *ret = item;
        return RC_OK;
}

rc attachment_put(struct cx *cx, const struct attachment_wish *wish, const struct definition **ret_def, struct record **ret)
{
        const struct definition *def;
        const struct item *item;
        json_t *object = json_object();
        rc code;

        TRY(definition_get(cx, wish->register_name, &def));
        TRY(item_find(cx, def, wish->item, &item));
        log_detail(cx, "item", json_str(item->name));
        if (wish->path == NULL) {
                (void)json_set(object, item->name.p, json_null());
        } else {
                struct attachment_order order = { wish->register_name, item->name.p, wish->path, wish->name, item->accept, item->max };
                int64_t id;
                str sha256;

                TRY(attachment_take(cx, &order, &id, &sha256));
                (void)json_set(object, item->name.p, json_set(json_object(), "taken", json_integer(id)));
        }
        code = record_update(cx, wish->register_name, wish->id, wish->version, object, ret_def, ret);
        if (code != RC_OK && wish->path != NULL)
                attachment_drop(cx);
        return code;
}

/* Shown, handed out ----------------------------------------------------------------------------------------------------------------- */

static json_t *row_model(struct cx *cx, const struct attachment_row *row)
{
        json_t *m = json_object();

        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "name", json_str(row->name));
        (void)json_set(m, "type", json_str(row->type));
        (void)json_set(m, "size", json_integer(row->size));
        (void)json_set(m, "sha256", json_str(row->sha256));
        (void)json_set(m, "state", json_str(row->state));
        (void)json_set(m, "found", json_str(row->found));
        (void)json_set(m, "uploaded_by", json_str(record_model_actor(row->uploaded_by)));
        return json_set(m, "uploaded_at", json_str(clock_rfc3339(cx->mem, row->uploaded_at)));
}

/* What the record says it holds, when no file is behind it any more (an undo came too late). */
static json_t *lost_model(str stored)
{
        return json_set(item_file_json(stored), "state", json_string("gone"));
}

rc attachment_list(struct cx *cx, const struct definition *def, const struct record *rec, json_t **ret)
{
        struct attachment_row *rows;
        json_t *list = json_array();
        size_t count;

        TRY(sql_attachment_of(cx, def->id, rec->id, &rows, &count));
        for (size_t i = 0; i < def->item_count; i++) {
                const struct item *item = &def->items[i];
                json_t *m = json_object(), *file = json_null();
                struct item_file held;

                if (item->type != ITEM_FILE)
                        continue;
                (void)json_set(m, "item", json_str(item->name));
                (void)json_set(m, "title", json_str(item->title[cx->lang]));
                (void)json_set(m, "accept", item_file_names(item->accept));
                (void)json_set(m, "max", json_integer(item->max));
                (void)json_set(m, "retired", json_boolean(item->retired));
                (void)json_set(m, "masked", json_boolean(!sql_visible(cx, item)));
                if (sql_visible(cx, item) && !str_absent(rec->values[i]) && item_file_parse(rec->values[i], &held)) {
                        file = lost_model(rec->values[i]);
                        for (size_t k = 0; k < count; k++)
                                if (rows[k].id == held.id)
                                        file = row_model(cx, &rows[k]);
                }
                (void)json_set(m, "file", file);
                json_array_append_new(list, m);
        }
        *ret = list;
        return RC_OK;
}

static rc state_check(struct cx *cx, str state)
{
        if (str_is(state, "waiting"))
                return fail(cx, RC_CONFLICT, NULL, "this file has not been looked at by the virus scanner yet; it is handed out as soon as it has");
        if (str_is(state, "refused"))
                return fail(cx, RC_CONFLICT, NULL, "the virus scanner found something in this file; it is not handed out");
        return RC_OK;
}

rc attachment_open(struct cx *cx, int64_t file, struct attachment *ret)
{
        struct attachment_opened *row;
        const char *path;
        int64_t size;
        str sha256;

        TRY(sql_attachment_open(cx, file, &row));
        if (str_absent(row->state))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such file");
        log_detail(cx, "file", json_str(row->name));
        log_detail(cx, "sha256", json_str(row->sha256));
        TRY(state_check(cx, row->state));
        path = file_store_path(cx->mem, row->path);
        if (access(path, R_OK) != 0 || measure(cx, path, ITEM_FILE_MAX, &size, &sha256, NULL) != RC_OK || size != row->size ||
            !str_equal(sha256, row->sha256)) {
                fail_clear(cx);
                log_detail(cx, "damaged", json_true());
                (void)fprintf(stderr, "daicho: file tenant=%.*s id=%" PRId64 ": its bytes are not those that were handed in\n", STR_ARG(cx->tenant),
                              file);
                return fail(cx, RC_CONFLICT, NULL,
                            "the bytes that are stored are not those that were handed in (their SHA-256 differs); the file is not handed out, and it "
                            "stands in "
                            "the operator's log");
        }
        *ret = (struct attachment){
                .path = row->path, .name = row->name, .type = row->type, .sha256 = row->sha256, .classification = ITEM_CONFIDENTIAL
        };
        return RC_OK;
}

rc attachment_get(struct cx *cx, str register_name, int64_t id, str item_name, struct attachment *ret)
{
        const struct definition *def;
        const struct item *item;
        struct item_file held;
        struct record *rec;

        TRY(record_get(cx, register_name, id, &def, &rec));
        TRY(item_find(cx, def, item_name, &item));
        log_detail(cx, "item", json_str(item->name));
        if (str_absent(rec->values[item->number]) || !item_file_parse(rec->values[item->number], &held))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such file");
        TRY(attachment_open(cx, held.id, ret));
        ret->classification = item->classification;
        return RC_OK;
}

/* Looked at ------------------------------------------------------------------------------------------------------------------------- */

rc attachment_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct attachment_waiting *row;

        *ret_tenant = STR_NONE;
        *ret_id = 0;
        if (!scan_there())
                return RC_OK;
        TRY(sql_attachment_waiting(cx, after, &row));
        *ret_tenant = row->tenant;
        *ret_id = row->id;
        return RC_OK;
}

/* The scanner does not answer, or not about this file: it goes on waiting, and so does whoever wants it. */
rc attachment_scan(struct cx *cx, int64_t id, json_t **ret)
{
        struct attachment_unseen *row;
        json_t *m = json_object();
        str found, sha256;
        int64_t size;
        int fd;

        *ret = NULL;
        TRY(sql_attachment_unseen(cx, id, &row));
        if (str_absent(row->path))
                return RC_OK;
        fd = open(file_store_path(cx->mem, row->path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return file_failed(cx, "a file that waits for the scanner", errno);
        arena_defer(cx->mem, fd_close, (void *)(intptr_t)fd);
        TRY(measure(cx, file_store_path(cx->mem, row->path), ITEM_FILE_MAX, &size, &sha256, NULL));
        if (size != row->size || !str_equal(sha256, row->sha256))
                return fail(cx, RC_CONFLICT, NULL, "the bytes that are stored are not those that were handed in");
        if (scan_ask(cx, fd, &found) != RC_OK) {
                fail_clear(cx);
                return RC_OK;
        }
        TRY(sql_attachment_seen(cx, id, found));
        if (!str_absent(row->register_))
                log_subject(cx, row->register_, row->record);
        (void)json_set(m, "file", json_integer(id));
        (void)json_set(m, "sha256", json_str(row->sha256));
        (void)json_set(m, "state", json_string(str_absent(found) ? "clean" : "refused"));
        if (!str_absent(found))
                (void)json_set(m, "found", json_str(found));
        *ret = m;
        return RC_OK;
}

/* Gone ------------------------------------------------------------------------------------------------------------------------------ */

rc attachment_sweep(struct cx *cx)
{
        int64_t gone;

        db_begin(cx);
        TRY(sql_attachment_sweep(cx, &gone));
        return db_commit(cx);
}

static rc strays_drop(struct cx *cx, const str *paths, size_t count)
{
        size_t n;
        str *stray;

        if (count == 0)
                return RC_OK;
        TRY(sql_attachment_strays(cx, db_array(cx, paths, count), &stray, &n));
        for (size_t i = 0; i < n; i++)
                (void)unlink(file_store_path(cx->mem, stray[i]));
        return RC_OK;
}

static void dir_close(void *dir)
{
        (void)closedir(dir);
}

/* Bytes whose transaction was never committed: a machine that stopped in between. */
rc attachment_strays(struct cx *cx)
{
        DIR *dir = opendir(file_store_path(cx->mem, S("file")));
        str *paths = NEW_ARRAY(cx->mem, str, STRAYS_AT_ONCE);
        const struct dirent *entry;
        size_t count = 0;
        struct stat now, about;

        if (dir == NULL)
                return errno == ENOENT ? RC_OK : file_failed(cx, "file", errno);
        arena_defer(cx->mem, dir_close, dir);
        if (stat(file_store(), &now) != 0)
                return file_failed(cx, file_store(), errno);
        db_begin(cx);
        TRY(sql_attachment_evidence(cx));
        while ((entry = readdir(dir)) != NULL) {
                if (!file_name_safe(str_of(entry->d_name)) || fstatat(dirfd(dir), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
                    now.st_mtime - about.st_mtime < STRAY_SECONDS)
                        continue;
                paths[count++] = str_format(cx->mem, "file/%s", entry->d_name);
                if (count < STRAYS_AT_ONCE)
                        continue;
                TRY(strays_drop(cx, paths, count));
                count = 0;
        }
        TRY(strays_drop(cx, paths, count));
        return db_commit(cx);
}
