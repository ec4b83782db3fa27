/* definition.h - a register: a real PostgreSQL table described by items. Read from YAML (registers/NAME.yaml) or JSON,
 * stored in tenant.register, kept parsed per process and per version. Table: tenant.r_NAME with system columns id,
 * version, created_at, created_by, updated_at, updated_by, origin (job that created the row), then one column an item,
 * then search_text. */
#ifndef DAICHO_REGISTER_DEFINITION_H
#define DAICHO_REGISTER_DEFINITION_H

#include "base/json.h"

enum item_type {
        ITEM_TEXT, /* one line, or several with `lines` */
        ITEM_KANA, /* a reading: full-width katakana, whatever was typed */
        ITEM_EMAIL,
        ITEM_TELEPHONE,
        ITEM_POSTAL_CODE, /* 123-4567 */
        ITEM_URL,         /* http or https */
        ITEM_INTEGER,
        ITEM_DECIMAL, /* a number with `scale` decimal places: prices, rates, weights */
        ITEM_DATE,
        ITEM_DATETIME, /* an instant to the second, written in Tokyo's time */
        ITEM_BOOLEAN,
        ITEM_CHOICE,    /* one of `choices` */
        ITEM_REFERENCE, /* id of a record of another register; written as that record's key too */
        ITEM_CHOICES,   /* several of `choices` */
        ITEM_ACCOUNT,   /* number of an account of the contract; written as its log-in name too */
        ITEM_COMPUTED,  /* `sentence` of other items; no column of its own */
        ITEM_FILE,      /* a file, handed in by itself; item_file.h */
        ITEM_TYPES
};
enum register_kind { REGISTER_MASTER, REGISTER_HISTORY, REGISTER_REFERENCE };

/* Limits of one definition. A PostgreSQL table ends at 1600 columns; a page that anybody can read ends much sooner. */
/* clang-format off */
enum {
        DEFINITION_NAME_MAX = 24, DEFINITION_ITEM_NAME_MAX = 31,
        DEFINITION_ITEMS_MAX = 200, DEFINITION_CHOICES_MAX = 500, DEFINITION_SECTIONS_MAX = 30, DEFINITION_ALIASES_MAX = 30,
        DEFINITION_SIZE_MAX = 512 * 1024, DEFINITION_TITLE_MAX = 60, DEFINITION_HELP_MAX = 400, DEFINITION_FORMERLY_MAX = 10, ITEM_CHARS_MAX = 20000,
        ITEM_SCALE_MAX = 6
};
/* clang-format on */

/* What may be known to whom; contact: how somebody is reached, which may be kept on devices of one's own as well (doc/decisions.md). The strictest last. */
enum item_label { ITEM_PUBLIC, ITEM_CONTACT, ITEM_INTERNAL, ITEM_CONFIDENTIAL, ITEM_LABELS };

struct choice {
        str value;    /* stored; also what files hold unless a title matches */
        str title[2]; /* by enum lang */
        str *aliases;
        size_t alias_count; /* other ways files write it: "男性", "M" */
};

/* Parts of an address that a postal code tells, each with an item of its own; address: all that has none. */
enum fill { FILL_PREFECTURE, FILL_CITY, FILL_TOWN, FILL_ADDRESS, FILLS };

/* Of a sentence: the words before an item, and the item. */
struct sentence_part {
        str before;
        const struct item *item;
};

struct choice_word {
        str word; /* absent: free slot */
        size_t choice;
};

struct item {
        str name; /* [a-z][a-z0-9_]{0,30}, not a reserved word of the engine; NUL follows: also a C string */
        enum item_type type;
        str title[2]; /* by enum lang */
        str help[2];  /* may be absent */
        str memo;     /* management memo, may be absent */
        str *aliases;
        size_t alias_count;             /* other headings of files: "E-mail", "メール" */
        str section;                    /* heading on the detail page, key into definition->sections; may be absent */
        enum item_label classification; /* ITEM_LABELS while it is read: what follows from the rest */
        str *formerly;
        size_t formerly_count; /* names it had before: conditions and files that use them go on, history finds its values */
        bool required, unique, personal, searchable;
        bool joined;         /* searched together with the searchable item before it, without a gap: 佐藤美咲 */
        bool in_list;        /* column of the list page by default */
        bool in_heading;     /* part of what names a record */
        bool indexed;        /* conditions and sorting by it are frequent: has an index of its own */
        bool retired;        /* forms do not offer it any more; what records hold stays readable, nothing must be filled in */
        bool lines;          /* ITEM_TEXT: line breaks are kept */
        bool strictest;      /* yes or no, choice: two records made one keep what allows least (merge.h) */
        bool era;            /* ITEM_DATE: Japanese pages show the year of the era as well */
        int64_t min, max;    /* characters (text, kana), value (integer, decimal), how many (choices) or bytes (file) */
        int64_t scale;       /* ITEM_DECIMAL: decimal places, 1 to ITEM_SCALE_MAX */
        unsigned characters; /* ITEM_TEXT: classes it may hold (item_class.h); 0: all */
        unsigned accept;     /* ITEM_FILE: kinds of files it takes (item_file.h) */
        struct choice *choices;
        size_t choice_count;
        struct choice_word *choice_words;
        size_t choice_mask;          /* for item_choice.c: hash table of all ways to write a choice */
        str reference;               /* ITEM_REFERENCE: register referred to */
        bool kept;                   /* ITEM_REFERENCE, while a table is made: its target is not deleted while it is referred to */
        struct sentence_part *parts; /* ITEM_COMPUTED */
        size_t part_count;
        str sentence_end;                /* the words behind the last part */
        const struct item *fills[FILLS]; /* ITEM_POSTAL_CODE: where forms put what it stands for */
        size_t number;                   /* position in definition->items */
};

