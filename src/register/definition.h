/* definition.h - a register: a real PostgreSQL table described by items. Read from YAML (registers/NAME.yaml) or JSON, stored in tenant.register,
 * kept parsed per process and per version. Table: tenant.r_NAME with system columns id, version, created_at, created_by, updated_at, updated_by,
 * origin (job that created the row), then one column an item, then search_text. */
#ifndef DAICHO_REGISTER_DEFINITION_H
#define DAICHO_REGISTER_DEFINITION_H

#include "base/json.h"

enum item_type { ITEM_TEXT, ITEM_KANA, ITEM_EMAIL, ITEM_TELEPHONE, ITEM_POSTAL_CODE, ITEM_INTEGER, ITEM_DATE, ITEM_BOOLEAN, ITEM_CHOICE, ITEM_REFERENCE, ITEM_TYPES };
enum register_kind { REGISTER_MASTER, REGISTER_HISTORY };

struct choice {
        str value;              /* stored; also what files hold unless a title matches */
        str title[2];           /* by enum lang */
};

struct item {
        str name;               /* [a-z][a-z0-9_]{0,40}, not a reserved word of the engine */
        enum item_type type;
        str title[2];           /* by enum lang */
        str help[2];            /* may be absent */
        str memo;               /* management memo, may be absent */
        str section;            /* heading on the detail page, key into definition->sections; may be absent */
        bool required, unique, personal, searchable;
        bool in_list;           /* column of the list page by default */
        int64_t min, max;       /* characters or value */
        struct choice *choices; size_t choice_count;
        str reference;          /* ITEM_REFERENCE: register referred to */
        size_t number;          /* position in definition->items */
};

struct section {
        str name;
        str title[2];
};

struct definition {
        int64_t id;             /* of tenant.register */
        str name;               /* [a-z][a-z0-9_]{0,30} */
        enum register_kind kind;
        str title[2];
        str description[2];
        int64_t version;        /* of the definition */
        struct item *items; size_t item_count;
        struct section *sections; size_t section_count;
        const struct item *key; /* update key of a master; NULL: records are only found by id */
        const struct item *master;      /* history: the reference item that ties an entry to its master record */
        struct item **heading; size_t heading_count;    /* items that name a record: "佐藤 美咲" */
        json_t *source;         /* the definition as JSON, as the API shows it */
};

/* Parse and check; every problem with the line (YAML) or path (JSON). */
rc definition_parse_yaml(struct cx *cx, str yaml, struct definition **ret) MUST_USE;
rc definition_parse_json(struct cx *cx, json_t *json, struct definition **ret) MUST_USE;

/* By name in the tenant entered, RC_UNKNOWN; parsed once per version and process. */
rc definition_get(struct cx *cx, str name, const struct definition **ret) MUST_USE;
rc definition_list(struct cx *cx, json_t **ret) MUST_USE;

const struct item *definition_item(const struct definition *def, str name);
const char *item_type_name(enum item_type type);

/* Model for pages and API: items with titles in cx->lang, masked ones marked. */
json_t *definition_model(struct cx *cx, const struct definition *def);

#endif
