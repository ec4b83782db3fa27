/* notice.c - see notice.h. */
#include "base/house.h"

#include "notify/notice.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "db/db.h"
#include "notify/notice.sql.h"
#include "page/page.h"
#include "post/message.h"

struct notice_text {
        const char *kind; /* word: texts notice.KIND.subject and notice.KIND.body of the catalogue, plain text over `model` */
        enum lang lang;   /* the recipient's */
        json_t *model;
        bool secret; /* the body is wiped once it is sent or given up */
};

enum { BODY_MAX = 20000, URL_MAX = 300 };

static char house_url[URL_MAX];

void notice_start(str url)
{
        must(url.n < URL_MAX);
        memcpy(house_url, url.p, url.n);
        house_url[url.n] = '\0';
}

static rc text_make(struct cx *cx, const struct notice_text *text, const char *part, size_t max, str *ret)
{
        struct buf out = buf_open(cx->mem, max);
        enum lang lang = cx->lang;
        const char *key = str_format(cx->mem, "notice.%s.%s", text->kind, part).p;
        rc result;

        cx->lang = text->lang;
        json_set(text->model, "url", json_str(str_of(house_url)));
        result = page_render_plain(cx, page_text(text->lang, key), text->model, &out);
        cx->lang = lang;
        TRY(result);
        if (buf_full(&out))
                return fail(cx, RC_TOO_LARGE, "body", "a message may have at most %d bytes", (int)max);
        *ret = str_trim(buf_str(&out));
        return RC_OK;
}

/* To `recipient`: about the tenant entered, or outside of any as the house. */
static rc tell(struct cx *cx, str recipient, const struct notice_text *text)
{
        str subject, body;

        if (!message_address_valid(recipient))
                return fail(cx, RC_INVALID, "email", "is not an e-mail address");
        TRY(text_make(cx, text, "subject", MESSAGE_SUBJECT_MAX, &subject));
        TRY(text_make(cx, text, "body", BODY_MAX, &body));
        if (str_absent(cx->tenant))
                return sql_notice_insert_house(cx, str_of(text->kind), recipient, subject, body);
        return sql_notice_insert(cx, cx->tenant, str_of(text->kind), recipient, subject, body, text->secret);
}

rc notice_first_password(struct cx *cx, str recipient, str lang, str login, str password, int64_t days)
{
        struct notice_text text = { .kind = "first_password", .model = json_object(), .secret = true };
        struct contract_words *contract;

        TRY(sql_notice_contract(cx, &contract));
        text.lang = str_is(str_absent(lang) ? contract->lang : lang, "en") ? LANG_EN : LANG_JA;
        json_set(text.model, "tenant", json_str(contract->name));
        json_set(text.model, "tenant_title", json_str(contract->title));
        json_set(text.model, "login", json_str(login));
        json_set(text.model, "password", json_str(password));
        json_set(text.model, "days", json_integer(days));
        return tell(cx, recipient, &text);
}

rc notice_link(struct cx *cx, str recipient, str lang, str login, str link)
{
        struct notice_text text = { .kind = "link", .model = json_object(), .secret = true };
        struct contract_words *contract;

        TRY(sql_notice_contract(cx, &contract));
        text.lang = str_is(str_absent(lang) ? contract->lang : lang, "en") ? LANG_EN : LANG_JA;
        json_set(text.model, "tenant_title", json_str(contract->title));
        json_set(text.model, "login", json_str(login));
        json_set(text.model, "link", json_str(link));
        return tell(cx, recipient, &text);
}

/* Words of the engine in the reader's language. */
static void words_add(struct cx *cx, struct notice_text *text)
{
        static const struct {
                const char *member, *group, *title;
        } words[] = { { "about", "log.kind", "about_text" }, { "verb", "verb", "verb_text" } };

        for (size_t i = 0; i < COUNT(words); i++) {
                str word = json_get_text(text->model, words[i].member);

                if (!str_absent(word))
                        json_set(text->model, words[i].title,
                                 json_str(page_text(text->lang, str_format(cx->mem, "%s.%.*s", words[i].group, STR_ARG(word)).p)));
        }
}

