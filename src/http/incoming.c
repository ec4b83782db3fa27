/* incoming.c - see incoming.h. Failures on the way are noted here and told at the end: there is no unit of work yet that could carry them. */
#include "base/house.h"

#include "http/incoming.h"

#include "base/fail.h"
#include "base/text.h"
#include "http/urlencoded.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <unistd.h>

enum {
        FILES_MAX = 8,
        FIELDS_MAX = URLENCODED_PAIRS_MAX,
        NAME_MAX_BYTES = 1000,
        POST_BUFFER = 8192,
        DRAIN_MAX = 64 << 20, /* bytes read past a limit so that the refusal reaches a client which is still sending */
};

enum kind { RAW, URLENCODED, MULTIPART, SPOOLED };

struct incoming {
        struct arena *mem;
        const char *spool;
        struct incoming_limits limits;
        enum kind kind;
        struct MHD_PostProcessor *parts;
        rc problem;        /* RC_OK: so far so good */
        char *body;        /* raw and urlencoded */
        size_t room, used; /* used: all bytes kept in memory */
        int64_t drained;
        struct http_pair *fields;
        size_t field_count, field_room;
        size_t value_room; /* of the newest field */
        struct http_file files[FILES_MAX];
        size_t file_count;
        int file; /* descriptor of the newest file, -1 */
};

static void file_end(struct incoming *in)
{
        if (in->file >= 0 && close(in->file) != 0 && in->problem == RC_OK)
                in->problem = RC_DISK_FULL;
        in->file = -1;
}

static void file_begin(struct incoming *in, const char *field, const char *name, const char *type)
{
        static unsigned number;
        struct http_file *f = &in->files[in->file_count];

        file_end(in);
        if (in->file_count == FILES_MAX || in->limits.file_max == 0) {
                in->problem = RC_TOO_LARGE;
                return;
        }
        f->field = str_copy(in->mem, str_of(field));
        f->name = str_copy(in->mem, str_of(name ? name : ""));
        f->type = str_copy(in->mem, str_of(type ? type : "application/octet-stream"));
        f->path = str_format(in->mem, "%s/in.%d.%u", in->spool, (int)getpid(), number++);
        in->file = open(f->path.p, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (in->file < 0)
                in->problem = errno == ENOSPC || errno == EDQUOT ? RC_DISK_FULL : RC_UNAVAILABLE;
        else
                in->file_count++;
}

static void file_add(struct incoming *in, const char *p, size_t n)
{
        struct http_file *f;

        if (in->problem != RC_OK || n == 0)
                return;
        f = &in->files[in->file_count - 1];
        if ((int64_t)n > in->limits.file_max - f->size) {
                in->problem = RC_TOO_LARGE;
                return;
        }
        f->size += (int64_t)n;
        while (n > 0) {
                ssize_t done = write(in->file, p, n);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done < 0) {
                        in->problem = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? RC_DISK_FULL : RC_UNAVAILABLE;
                        return;
                }
                p += done;
                n -= (size_t)done;
        }
}

/* Bytes kept in memory, over all fields: at most body_max. */
static bool memory_take(struct incoming *in, size_t n)
{
        if (n > in->limits.body_max - in->used) {
                in->problem = RC_TOO_LARGE;
                return false;
        }
        in->used += n;
        return true;
}

static void field_begin(struct incoming *in, const char *key)
{
        if (in->field_count == FIELDS_MAX || !memory_take(in, strlen(key))) {
                in->problem = RC_TOO_LARGE;
                return;
        }
        if (in->field_count == in->field_room) {
                size_t room = in->field_room ? in->field_room * 2 : 16;

                in->fields = arena_grow(in->mem, in->fields, in->field_room * sizeof(*in->fields), room * sizeof(*in->fields));
                in->field_room = room;
        }
        in->fields[in->field_count++] = (struct http_pair){ str_copy(in->mem, str_of(key)), S("") };
        in->value_room = 0;
}

static void field_add(struct incoming *in, const char *p, size_t n)
{
        struct http_pair *f;
        char *text;

        if (in->problem != RC_OK || n == 0 || !memory_take(in, n))
                return;
        f = &in->fields[in->field_count - 1];
        text = (char *)(uintptr_t)f->value.p;
        if (f->value.n + n + 1 > in->value_room) {
                size_t room = (f->value.n + n + 1) * 2;

                text = arena_grow(in->mem, in->value_room ? text : NULL, in->value_room, room);
                in->value_room = room;
        }
        memcpy(text + f->value.n, p, n);
        f->value = (str){ text, f->value.n + n };
}

/* Called by the post processor: one piece of one part. A new part has offset 0. */
static enum MHD_Result part_add(void *cls, enum MHD_ValueKind kind, const char *key, const char *filename, const char *type, const char *encoding,
                                const char *data, uint64_t offset, size_t size)
{
        struct incoming *in = cls;

        if (in->problem != RC_OK)
                return MHD_YES;
        if (key == NULL || strlen(key) > NAME_MAX_BYTES || (filename != NULL && strlen(filename) > NAME_MAX_BYTES) ||
            (type != NULL && strlen(type) > NAME_MAX_BYTES)) {
                in->problem = RC_MALFORMED;
                return MHD_YES;
        }
        if (filename != NULL) {
                if (offset == 0 && *filename == '\0' && size == 0)
                        return MHD_YES; /* a file field left empty */
                if (offset == 0)
                        file_begin(in, key, filename, type);
                file_add(in, data, size);
        } else {
                if (offset == 0)
                        field_begin(in, key);
                field_add(in, data, size);
        }
        return MHD_YES;
}

