/* log_file.c - see log_file.h. */
#include "base/house.h"

#include "console/log_file.h"

#include "base/buf.h"
#include "base/charset.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "log/log.h"
#include "page/page.h"
#include "register/formula.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PAGE = 1000, PIECE = 4 << 20 };

/* Headings (texts log.NAME) and the members of an entry's model under them. */
static const struct {
        const char *title, *member;
} columns[] = {
        { "log.number", "id" },
        { "log.at", "at" },
        { "log.who", "actor_text" },
        { "log.groups", "groups" },
        { "log.source", "source" },
        { "log.verb", "verb_title" },
        { "log.subject", "subject_text" },
        { "log.outcome", "result_text" },
        { "log.content", "sentence" },
        { "log.detail", "detail_text" },
};

struct file {
        int fd;
        enum charset set;
        struct charset_loss loss;
        int64_t rows, bytes;
        char *piece; /* PIECE bytes: one page, encoded */
};

static rc charset_choose(struct cx *cx, str name, enum charset *ret)
{
        *ret = CHARSET_UTF8;
        if (str_empty(name) || (charset_find(name, ret) && !charset_wide(*ret)))
                return RC_OK;
        return fail(cx, RC_INVALID, "encoding", "must be utf-8 or cp932");
}

rc log_file_start(struct cx *cx, const json_t *filter, str encoding, int64_t *ret_job)
{
        json_t *args = json_object(), *nothing;
        enum charset set;

        TRY(charset_choose(cx, encoding, &set));
        /* refuses what cannot be read before anybody waits for it */
        TRY(log_list(cx, &(struct log_query){ .filter = filter, .limit = 1 }, &nothing));
        (void)json_set(args, "filter", json_deep_copy(filter));
        (void)json_set(args, "encoding", json_string(set == CHARSET_CP932 ? "cp932" : "utf-8"));
        TRY(job_add(cx, "log_export", STR_NONE, args, ret_job));
        log_subject(cx, S("job"), *ret_job);
        log_detail(cx, "filter", json_deep_copy(filter));
        return RC_OK;
}

static void fd_drop(void *p)
{
        (void)close((int)(intptr_t)p);
}

static rc file_make(struct cx *cx, struct job *job, struct file *f)
{
        struct civil now = clock_tokyo(cx->now);
        const char *path;

        job->result_file = str_format(cx->mem, "result/%" PRId64 ".csv", job->id);
        job->result_name =
            str_format(cx->mem, "%.*s_%04d%02d%02d.csv", STR_ARG(page_text(cx->lang, "log.title")), now.date.year, now.date.month, now.date.day);
        path = file_store_path(cx->mem, job->result_file);
        TRY(file_directory(cx, file_store_path(cx->mem, S("result")), 0700));
        f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (f->fd < 0)
                return file_failed(cx, "the file of the export", errno);
        arena_defer(cx->mem, fd_drop, (void *)(intptr_t)f->fd);
        f->piece = arena_alloc(cx->mem, PIECE);
        return RC_OK;
}

static rc put(struct cx *cx, struct file *f, const struct buf *text)
{
        size_t n, done = 0;

        must(!buf_full(text) && text->n <= PIECE);
        n = charset_encode(f->set, buf_str(text), f->piece, &f->loss);
        while (done < n) {
                ssize_t k = write(f->fd, f->piece + done, n - done);

                if (k < 0 && errno != EINTR)
                        return file_failed(cx, "the file of the export", errno);
                done += k > 0 ? (size_t)k : 0;
        }
        f->bytes += (int64_t)n;
        return RC_OK;
}

static void cell(struct cx *cx, struct buf *out, str value)
{
        if (formula_like(value))
                value = str_format(cx->mem, "'%.*s", STR_ARG(value));
        buf_csv(out, value);
}

static rc heading(struct cx *cx, struct file *f)
{
        struct buf out = buf_open(cx->mem, KB(4));

        if (f->set == CHARSET_UTF8)
                buf_text(&out, "\xef\xbb\xbf");
        for (size_t i = 0; i < COUNT(columns); i++) {
                if (i > 0)
                        buf_char(&out, ',');
                cell(cx, &out, page_text(cx->lang, columns[i].title));
        }
        buf_text(&out, "\r\n");
        return put(cx, f, &out);
}

static rc row(struct cx *cx, struct file *f, const json_t *entry)
{
        struct arena_mark mark = arena_mark(cx->mem);
        struct buf out = buf_open(cx->mem, KB(512));

        for (size_t i = 0; i < COUNT(columns); i++) {
                const json_t *value = json_object_get(entry, columns[i].member);

                if (i > 0)
                        buf_char(&out, ',');
                if (json_is_integer(value))
                        buf_int(&out, json_integer_value(value));
                else if (json_is_string(value))
                        cell(cx, &out, json_text(value));
        }
        buf_text(&out, "\r\n");
        TRY(put(cx, f, &out));
        f->rows++;
        arena_rewind(cx->mem, mark);
        return RC_OK;
}

/* One page; *next: where to go on, 0 at the end. Nothing of it stays in memory. */
static rc page(struct cx *cx, struct file *f, const json_t *filter, int64_t *next)
{
        struct log_query query = { .filter = filter, .before = *next, .limit = PAGE, .patient = true, .details = true };
        json_t *model, *entry;
        size_t i;

        TRY(log_list(cx, &query, &model));
        json_array_foreach(json_object_get(model, "entries"), i, entry)
                TRY(row(cx, f, entry));
        *next = json_integer_value(json_object_get(model, "next"));
        return RC_OK;
}

rc log_file_run(struct cx *cx, struct job *job)
{
        const json_t *filter = json_object_get(job->args, "filter");
        json_t *result = json_object();
        struct file f = { .fd = -1 };
        int64_t next = 0;

        TRY(charset_choose(cx, json_get_text(job->args, "encoding"), &f.set));
        TRY(file_make(cx, job, &f));
        TRY(heading(cx, &f));
        do {
                struct arena_mark mark = arena_mark(cx->mem);

                TRY(page(cx, &f, filter, &next));
                arena_rewind(cx->mem, mark);
                TRY(job_progress(cx, job, f.rows, f.rows + next, "job.step.file"));
        } while (next > 0);
        (void)json_set(result, "rows", json_integer(f.rows));
        (void)json_set(result, "bytes", json_integer(f.bytes));
        (void)json_set(result, "encoding", json_string(charset_name(f.set)));
        (void)json_set(result, "replaced", json_integer(f.loss.replaced));
        (void)json_set(result, "similar", json_integer(f.loss.similar));
        job->result = result;
        log_subject(cx, S("log"), 0);
        log_detail(cx, "rows", json_integer(f.rows));
        log_detail(cx, "filter", json_deep_copy(filter));
        log_detail(cx, "encoding", json_string(charset_name(f.set)));
        return RC_OK;
}
