/* mail.c - see mail.h. */
#include "base/house.h"

#include "mail/mail.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "base/utf8.h"
#include "mail/folder.h"
#include "mail/mail.sql.h"
#include "mail/mail_head.h"
#include "page/page.h"

enum { LIMIT = 50 };

/* Models --------------------------------------------------------------------------------------------------------------------------- */

static json_t *time_model(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static json_t *mail_model(struct cx *cx, const struct mail_row *r)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "state", json_str(r->state));
        json_set(m, "subject", json_str(r->subject));
        json_set(m, "from_name", json_str(r->from_name));
        json_set(m, "folder", r->folder_null ? json_null() : json_integer(r->folder));
        json_set(m, "version", json_integer(r->version));
        json_set(m, "characters", json_integer(r->characters));
        json_set(m, "created_by", json_str(r->created_by));
        json_set(m, "created_at", time_model(cx, r->created_at, false));
        json_set(m, "updated_by", json_str(r->updated_by));
        json_set(m, "updated_at", time_model(cx, r->updated_at, false));
        json_set(m, "deleted_by", json_str(r->deleted_by));
        json_set(m, "deleted_at", time_model(cx, r->deleted_at, r->deleted_at_null));
        json_set(m, "until_at", time_model(cx, r->until_at, r->until_at_null));
        if (!str_absent(r->body))
                json_set(m, "body", json_str(r->body));
        return m;
}

/* Lists ---------------------------------------------------------------------------------------------------------------------------- */

/* "1764547200123.17": the time and the number of the last one shown. */
static rc cursor_read(struct cx *cx, str text, msec *at, int64_t *id, const msec **ret)
{
        str rest, first;

        *ret = NULL;
        *id = 0;
        if (str_absent(text) || str_empty(text))
                return RC_OK;
        first = str_cut(text, '.', &rest);
        if (str_absent(rest) || !str_int(first, at) || !str_int(rest, id) || *at < 0 || *at > INT64_C(4102444800000) || *id <= 0)
                return fail(cx, RC_INVALID, "after", "is not a cursor of this list");
        *ret = at;
        return RC_OK;
}

rc mail_list(struct cx *cx, const struct mail_query *query, json_t **ret)
{
        static const char *const places[] = { [MAIL_ALL] = "all", [MAIL_FOLDER] = "folder", [MAIL_NO_FOLDER] = "none", [MAIL_TRASH] = "trash" };
        int64_t limit = query->limit > 0 && query->limit <= MAIL_LIMIT_MAX ? query->limit : LIMIT, after_id;
        json_t *m = json_object(), *list = json_array();
        str q = str_absent(query->q) ? STR_NONE : str_trim(query->q);
        struct mail_row *row;
        const msec *after;
        size_t count;
        msec at;

        if (str_empty(q))
                q = STR_NONE;
        TRY(cursor_read(cx, query->after, &at, &after_id, &after));
        if (query->place == MAIL_TRASH)
                TRY(sql_mail_trashed(cx, q, after, after_id, limit + 1, &row, &count));
        else
                TRY(sql_mail_list(cx, str_of(places[query->place]), query->folder, q, after, after_id, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++)
                must(json_array_append_new(list, mail_model(cx, &row[i])) == 0);
        json_set(m, "mails", list);
        if (count > (size_t)limit) {
                const struct mail_row *last = &row[limit - 1];

                json_set(m, "next",
                         json_str(str_format(cx->mem, "%" PRId64 ".%" PRId64,
                                             query->place == MAIL_TRASH ? (int64_t)last->deleted_at : (int64_t)last->updated_at, last->id)));
        } else {
                json_set(m, "next", json_null());
        }
        *ret = m;
        return RC_OK;
}

/* One ------------------------------------------------------------------------------------------------------------------------------- */

static rc row_find(struct cx *cx, int64_t id, struct mail_row **ret)
{
        TRY(sql_mail_find(cx, id, ret));
        return *ret != NULL ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such mail");
}

rc mail_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct mail_row *row;
        str path;

        TRY(row_find(cx, id, &row));
        TRY(folder_check(cx, row->folder_null ? 0 : row->folder, "folder", &path));
        *ret = json_set(mail_model(cx, row), "folder_path", json_str(path));
        return RC_OK;
}