/* To each of these: members of `model`, the contract's title, and `at` and the day of `due_at` as people read them. */
static rc tell_all(struct cx *cx, const struct notice_reader *reader, size_t count, const char *kind, const json_t *model)
{
        struct contract_words *contract;
        msec at, due;

        TRY(sql_notice_contract(cx, &contract));
        for (size_t i = 0; i < count; i++) {
                struct notice_text text = { .kind = kind, .model = json_copy((json_t *)(uintptr_t)model) };

                if (!message_address_valid(reader[i].email))
                        continue;
                text.lang = str_is(str_absent(reader[i].lang) ? contract->lang : reader[i].lang, "en") ? LANG_EN : LANG_JA;
                json_set(text.model, "tenant", json_str(contract->name));
                json_set(text.model, "tenant_title", json_str(contract->title));
                if (!str_absent(json_get_text(model, "actor_kind")))
                        json_set(text.model, str_format(cx->mem, "is_%.*s", STR_ARG(json_get_text(model, "actor_kind"))).p, json_true());
                if (clock_read(json_get_text(model, "at"), &at))
                        json_set(text.model, "at_text", json_str(clock_text(cx->mem, text.lang, at)));
                if (clock_read(json_get_text(model, "due_at"), &due))
                        json_set(text.model, "due_on", json_str(clock_date_text(cx->mem, text.lang, clock_tokyo(due).date)));
                words_add(cx, &text);
                TRY(tell(cx, reader[i].email, &text));
        }
        return RC_OK;
}

/* But for one account; 0: for none. */
static rc tell_holders(struct cx *cx, const char *word, int64_t but, const char *kind, const json_t *model)
{
        struct notice_reader *reader;
        size_t count;

        TRY(sql_notice_holders(cx, str_of(word), but, &reader, &count));
        return tell_all(cx, reader, count, kind, model);
}

rc notice_managers(struct cx *cx, const char *kind, const json_t *model)
{
        return tell_holders(cx, "person.manage", 0, kind, model);
}

rc notice_owner(struct cx *cx, int64_t account_id, const char *kind, const json_t *model)
{
        struct notice_reader *owner;

        TRY(sql_notice_account(cx, account_id, &owner));
        return owner != NULL && message_address_valid(owner->email) ? tell_all(cx, owner, 1, kind, model) : notice_guards(cx, kind, model);
}

rc notice_guards(struct cx *cx, const char *kind, const json_t *model)
{
        return tell_holders(cx, "account.manage", 0, kind, model);
}

rc notice_approvers(struct cx *cx, const char *kind, const json_t *model)
{
        return tell_holders(cx, "access.approve", 0, kind, model);
}

rc notice_access(struct cx *cx, const char *kind, int64_t asked_person, int64_t person_id, const json_t *model)
{
        struct notice_reader *reader;
        size_t count;

        if (strcmp(kind, "access_asked") == 0)
                TRY(sql_notice_approvers_but(cx, asked_person, &reader, &count));
        else
                TRY(sql_notice_people(cx, asked_person, person_id, &reader, &count));
        return tell_all(cx, reader, count, kind, model);
}

rc notice_log_readers(struct cx *cx, const char *kind, const json_t *model)
{
        return tell_holders(cx, "log.read", 0, kind, model);
}

rc notice_webhooks(struct cx *cx, const char *kind, const json_t *model)
{
        return tell_holders(cx, "webhook.manage", 0, kind, model);
}

rc notice_duty(struct cx *cx, str recipient, str lang, const char *kind, const json_t *model)
{
        const struct notice_reader reader = { .email = recipient, .lang = lang };

        return tell_all(cx, &reader, 1, kind, model);
}

rc notice_login(struct cx *cx, str recipient, str lang, const struct notice_login *what)
{
        struct notice_text text = { .kind = what->locked ? "login_locked" : "login_burst", .model = json_object() };
        str subject, body;

        if (!message_address_valid(recipient))
                return RC_OK;
        text.lang = str_is(lang, "en") ? LANG_EN : LANG_JA;
        json_set(text.model, "tenant", json_str(what->tenant));
        json_set(text.model, "tenant_title", json_str(what->tenant_title));
        json_set(text.model, "login", json_str(what->login));
        json_set(text.model, "source", json_str(what->source));
        json_set(text.model, "count", json_integer(what->count));
        json_set(text.model, "at", json_str(clock_text(cx->mem, text.lang, what->at)));
        TRY(text_make(cx, &text, "subject", MESSAGE_SUBJECT_MAX, &subject));
        TRY(text_make(cx, &text, "body", BODY_MAX, &body));
        return sql_notice_insert_login(cx, what->tenant, what->locked ? S("locked") : S("burst"), recipient, subject, body);
}