/* Records with the same values in all of these items may be the same (alike.h). */
enum { DEFINITION_RULES_MAX = 10, DEFINITION_RULE_ITEMS_MAX = 5 };
struct duplicate_rule {
        const struct item *items[DEFINITION_RULE_ITEMS_MAX];
        size_t count;
        str name; /* "family_name given_name telephone" */
};

struct section {
        str name;
        str title[2];
};

struct definition {
        int64_t id; /* of tenant.register; 0: not stored yet */
        str name;   /* [a-z][a-z0-9_]{0,23}; so that r_REGISTER_ITEM_key fits into the 63 bytes of a name in PostgreSQL */
        enum register_kind kind;
        str title[2];
        str description[2]; /* may be absent */
        int64_t version;    /* of the definition; 0: not stored yet */
        struct item *items;
        size_t item_count;
        struct section *sections;
        size_t section_count;
        const struct item *key;    /* update key of a master; NULL: records are only found by id */
        const struct item *master; /* history: the reference item that ties an entry to its master record */
        const struct item **heading;
        size_t heading_count;      /* items that name a record: "佐藤 美咲" */
        struct clock_rule *clocks; /* clock_rule.h */
        size_t clock_count;
        struct round_rule *rounds; /* round_rule.h */
        size_t round_count;
        struct duplicate_rule *rules;
        size_t rule_count;
        const struct item *state; /* with moves: the item that only they change */
        str *begins;              /* states a new record may have, the usual one first */
        size_t begin_count;
        struct move_rule *moves; /* move_rule.h */
        size_t move_count;
        json_t *source; /* the definition as JSON, as the API shows it */
};

/* Parse and check; every problem with the line (YAML) or path (JSON: items[3].title). */
rc definition_parse_yaml(struct cx *cx, str yaml, struct definition **ret) MUST_USE;
rc definition_parse_json(struct cx *cx, json_t *json, struct definition **ret) MUST_USE;

/* By name in the tenant entered, RC_UNKNOWN; asks the database for the version, parses once per version and process. */
rc definition_get(struct cx *cx, str name, const struct definition **ret) MUST_USE;
/* Without asking when this process knows the register. The caller's first statement must return the version of
 * tenant.register and, when it differs from (*ret)->version, call definition_get and begin again. */
rc definition_recall(struct cx *cx, str name, const struct definition **ret) MUST_USE;
/* A statement failed in a way a changed definition would explain: do not recall this one again. */
void definition_forget(struct cx *cx, str name);
/* Model {registers:[{name, title, kind, description, items, about}]}. */
rc definition_list(struct cx *cx, json_t **ret) MUST_USE;

/* Has it a column of its own? */
static inline bool item_stored(const struct item *item)
{
        return item->type != ITEM_COMPUTED;
}

const struct item *definition_item(const struct definition *def, str name);
/* The same by any name it ever had. */
const struct item *definition_item_ever(const struct definition *def, str name);
/* The item a heading of a file means: its name, a title in either language or an alias; width, case and spaces do not
 * matter. */
const struct item *definition_heading(const struct definition *def, str heading);
const char *item_type_name(enum item_type type);
const char *definition_kind_name(enum register_kind kind);
const char *item_label_name(enum item_label classification);

/* The definition as people edit it; reading it gives the same definition. */
str definition_yaml(struct arena *mem, const struct definition *def);
/* Histories whose entries belong to records of this register. */
rc definition_histories(struct cx *cx, str master, const struct definition ***ret, size_t *ret_count) MUST_USE;

/* Every register, hidden ones too, that has a reference to this one. For what happens to its records: not for people's eyes. */
rc definition_referrers(struct cx *cx, str name, const struct definition ***ret, size_t *ret_count) MUST_USE;

/* Model for pages and API: items with titles in cx->lang, masked ones marked. */
json_t *definition_model(struct cx *cx, const struct definition *def);

#endif