/* Lines end with LF, whatever wrote them. */
static str lines_even(struct cx *cx, str body)
{
        struct buf b = buf_open(cx->mem, body.n + 1);

        for (size_t i = 0; i < body.n; i++) {
                if (body.p[i] != '\r')
                        buf_char(&b, body.p[i]);
                else if (i + 1 == body.n || body.p[i + 1] != '\n')
                        buf_char(&b, '\n');
        }
        return buf_str(&b);
}

struct wish {
        str subject, from_name, body;
        int64_t folder;
};

/* What is given, else what stands there. */
static rc wish_read(struct cx *cx, const json_t *in, struct wish *w)
{
        const json_t *folder = json_object_get(in, "folder");
        rc subject, from_name;
        str path;

        if (json_object_get(in, "subject") != NULL)
                w->subject = mail_head_trim(json_get_text(in, "subject"));
        if (json_object_get(in, "from_name") != NULL)
                w->from_name = mail_head_trim(json_get_text(in, "from_name"));
        if (json_object_get(in, "body") != NULL)
                w->body = lines_even(cx, json_get_text(in, "body"));
        subject = str_empty(w->subject) ? fail(cx, RC_INVALID, "subject", "must not be empty")
                                        : mail_head_check(cx, w->subject, "subject", MAIL_SUBJECT_MAX);
        from_name = mail_head_check(cx, w->from_name, "from_name", MAIL_FROM_MAX);
        TRY(text_check(cx, w->body, "body", MAIL_BODY_MAX, true));
        TRY(subject); /* all that is wrong was told by now */
        TRY(from_name);
        if (folder != NULL) {
                w->folder = json_integer_value(folder);
                TRY(folder_check(cx, w->folder, "folder", &path));
        }
        return RC_OK;
}

static const int64_t *or_null(const int64_t *id)
{
        return *id != 0 ? id : NULL;
}

rc mail_create(struct cx *cx, const json_t *in, json_t **ret)
{
        struct wish w = { .subject = S(""), .from_name = S(""), .body = S("") };
        int64_t id;

        TRY(wish_read(cx, in, &w));
        TRY(sql_mail_insert(cx, w.subject, w.from_name, w.body, or_null(&w.folder), &id));
        return mail_get(cx, id, ret);
}

static rc trash_check(struct cx *cx, const struct mail_row *row)
{
        return row->deleted_at_null ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this mail lies in the trash; take it out first");
}

