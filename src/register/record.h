/* record.h - records of a register: create, read, update, erase, list, history. The database enforces what an account
 * may see; here its refusals become sentences. */
#ifndef DAICHO_REGISTER_RECORD_H
#define DAICHO_REGISTER_RECORD_H

#include "register/condition.h"

struct record {
        int64_t id;
        int64_t version;
        msec created_at, updated_at;
        str created_by, updated_by; /* "account:12:hanako" */
        int64_t origin;             /* job that brought it in; 0: none */
        str *values;                /* by item->number, stored form; absent: empty, or not to be seen */
};

/* What somebody wants written. */
struct record_input {
        str *values; /* by item->number */
        bool *given;
};

/* RC_CONFLICT with the item that is taken already. Both read the object and answer with the record as it is now. */
rc record_create(struct cx *cx, str register_name, const json_t *object, const struct definition **ret_def, struct record **ret) MUST_USE;
/* version: what the writer saw. RC_STALE: *ret is the record as it is now. RC_UNKNOWN. Nothing changes when nothing
 * differs. */
rc record_update(struct cx *cx, str register_name, int64_t id, int64_t version, const json_t *object, const struct definition **ret_def,
                 struct record **ret) MUST_USE;
rc record_erase(struct cx *cx, str register_name, int64_t id, int64_t version, const struct definition **ret_def, struct record **ret) MUST_USE;
/* RC_UNKNOWN. One trip. */
rc record_get(struct cx *cx, str register_name, int64_t id, const struct definition **ret_def, struct record **ret) MUST_USE;

enum { RECORD_LIMIT = 50, RECORD_LIMIT_MAX = 200, RECORD_COUNT_CAP = 2000 };

struct record_query {
        str q;                   /* search box; absent */
        str condition;           /* JSON text; absent */
        str sort;                /* item name, "-name" for descending; absent: newest first */
        str after;               /* cursor of the page before; absent */
        int limit;               /* 1..RECORD_LIMIT_MAX; 0: RECORD_LIMIT */
        bool exact;              /* count exactly */
        bool narrow;             /* only the items of the list page */
        bool count;              /* is a count wanted at all */
        const struct item *item; /* with id: only records that refer to it (related records) */
        int64_t item_id;
};

enum record_count { RECORD_COUNT_NONE, RECORD_COUNT_EXACT, RECORD_COUNT_ABOUT, RECORD_COUNT_AT_LEAST };

struct record_page {
        const struct definition *def;
        struct record *records;
        size_t count;
        str next; /* cursor; absent: this is the end */
        enum record_count total_kind;
        int64_t total;
        json_t *condition;       /* as read; NULL */
        str sentence;            /* of the condition; absent without one */
        const struct item *sort; /* NULL: newest first */
        bool descending;
};

/* Keyset paging: stable while records come and go. */
rc record_list(struct cx *cx, str register_name, const struct record_query *query, struct record_page **ret) MUST_USE;

struct record_change {
        int64_t id;
        int64_t version; /* of the record before */
        msec at;
        str actor;   /* "account:12:hanako" */
        int64_t job; /* 0: none */
        bool deleted;
        json_t *old; /* items that changed, as they were */
        json_t *new; /* the same items as they became; {} when deleted */
};

/* Newest first, also of a record that is gone. before: id of a change, 0: the newest. */
rc record_changes(struct cx *cx, const struct definition *def, int64_t id, int64_t before, int limit, struct record_change **ret,
                  size_t *ret_count) MUST_USE;

/* {id, version, created_at, created_by, updated_at, updated_by, origin, ITEM: value…}; narrow: only the items of the
 * list page. */
json_t *record_model(struct cx *cx, const struct definition *def, const struct record *rec, bool narrow);
/* What names these records of another register, as an object {"12": "佐藤 美咲"}; "#12" where that cannot be told. */
rc record_headings(struct cx *cx, str register_name, const int64_t *ids, size_t count, json_t **ret) MUST_USE;
/* "hanako" of "account:12:hanako". */
str record_actor(str actor);

/* Numbers for charts: {months:[{month:"2026-11", count}], values:[{value, count}]} - records by month of creation (the
 * last 13) and by a choice item. */
rc record_months(struct cx *cx, const struct definition *def, json_t **ret) MUST_USE;
rc record_groups(struct cx *cx, const struct definition *def, const struct item *item, json_t **ret) MUST_USE;

#endif