struct incoming *incoming_open(struct MHD_Connection *connection, str type, const char *spool, struct incoming_limits limits)
{
        struct arena *mem = arena_open(limits.body_max * 4 + MB(1));
        struct incoming *in = NEW(mem, struct incoming);

        in->mem = mem;
        in->spool = spool;
        in->limits = limits;
        in->file = -1;
        if (limits.refused)
                return in;
        if (str_is(type, "multipart/form-data")) {
                in->kind = MULTIPART;
                in->parts = MHD_create_post_processor(connection, POST_BUFFER, part_add, in);
                if (in->parts == NULL)
                        in->problem = RC_MALFORMED;
        } else if (str_is(type, "application/x-www-form-urlencoded")) {
                in->kind = URLENCODED;
        } else if (limits.file_max > 0 && !str_is(type, "application/json") && !str_ends(type, S("+json"))) {
                in->kind = SPOOLED;
                file_begin(in, "", NULL, str_z(mem, type));
        }
        return in;
}

static void body_add(struct incoming *in, const char *p, size_t n)
{
        if (!memory_take(in, n))
                return;
        if (in->used > in->room) {
                size_t room = in->used * 2 < 1024 ? 1024 : in->used * 2;

                in->body = arena_grow(in->mem, in->body, in->room, room);
                in->room = room;
        }
        memcpy(in->body + in->used - n, p, n);
}

bool incoming_add(struct incoming *in, const char *p, size_t n)
{
        if (in->limits.refused || in->problem != RC_OK) {
                in->drained += (int64_t)n;
                return in->drained <= DRAIN_MAX;
        }
        switch (in->kind) {
        case MULTIPART:
                if (MHD_post_process(in->parts, p, n) != MHD_YES && in->problem == RC_OK)
                        in->problem = RC_MALFORMED;
                break;
        case SPOOLED: file_add(in, p, n); break;
        default: body_add(in, p, n); break;
        }
        return true;
}

static rc problem_tell(struct cx *cx, const struct incoming *in)
{
        switch (in->problem) {
        case RC_OK: return RC_OK;
        case RC_TOO_LARGE:
                if (in->limits.file_max > 0)
                        return fail(cx, RC_TOO_LARGE, NULL, "a file sent here may have at most %" PRId64 " KiB, the rest of the form %zu KiB",
                                    in->limits.file_max >> 10, in->limits.body_max >> 10);
                return fail(cx, RC_TOO_LARGE, NULL, "the body may have at most %zu bytes and no files", in->limits.body_max);
        case RC_DISK_FULL: return fail(cx, RC_DISK_FULL, NULL, "there is no space left for the file sent");
        case RC_UNAVAILABLE: return fail(cx, RC_UNAVAILABLE, NULL, "the file sent cannot be kept at the moment");
        default: return fail(cx, RC_MALFORMED, NULL, "the form cannot be read; it must be multipart/form-data as browsers send it");
        }
}

static rc parts_end(struct cx *cx, struct incoming *in, struct http_req *req)
{
        if (MHD_destroy_post_processor(in->parts) != MHD_YES && in->problem == RC_OK)
                in->problem = RC_MALFORMED;
        in->parts = NULL;
        TRY(problem_tell(cx, in));
        for (size_t i = 0; i < in->field_count; i++) {
                TRY(text_check(cx, in->fields[i].name, NULL, NAME_MAX_BYTES, false));
                TRY(text_check(cx, in->fields[i].value, in->fields[i].name.p, in->limits.body_max, true));
        }
        req->fields = in->fields;
        req->field_count = in->field_count;
        return RC_OK;
}

static rc files_end(struct cx *cx, struct incoming *in, struct http_req *req)
{
        file_end(in);
        TRY(problem_tell(cx, in));
        for (size_t i = 0; i < in->file_count; i++) {
                TRY(text_check(cx, in->files[i].field, NULL, NAME_MAX_BYTES, false));
                TRY(text_check(cx, in->files[i].name, in->files[i].field.p, NAME_MAX_BYTES, false));
                TRY(text_check(cx, in->files[i].type, in->files[i].field.p, NAME_MAX_BYTES, false));
        }
        req->files = in->files;
        req->file_count = in->file_count;
        return RC_OK;
}

rc incoming_end(struct cx *cx, struct incoming *in, struct http_req *req)
{
        if (in->parts != NULL)
                TRY(parts_end(cx, in, req));
        TRY(files_end(cx, in, req));
        if (in->kind == URLENCODED)
                return urlencoded_read(cx, (str){ in->body ? in->body : "", in->used }, true, &req->fields, &req->field_count);
        if (in->kind == RAW)
                req->body = (str){ in->body ? in->body : "", in->used };
        return RC_OK;
}

void incoming_close(struct incoming *in)
{
        if (in->parts != NULL)
                (void)MHD_destroy_post_processor(in->parts);
        file_end(in);
        for (size_t i = 0; i < in->file_count; i++)
                (void)unlink(in->files[i].path.p);
        arena_close(in->mem);
}