rc mail_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        bool written = json_object_get(in, "subject") != NULL || json_object_get(in, "from_name") != NULL || json_object_get(in, "body") != NULL;
        struct mail_row *row;
        int64_t changed;
        struct wish w;

        TRY(row_find(cx, id, &row));
        TRY(mail_get(cx, id, ret_before));
        TRY(trash_check(cx, row));
        if (written && !str_is(row->state, "draft"))
                return fail(cx, RC_CONFLICT, NULL, "this mail was sent and stays as it was; copy it to write another one");
        if (row->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        w = (struct wish){ row->subject, row->from_name, row->body, row->folder_null ? 0 : row->folder };
        TRY(wish_read(cx, in, &w));
        TRY(sql_mail_change(cx, id, version, w.subject, w.from_name, w.body, or_null(&w.folder), &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return mail_get(cx, id, ret);
}

rc mail_copy(struct cx *cx, int64_t id, json_t **ret)
{
        str suffix = str_format(cx->mem, "%s%.*s", cx->lang == LANG_EN ? " " : "", STR_ARG(page_text(cx->lang, "mail.copied")));
        struct mail_row *row;
        int64_t copy;
        str subject;

        TRY(row_find(cx, id, &row));
        TRY(trash_check(cx, row));
        subject = utf8_head(row->subject, MAIL_SUBJECT_MAX - utf8_length(suffix));
        subject = str_format(cx->mem, "%.*s%.*s", STR_ARG(subject), STR_ARG(suffix));
        TRY(sql_mail_insert(cx, subject, row->from_name, row->body, row->folder_null ? NULL : &row->folder, &copy));
        return mail_get(cx, copy, ret);
}

/* Several --------------------------------------------------------------------------------------------------------------------------- */

/* [3, "17"] -> "3 17", each once. */
static rc ids_read(struct cx *cx, const json_t *list, str *ret, int64_t *ret_count)
{
        struct buf b = buf_open(cx->mem, KB(8));
        int64_t seen[MAIL_CHOSEN_MAX], id = 0, count = 0;
        const json_t *one;
        size_t i;

        if (json_array_size(list) == 0)
                return fail(cx, RC_INVALID, NULL, "choose at least one mail");
        if (json_array_size(list) > MAIL_CHOSEN_MAX)
                return fail(cx, RC_INVALID, NULL, "at most %d mails can be chosen at once", MAIL_CHOSEN_MAX);
        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                int64_t k = 0;

                if (json_is_integer(one))
                        id = json_integer_value(one);
                else if (!json_is_string(one) || !str_int(json_text(one), &id))
                        id = 0;
                if (id <= 0)
                        return fail(cx, RC_INVALID, "mails", "must be numbers of mails");
                while (k < count && seen[k] != id)
                        k++;
                if (k < count)
                        continue;
                seen[count++] = id;
                buf_format(&b, "%s%" PRId64, count > 1 ? " " : "", id);
        }
        must(!buf_full(&b));
        *ret = buf_str(&b);
        *ret_count = count;
        return RC_OK;
}

static rc chosen_read(struct cx *cx, const json_t *list, str *ret, int64_t *ret_count, int64_t *ret_sent)
{
        struct mail_chosen_row *row;

        TRY(ids_read(cx, list, ret, ret_count));
        TRY(sql_mail_chosen(cx, *ret, &row));
        *ret_sent = row->sent;
        if (row->here < *ret_count)
                return fail(cx, RC_CONFLICT, NULL, "%lld of the chosen mails are not there any more; nothing was done",
                            (long long)(*ret_count - row->here));
        return RC_OK;
}

rc mail_move(struct cx *cx, const json_t *ids, int64_t folder, str *ret_path, int64_t *ret_moved)
{
        int64_t count, sent;
        size_t moved;
        str list;

        TRY(chosen_read(cx, ids, &list, &count, &sent));
        TRY(folder_check(cx, folder, "folder", ret_path));
        TRY(sql_mail_put(cx, list, or_null(&folder), &moved));
        *ret_moved = (int64_t)moved;
        return RC_OK;
}

rc mail_trash(struct cx *cx, const json_t *ids, int64_t *ret_count, bool *ret_erased)
{
        int64_t sent, left;
        size_t dropped;
        str list;

        TRY(chosen_read(cx, ids, &list, ret_count, &sent));
        if (sent > 0)
                return fail(cx, RC_CONFLICT, NULL, "%lld of the chosen mails were sent; what was sent is not deleted", (long long)sent);
        TRY(sql_mail_drop(cx, list, &dropped));
        TRY(sql_mail_here(cx, list, &left));
        *ret_erased = left == 0;
        return RC_OK;
}

static rc trashed_find(struct cx *cx, int64_t id, struct mail_row **ret)
{
        TRY(row_find(cx, id, ret));
        return (*ret)->deleted_at_null ? fail(cx, RC_CONFLICT, NULL, "this mail does not lie in the trash") : RC_OK;
}

rc mail_restore(struct cx *cx, int64_t id, json_t **ret)
{
        struct mail_row *row;
        size_t changed;

        TRY(trashed_find(cx, id, &row));
        if (row->until_at <= cx->now)
                return fail(cx, RC_CONFLICT, NULL, "after %d days in the trash a mail does not come back", MAIL_TRASH_DAYS);
        TRY(sql_mail_return(cx, id, &changed));
        if (changed == 0)
                return fail(cx, RC_CONFLICT, NULL, "this mail does not lie in the trash");
        return mail_get(cx, id, ret);
}

rc mail_erase(struct cx *cx, int64_t id, json_t **ret)
{
        struct mail_row *row;
        size_t changed;

        TRY(trashed_find(cx, id, &row));
        row->body = STR_NONE;
        TRY(sql_mail_wipe(cx, id, &changed));
        *ret = mail_model(cx, row);
        return changed > 0 ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such mail");
}

/* The chore ------------------------------------------------------------------------------------------------------------------------- */

rc mail_due_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct mail_due_row *due;

        TRY(sql_mail_due_after(cx, after, &due));
        *ret_tenant = due ? due->tenant : STR_NONE;
        *ret_id = due ? due->id : 0;
        return RC_OK;
}

rc mail_due_erase(struct cx *cx, int64_t id, json_t **ret)
{
        int64_t gone;

        TRY(sql_mail_due_take(cx, id, &gone));
        if (gone > 0)
                *ret = json_set(json_object(), "mails", json_integer(gone));
        return RC_OK;
}