rc notice_operator(struct cx *cx, str verb, bool made, str about, int64_t id)
{
        json_t *model = json_object();
        str name;

        TRY(sql_notice_name(cx, about, id, &name));
        json_set(model, "verb", json_str(verb));
        json_set(model, "about", json_str(about));
        json_set(model, "name", str_absent(name) && id != 0 ? json_str(db_int(cx, id)) : json_str(name));
        json_set(model, "actor", json_str(cx->actor.name));
        json_set(model, "groups", json_str(cx->actor.groups));
        json_set(model, "at", json_str(clock_rfc3339(cx->mem, cx->now)));
        return tell_holders(cx, "account.manage", made && str_is(about, "account") ? id : 0, "operator", model);
}

rc notice_words(struct cx *cx, const char *kind, enum lang lang, json_t *model, json_t **ret)
{
        struct notice_text text = { .kind = kind, .lang = lang, .model = model };
        str subject, body;

        TRY(text_make(cx, &text, "subject", MESSAGE_SUBJECT_MAX, &subject));
        TRY(text_make(cx, &text, "body", BODY_MAX, &body));
        *ret = json_set(json_set(json_object(), "subject", json_str(subject)), "body", json_str(body));
        return RC_OK;
}

/* In every language, one below the other: nobody knows who reads it. */
static rc text_of_all(struct cx *cx, struct notice_text *text, const char *part, const char *between, size_t max, str *ret)
{
        struct buf out = buf_open(cx->mem, max * LANG_END);

        for (enum lang lang = LANG_JA; lang < LANG_END; lang++) {
                str one;

                text->lang = lang;
                TRY(text_make(cx, text, part, max, &one));
                if (lang != LANG_JA)
                        buf_add(&out, str_of(between));
                buf_add(&out, one);
        }
        *ret = buf_str(&out);
        return RC_OK;
}

rc notice_root(struct cx *cx, str actor, str source, const str *recipients, size_t count)
{
        struct notice_text text = { .kind = "root", .model = json_object() };
        str subject, body;
        bool told;

        json_set(text.model, "actor", json_str(actor));
        json_set(text.model, "source", json_str(source));
        TRY(text_of_all(cx, &text, "subject", " / ", MESSAGE_SUBJECT_MAX / LANG_END, &subject));
        TRY(text_of_all(cx, &text, "body", "\n\n--\n", BODY_MAX / LANG_END, &body));
        return sql_notice_root(cx, actor, source, db_array(cx, recipients, count), subject, body, &told);
}

/* Of the house itself, in both languages: to the operators' own people. */
static rc house_texts(struct cx *cx, const char *kind, const json_t *told, str *ret_subject, str *ret_body)
{
        struct notice_text text = { .kind = kind, .model = json_deep_copy(told) };

        TRY(text_of_all(cx, &text, "subject", " / ", MESSAGE_SUBJECT_MAX / LANG_END, ret_subject));
        return text_of_all(cx, &text, "body", "\n\n--\n", BODY_MAX / LANG_END, ret_body);
}

rc notice_backup(struct cx *cx, const json_t *told)
{
        str subject, body;
        int64_t count;

        TRY(house_texts(cx, "backup_late", told, &subject, &body));
        return sql_notice_backup(cx, subject, body, &count);
}

rc notice_postal(struct cx *cx, const json_t *told)
{
        str subject, body;
        int64_t count;

        TRY(house_texts(cx, "postal_old", told, &subject, &body));
        return sql_notice_postal(cx, subject, body, &count);
}

rc notice_list(struct cx *cx, int64_t before_id, int limit, json_t **ret)
{
        json_t *model = json_object(), *list = json_array();
        struct notice *row;
        size_t count;

        TRY(sql_notice_list(cx, before_id, limit + 1, &row, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "kind", json_str(row[i].kind));
                json_set(one, "recipient", json_str(row[i].recipient));
                json_set(one, "subject", json_str(row[i].subject));
                json_set(one, "state", json_str(row[i].state));
                json_set(one, "created_at", json_str(clock_rfc3339(cx->mem, row[i].created_at)));
                json_set(one, "sent_at", row[i].sent_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, row[i].sent_at)));
                must(json_array_append_new(list, one) == 0);
        }
        json_set(model, "notices", list);
        json_set(model, "next", count > (size_t)limit ? json_integer(row[limit - 1].id) : json_null());
        *ret = model;
        return RC_OK;
}
