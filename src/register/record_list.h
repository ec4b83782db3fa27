/* record_list.h - lists of records: keyset pages by condition, words and order, and how many there are. */
#ifndef DAICHO_REGISTER_RECORD_LIST_H
#define DAICHO_REGISTER_RECORD_LIST_H

#include "register/record.h"

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

#endif
